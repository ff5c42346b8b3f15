"""Asks a list of known pictures over HTTP: hashes go out, a word for each comes back.

The form is that of Project Arachnid's Shield for PDQ (`POST /v1/pdq/`). Nothing else of a request
is sent: no picture, no text, no tenant, no header of ours.
"""

import json
import ssl
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Final, Self, cast

import httpx

from classifiers.errors import ModelError
from classifiers.remote_list import Known, RemoteList, Said
from pipeline.items import Json
from pipeline.settings import RemoteListPart

SECONDS: Final = 3.0
"""How long one question may take: it is one of many for a picture."""
_MOST_BYTES: Final = 256 * 1024
_MATCHES: Final = {"exact": True, "near": False, None: False}


def opened(parts: Sequence[RemoteListPart]) -> list[RemoteList]:
    """Make the lists that the settings name. They are still to be warmed."""
    return [RemoteList(part.name, part.address, Asking.of(part)) for part in parts]


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks one address, each time over a connection of its own."""

    address: str
    user: str = field(repr=False)
    password: str = field(repr=False)
    trusted: ssl.SSLContext = field(repr=False)
    seconds: float = SECONDS

    @classmethod
    def of(cls, part: RemoteListPart) -> Self:
        """Read the credentials of a list: `USER:PASSWORD`."""
        user, _, password = part.credentials_file.read_text("utf-8").strip().partition(":")
        return cls(part.address, user, password, httpx.create_ssl_context(trust_env=False))

    def __call__(self, hashes: Sequence[bytes]) -> Mapping[bytes, Said]:
        """Return what is said of each of `hashes`.

        Raises:
            ModelError: there is no answer in time, or none that can be read.
        """
        body: Json = {"hashes": [b64encode(each).decode() for each in hashes]}
        try:
            said = json.loads(self._answer(body))
            return {b64decode(name, validate=True): _said(each) for name, each in _each(said)}
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, LookupError) as fault:
            raise self._silent(type(fault).__name__) from None
        except (TypeError, AttributeError, RecursionError):
            raise self._silent("no such answer") from None

    def _answer(self, body: Json) -> bytes:
        ends = monotonic() + self.seconds
        with (
            httpx.Client(
                auth=(self.user, self.password),
                verify=self.trusted,
                trust_env=False,
                follow_redirects=False,
                timeout=self.seconds,
                headers={"Accept-Encoding": "identity", "User-Agent": "imprimatur"},
            ) as client,
            client.stream("POST", self.address, json=body) as answer,
        ):
            if answer.status_code != 200:  # noqa: PLR2004 - HTTP's own
                raise self._silent("status", str(answer.status_code))
            read = bytearray()
            for piece in answer.iter_raw():
                read += piece
                if len(read) > _MOST_BYTES or monotonic() > ends:
                    raise self._silent("too much, or too slowly")
            return bytes(read)

    def _silent(self, *got: str) -> ModelError:
        told = " ".join(got)
        return ModelError(f"list at {self.address}: expected an answer for hashes, got {told}")


def _each(said: Json) -> Sequence[tuple[str, Mapping[str, Json]]]:
    scanned = cast("Mapping[str, Mapping[str, Mapping[str, Json]]]", said)["scanned_hashes"]
    return [*scanned.items()]


def _said(told: Mapping[str, Json]) -> Said:
    """Read one answer; a word that nobody knows is none."""
    match = cast("str | None", told.get("match_type"))
    return Said(Known(str(told["classification"])), _MATCHES[match])
