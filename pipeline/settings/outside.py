"""What remembers the log outside it: nothing inside can show that its end was cut off."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from audit.cosignature import WitnessKey
from audit.errors import MalformedError
from pipeline.settings.part import LocalPath, Part


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("expected an address like https://host/path")
    if parts.username or parts.password:
        raise ValueError("expected an address without a password in it")
    return text


def _witness_key(text: str) -> str:
    try:
        WitnessKey.parse(text)
    except MalformedError:
        raise ValueError("expected a witness's key, name+id+base64") from None
    return text


Address = Annotated[str, AfterValidator(_address)]
Seconds = Annotated[int, Field(ge=1, le=7 * 24 * 3600)]


class WitnessAt(Part):
    """A witness under another administration, and its key as it was given out of band."""

    url: Address
    """Its submission prefix: `/add-checkpoint` is put behind it."""
    vkey: Annotated[str, AfterValidator(_witness_key)]


class Outside(Part):
    """Memories of the log that its operator, its database and its backups do not reach."""

    fork_guard: LocalPath | None = None
    known_checkpoints: tuple[LocalPath, ...] = ()
    witnesses: tuple[WitnessAt, ...] = ()
    witness_seconds: Seconds = 60
    time_stamp_url: Address | None = None
    """A time-stamp authority (RFC 3161)."""
    time_stamp_certificates: LocalPath | None = None
    """PEM: the authority's own certificate first, then those up to a root."""
    time_stamp_seconds: Seconds = 3600
