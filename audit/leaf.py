"""Leaves: the exact bytes that are hashed, and the salted commitments inside them.

A leaf is RFC 8785 canonical JSON, written once. The bytes are the truth: they are never written
again, and a reader demands that they equal the canonical form of what they say, which leaves no
room for duplicate keys or second meanings. Format: audit-log.md 2.3, `"v":1`.
"""

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from audit.canonical_json import canonical
from audit.entry import STEPS, Entry, Json, Kind, entry_id
from audit.errors import MalformedError
from audit.fields import check_public, is_digest, is_id, is_time, write_time
from audit.glance import MAX_LEAF_BYTES, Glance, glance

SALT_BYTES = 32
DETAIL = "@detail"  # no personal field can be called so
_DOMAIN = b"gw-commit/v1"
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,47}", re.ASCII)
_KINDS = frozenset(each.value for each in Kind)
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)
_KEYS = {"v", "id", "kind", "at", "public", "personal", "detail"}


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a leaf says.

    `personal` maps field names to commitments; `detail` is the commitment to the rest, or
    `None` where the entry has no detail.
    """

    entry_id: UUID
    kind: Kind
    at: str
    public: Mapping[str, Json]
    personal: Mapping[str, str]
    detail: str | None

    @property
    def sealed(self) -> bool:
        """Whether something lies encrypted beside this leaf, until it is erased."""
        return bool(self.personal) or self.detail is not None

    def glance(self) -> Glance:
        """Return the part of it that a walk over the log follows."""
        return Glance(
            self.entry_id.bytes,
            self.kind,
            self.at,
            self.sealed,
            cast("str | None", self.public.get("submission")),
            cast("int", self.public.get("sample", 0)),
            cast("int", self.public.get("samples", 1)),
        )

    def write(self) -> bytes:
        """Write the canonical bytes. Most need no other check than a glance at them.

        Raises:
            MalformedError: the leaf breaks a rule of its format.
        """
        try:
            leaf = _dumped(self)
        except (TypeError, ValueError, RecursionError) as fault:
            _check(self)  # says which key
            raise MalformedError("leaf", "what JSON can carry", type(fault).__name__) from fault
        if glance(leaf) is None:
            _check(self)
        if len(leaf) > MAX_LEAF_BYTES:
            raise MalformedError("leaf", f"at most {MAX_LEAF_BYTES} bytes", len(leaf))
        return leaf

    @classmethod
    def parse(cls, leaf: bytes) -> "Leaf":
        """Read leaf bytes, strictly.

        Raises:
            MalformedError: they are not what `write` would write.
        """
        if glance(leaf) is None:
            return cls.parse_slowly(leaf)
        return _said(read_object(leaf, "leaf"))

    @classmethod
    def parse_slowly(cls, leaf: bytes) -> "Leaf":
        """Read leaf bytes, strictly, and without a glance that would spare most of the work.

        Raises:
            MalformedError: they are not what `write` would write.
        """
        if len(leaf) > MAX_LEAF_BYTES:
            raise MalformedError("leaf", f"at most {MAX_LEAF_BYTES} bytes", len(leaf))
        parsed = read_object(leaf, "leaf")
        if parsed.keys() != _KEYS or parsed["v"] != 1 or isinstance(parsed["v"], bool):
            raise MalformedError("leaf", "version 1 with its seven keys", sorted(parsed))
        if not isinstance(parsed["public"], dict) or not isinstance(parsed["personal"], dict):
            raise MalformedError("leaf", "objects under public and personal", "another type")
        if not is_id(parsed["id"]) or str(parsed["kind"]) not in _KINDS:
            raise MalformedError("leaf", "an id and a known kind", "another")
        if not (parsed["detail"] is None or isinstance(parsed["detail"], str)):
            raise MalformedError("leaf", "a commitment or null under detail", "another type")
        read = _said(parsed)
        _check(read)
        if _dumped(read) != leaf:  # duplicate keys, other spellings, other orders
            raise MalformedError("leaf", "its canonical form", f"{len(leaf)} bytes")
        return read


def _dumped(leaf: Leaf) -> bytes:
    """Write the bytes, unchecked.

    What `_check` lets through (ASCII keys, ASCII values, no floats) the standard library writes as
    RFC 8785 does, many times faster; a test holds the two together.
    """
    said = {
        "v": 1,
        "id": str(leaf.entry_id),
        "kind": leaf.kind.value,
        "at": leaf.at,
        "public": leaf.public,
        "personal": leaf.personal,
        "detail": leaf.detail,
    }
    return _ENCODER.encode(said).encode()


def _said(parsed: Mapping[str, Json]) -> Leaf:
    """Return the leaf of a JSON object that has the form of one."""
    return Leaf(
        UUID(str(parsed["id"])),
        Kind(str(parsed["kind"])),
        str(parsed["at"]),
        cast("dict[str, Json]", parsed["public"]),
        cast("dict[str, str]", parsed["personal"]),
        cast("str | None", parsed["detail"]),
    )


def written_detail(entry: Entry) -> bytes:
    """Write an entry's detail, as it is committed to and as it is sealed; nothing if it has none.

    Raises:
        MalformedError: JSON cannot carry it exactly.
    """
    return canonical(entry.detail) if entry.detail else b""


def leaf_of(entry: Entry, salts: Mapping[str, bytes], written: bytes | None = None) -> Leaf:
    """Return the leaf of `entry`; `salts` MUST be fresh random bytes for each field.

    `written` is its `written_detail`, from whoever has it already.

    Raises:
        MalformedError: the entry breaks a rule of the format.
    """
    personal = {
        name: commitment(salts[name], name, as_bytes(value))
        for name, value in entry.personal.items()
    }
    told = written_detail(entry) if written is None else written
    detail = commitment(salts[DETAIL], DETAIL, told) if told else None
    at = write_time(entry.at)
    return Leaf(entry.entry_id, entry.kind, at, entry.public, personal, detail)


def commitment(salt: bytes, field: str, value: bytes) -> str:
    """Commit to one field: to reveal (salt, value) discloses this field and no other."""
    message = _DOMAIN + b"\x00" + field.encode() + b"\x00" + value
    return hmac.digest(salt, message, "sha256").hex()


def as_bytes(value: str | bytes) -> bytes:
    """Return the bytes that are committed to: text is UTF-8.

    Raises:
        MalformedError: the text holds what UTF-8 cannot carry.
    """
    if isinstance(value, bytes):
        return value
    try:
        return value.encode()
    except UnicodeEncodeError as fault:
        raise MalformedError("personal field", "text that UTF-8 can carry", "other text") from fault


def read_object(data: bytes, what: str) -> dict[str, Json]:
    """Read a JSON object.

    Raises:
        MalformedError: it is not JSON, or no object.
    """
    try:
        parsed: object = json.loads(data)
    except (ValueError, RecursionError) as fault:
        raise MalformedError(what, "JSON", f"{len(data)} bytes") from fault
    if not isinstance(parsed, dict):
        raise MalformedError(what, "an object", f"{len(data)} bytes")
    return cast("dict[str, Json]", parsed)


def _check(leaf: Leaf) -> None:
    if not is_time(leaf.at):
        raise MalformedError("leaf, at", "a UTC time with microseconds", "another")
    check_public(leaf.kind, leaf.public)
    for name, value in leaf.personal.items():
        if not _FIELD.fullmatch(name) or not is_digest(value):
            raise MalformedError("leaf, personal", "lower-case names and commitments", name)
    if leaf.detail is not None and not is_digest(leaf.detail):
        raise MalformedError("leaf, detail", "a commitment", "another")
    if leaf.kind in STEPS:
        _check_id(leaf)


def _check_id(leaf: Leaf) -> None:
    """Hold a step to its one id, so that no step of a submission can be written twice."""
    submission = leaf.public.get("submission")
    sample, attempt = leaf.public.get("sample", 0), leaf.public.get("attempt", 0)
    if not isinstance(submission, str):
        raise MalformedError(leaf.kind, "a submission", submission)
    if not isinstance(sample, int) or not isinstance(attempt, int):
        raise MalformedError(leaf.kind, "whole numbers for sample and attempt", "others")
    if leaf.entry_id != entry_id(UUID(submission), leaf.kind, sample, attempt):
        expected = "the id of its submission, kind, sample and attempt"
        raise MalformedError(leaf.kind, expected, str(leaf.entry_id))
