"""Banks: versioned lists of hashes of known pictures, as values.

An entry that breaks the rules cannot be made, so every importer is held to the same ones.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property


class Kind(StrEnum):
    """What a match in a bank means. It is stated at import, for all of the bank."""

    CSAM = "csam"
    NCII = "ncii"
    BLOCKED = "blocked"


class HashType(StrEnum):
    """Which hash a row holds. PhotoDNA is kept, and never matched: nobody may ship its code."""

    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    PDQ = "pdq"
    PHOTODNA = "photodna"
    PHASH_OWN = "phash_own"
    """The 256-bit pHash of `classifiers.perceptual`."""


class Status(StrEnum):
    """What is thought of a row today."""

    ACTIVE = "active"
    RETRACTED = "retracted"
    """It matches nothing any more, and is no part of the list's version."""
    DISPUTED = "disputed"
    """It still matches, at half the score: a doubt is no reason to look away."""
    OWN_NEGATIVE = "own_negative"
    """Ours: people looked at exactly these bytes, and a near match of them was wrong."""


EXACT = frozenset({HashType.MD5, HashType.SHA1, HashType.SHA256})
NEAR = frozenset({HashType.PDQ, HashType.PHASH_OWN})
LEAST_BITS_SET = 32
"""Of 256. A flat picture hashes to almost nothing, and would then match every other flat one."""
MOST_SEVERE = 4
OF_NOTHING = frozenset(hashlib.new(name, usedforsecurity=False).digest() for name in EXACT)
"""The digests of an empty file, which is what a broken exporter lists."""

BYTES_OF = {
    HashType.MD5: 16,
    HashType.SHA1: 20,
    HashType.SHA256: 32,
    HashType.PDQ: 32,
    HashType.PHOTODNA: 144,
    HashType.PHASH_OWN: 32,
}
HEADER = (
    "source",
    "source_entry_id",
    "hash_type",
    "hash",
    "classification",
    "severity",
    "tags",
    "status",
    "updated_at",
)
"""The columns of the canonical CSV."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+-]{0,127}")
LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/+,()-]{0,63}")
_HEX = re.compile(r"(?:[0-9a-f]{2})+")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_DIGIT = re.compile(r"[0-9]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a bank.

    Raises:
        ValueError: a field breaks the format; the message names it and never shows the hash.
    """

    source: str
    entry_id: str
    type: HashType
    hash: bytes = field(repr=False)
    classification: str
    """The source's own label, such as `A1`; may be empty."""
    severity: int
    tags: tuple[str, ...]
    status: Status
    updated_at: datetime

    def __post_init__(self) -> None:
        for fault, what in (
            (not NAME.fullmatch(self.source), "source: expected a name"),
            (not NAME.fullmatch(self.entry_id), "source_entry_id: expected a name"),
            (self.hash.hex() in self.entry_id.lower(), "source_entry_id: expected no hash in it"),
            (len(self.hash) != BYTES_OF[self.type], f"hash: expected {BYTES_OF[self.type]} bytes"),
            (self.classification and not LABEL.fullmatch(self.classification), "classification"),
            (not 0 <= self.severity <= MOST_SEVERE, f"severity: expected 0 to {MOST_SEVERE}"),
            (any(not LABEL.fullmatch(tag) for tag in self.tags), "tags: expected labels"),
            (self.updated_at.tzinfo is None, "updated_at: expected a time zone"),
            (self._says_nothing(), f"hash: expected at least {LEAST_BITS_SET} bits set (flat)"),
            (self.hash in OF_NOTHING, "hash: expected that of a file, got that of nothing"),
            (self._clears_too_much(), "own_negative: expected a sha256"),
        ):
            if fault:
                raise ValueError(what)

    def _says_nothing(self) -> bool:
        return (
            self.type in NEAR
            and self.status is not Status.RETRACTED
            and int.from_bytes(self.hash, "big").bit_count() < LEAST_BITS_SET
        )

    def _clears_too_much(self) -> bool:
        """Two pictures can be made to share an md5 or a sha1, and any two may share a near hash."""
        return self.status is Status.OWN_NEGATIVE and self.type is not HashType.SHA256

    @property
    def reference(self) -> str:
        """How evidence names it; it holds no hash."""
        return f"bank:{self.source}/{self.entry_id}"

    def row(self) -> tuple[str, ...]:
        """The entry as the fields of a row of the canonical CSV."""
        return (
            self.source,
            self.entry_id,
            self.type,
            self.hash.hex(),
            self.classification,
            str(self.severity),
            "|".join(self.tags),
            self.status,
            self.updated_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        )


@dataclass(frozen=True)
class Bank:
    """One list of one source, as it was fetched.

    Raises:
        ValueError: an entry is of another source.
    """

    source: str
    kind: Kind
    entries: tuple[Entry, ...] = field(repr=False)
    fetched_at: datetime

    def __post_init__(self) -> None:
        if any(entry.source != self.source for entry in self.entries):
            message = f"bank {self.source}: expected entries of this source only"
            raise ValueError(message)

    @cached_property
    def list_version(self) -> str:
        """sha256 over the sorted CSV lines of all entries but the retracted, each ended by CRLF."""
        kept = (entry for entry in self.entries if entry.status is not Status.RETRACTED)
        digest = hashlib.sha256()
        for line in sorted(lines(kept)):
            digest.update(line.encode())
        return digest.hexdigest()

    @property
    def version(self) -> str:
        """`source@list_version`: what the audit log writes down."""
        return f"{self.source}@{self.list_version}"


def entry_of(row: Sequence[str]) -> Entry:
    """Return the entry of the fields of a row.

    Raises:
        ValueError: it names the field and what was expected, never what it holds.
    """
    if len(row) != len(HEADER):
        message = f"expected {len(HEADER)} fields, got {len(row)}"
        raise ValueError(message)
    name, entry_id, hash_type, digest, label, severity, tags, status, updated_at = row
    for pattern, text, what in (
        ("|".join(HashType), hash_type, f"hash_type: expected one of {'|'.join(HashType)}"),
        ("|".join(Status), status, f"status: expected one of {'|'.join(Status)}"),
        (_HEX, digest, "hash: expected lower-case hex"),
        (_DIGIT, severity, "severity: expected one digit"),
        (_RFC3339, updated_at, "updated_at: expected RFC 3339"),
    ):
        if not re.fullmatch(pattern, text):
            raise ValueError(what)
    return Entry(
        source=name,
        entry_id=entry_id,
        type=HashType(hash_type),
        hash=bytes.fromhex(digest),
        classification=label,
        severity=int(severity),
        tags=tuple(tags.split("|")) if tags else (),
        status=Status(status),
        updated_at=_time(updated_at),
    )


def lines(entries: Iterable[Entry]) -> Iterable[str]:
    """Yield the CSV line of each entry, RFC 4180, ended by CRLF."""
    for entry in entries:
        out = io.StringIO()
        csv.writer(out, lineterminator="\r\n").writerow(entry.row())
        yield out.getvalue()


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("updated_at: expected RFC 3339") from None
