"""Banks: versioned lists of hashes of known pictures, as values.

An entry that breaks the rules cannot be made, so every importer is held to the same ones.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterable
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

_BYTES = {
    HashType.MD5: 16,
    HashType.SHA1: 20,
    HashType.SHA256: 32,
    HashType.PDQ: 32,
    HashType.PHOTODNA: 144,
    HashType.PHASH_OWN: 32,
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+-]{0,127}")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/+,()-]{0,63}")


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
            (not _NAME.fullmatch(self.source), "source: expected a name"),
            (not _NAME.fullmatch(self.entry_id), "source_entry_id: expected a name"),
            (self.hash.hex() in self.entry_id.lower(), "source_entry_id: expected no hash in it"),
            (len(self.hash) != _BYTES[self.type], f"hash: expected {_BYTES[self.type]} bytes"),
            (self.classification and not _LABEL.fullmatch(self.classification), "classification"),
            (not 0 <= self.severity <= MOST_SEVERE, f"severity: expected 0 to {MOST_SEVERE}"),
            (any(not _LABEL.fullmatch(tag) for tag in self.tags), "tags: expected labels"),
            (self.updated_at.tzinfo is None, "updated_at: expected a time zone"),
            (self._says_nothing(), f"hash: expected at least {LEAST_BITS_SET} bits set (flat)"),
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


@dataclass(frozen=True)
class BankSet:
    """All banks of one moment. To change banks is to build another set."""

    banks: tuple[Bank, ...]

    def __post_init__(self) -> None:
        sources = [bank.source for bank in self.banks]
        if len(set(sources)) != len(sources):
            raise ValueError("banks: expected each source once")

    @cached_property
    def versions(self) -> tuple[str, ...]:
        """`source@list_version` of each bank, sorted."""
        return tuple(sorted(bank.version for bank in self.banks))

    def find(self, reference: str) -> tuple[Entry, ...]:
        """Return the entries that evidence names: `bank:source/id`, before any blank."""
        name = reference.partition(" ")[0]
        return tuple(e for bank in self.banks for e in bank.entries if e.reference == name)


def lines(entries: Iterable[Entry]) -> Iterable[str]:
    """Yield the CSV line of each entry, RFC 4180, ended by CRLF."""
    for entry in entries:
        out = io.StringIO()
        csv.writer(out, lineterminator="\r\n").writerow(entry.row())
        yield out.getvalue()
