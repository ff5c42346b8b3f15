"""What the gateway answered, in one shape whichever route was asked."""

import base64
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import httpx


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `code` is "released" or a public code."""

    status: int
    code: str
    message: str
    submission: UUID | None
    audit_id: str = ""
    checkpoint: str = field(default="", repr=False)
    pictures: tuple[bytes, ...] = field(default=(), repr=False)
    addresses: tuple[str, ...] = ()

    def with_pictures(self, pictures: tuple[bytes, ...]) -> "Answer":
        """Return the same, with the pictures that were fetched from its addresses."""
        return replace(self, pictures=pictures)


def read(answer: httpx.Response) -> Answer:
    """Read an answer of a NovelAI route or of /v1."""
    is_json = "json" in answer.headers.get("content-type", "")
    told: Mapping[str, Any] = answer.json() if is_json else {}
    named = answer.headers.get("x-imprimatur-id") or told.get("id")
    seen = Answer(
        status=answer.status_code,
        code=str(told.get("code") or told.get("state") or "released"),
        message=str(told.get("message") or ""),
        submission=None if named is None else UUID(str(named)),
        audit_id=answer.headers.get("x-audit-id", ""),
        checkpoint=base64.b64decode(answer.headers.get("x-audit-checkpoint", "")).decode(),
    )
    if "state" in told:
        return replace(seen, addresses=tuple(each["url"] for each in told["images"] if each["url"]))
    if not answer.is_success:
        return seen
    if is_json:
        inline = (base64.b64decode(each["image"]) for each in told["images"])
        return seen.with_pictures(tuple(inline))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return seen.with_pictures(tuple(map(archive.read, archive.namelist())))
