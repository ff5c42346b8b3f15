"""The canonical CSV of a bank: RFC 4180, UTF-8, one header, one source, all or nothing."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from classifiers.errors import BankError
from classifiers.hash_bank import Bank, Entry, HashType, Kind, Status, lines

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
_HEX = re.compile(r"(?:[0-9a-f]{2})+")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_DIGIT = re.compile(r"[0-9]")
_MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class BadLine:
    """One line that breaks the format, and how; never what it holds."""

    number: int
    what: str

    @property
    def shown(self) -> str:
        """The line as an error message names it."""
        return f"line {self.number}: {self.what}"


class BankFormatError(BankError):
    """A file is no canonical CSV. Nothing of it was taken."""

    def __init__(self, source: str, bad: tuple[BadLine, ...]) -> None:
        shown = "; ".join(line.shown for line in bad[:_MOST_SHOWN])
        super().__init__(f"bank {source}: {len(bad)} bad lines: {shown}")
        self.lines = bad


def parse(data: bytes, *, source: str, kind: Kind, fetched_at: datetime) -> Bank:
    """Read a whole file. A byte order mark and either line end are tolerated.

    Raises:
        BankFormatError: with every bad line; nothing is taken of a file that has one.
    """
    entries: list[Entry] = []
    bad: list[BadLine] = []
    seen: set[tuple[str, HashType, bytes]] = set()
    for number, read in _rows(_text(data, source), source):
        try:
            entry = _entry(read)
            key = entry.entry_id, entry.type, entry.hash
            _check(entry, source, repeated=key in seen)
        except ValueError as fault:
            bad.append(BadLine(number, str(fault)))
        else:
            seen.add(key)
            entries.append(entry)
    if bad:
        raise BankFormatError(source, tuple(bad))
    return Bank(source, kind, tuple(entries), fetched_at)


def write(bank: Bank) -> bytes:
    """Return the bank as a canonical CSV; `parse` gives the same bank back."""
    return "".join((",".join(HEADER), "\r\n", *lines(bank.entries))).encode()


def _text(data: bytes, source: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        number = data.count(b"\n", 0, fault.start) + 1
        raise BankFormatError(source, (BadLine(number, "expected UTF-8"),)) from None


def _rows(text: str, source: str) -> Iterator[tuple[int, list[str]]]:
    """Each row after the header, with the number of its last line."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        if tuple(next(reader, ())) != HEADER:
            raise BankFormatError(source, (BadLine(1, f"expected the header {HEADER}"),))
        for row in reader:
            yield reader.line_num, row
    except csv.Error:
        bad = BadLine(reader.line_num, "expected RFC 4180 fields")
        raise BankFormatError(source, (bad,)) from None


def _entry(row: list[str]) -> Entry:
    """One entry; a message names the field and what was expected, never what it holds."""
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


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("updated_at: expected RFC 3339") from None


def _check(entry: Entry, source: str, *, repeated: bool) -> None:
    if entry.source != source:
        message = f"source: expected {source}"
        raise ValueError(message)
    if repeated:
        raise ValueError("expected each hash of an entry once")
