"""Takes the rows of a file into a listing, whole or not at all, some ten thousand at a time.

Every format is read into lines of the canonical CSV first. What a row must be is `Entry`'s to say;
a block of lines that are all of the plainest form is seen to be right at once, by one pattern, and
cut by arrays, without an object for each row. Any other block is looked at row by row.
"""

import csv
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import BankError
from classifiers.hash_bank import Entry, HashType, Status, entry_of, lines
from classifiers.hash_bank_block import Columns, columns_of, plain_lines

BLOCK = 16_384
_MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class BadLine:
    """One line or record that breaks the format, and how; never what it holds."""

    number: int
    what: str

    @property
    def shown(self) -> str:
        """The line as an error message names it."""
        return f"line {self.number}: {self.what}"


Read = tuple[int, str] | BadLine
"""The number of a line or record and its line of the canonical CSV, or what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a service says of some of its entries, one page of several."""

    entries: Mapping[str, Sequence[str]] = field(repr=False)
    """By the id of an entry all its rows, in the canonical CSV; none of one that is gone."""
    bad: Sequence[BadLine]
    next: str
    """What asks for the next page; empty in the last one."""
    until: str = ""
    """Where to go on the next time, if the service says it."""


class BankFormatError(BankError):
    """A file is no list of its format. Nothing of it was taken."""

    def __init__(self, source: str, bad: Sequence[BadLine]) -> None:
        shown = "; ".join(line.shown for line in bad[:_MOST_SHOWN])
        super().__init__(f"bank {source}: {len(bad)} bad lines: {shown}")
        self.lines = tuple(bad)


@dataclass(frozen=True, slots=True)
class Searched:
    """What of the rows of one type is searched: n hashes, and a note for each."""

    hashes: NDArray[np.uint8] = field(repr=False)
    notes: NDArray[np.uint8] = field(repr=False)
    """Each row's id and one letter for its status (`NOTED`), one after another, in UTF-8."""
    lengths: NDArray[np.int64] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows of one source, each once."""

    source: str
    lines: Sequence[bytes] = field(repr=False)
    """Each row as a line of the canonical CSV, without its end, sorted."""
    searched: Mapping[HashType, Searched] = field(repr=False)
    """By type, the rows that are not retracted."""
    counts: Mapping[str, Mapping[str, int]]
    """By hash type, status and severity: how many rows."""
    list_version: str
    """sha256 over the lines of all rows but the retracted, sorted, each ended by CRLF."""

    def __len__(self) -> int:
        return len(self.lines)

    def entries(self) -> Iterator[Entry]:
        """Yield the rows as entries, which takes its time."""
        return map(entry_of, csv.reader(line.decode() for line in self.lines))


def take(source: str, rows: Iterable[Read], told: Callable[[int], None] | None = None) -> Listing:
    """Take all rows; `told` learns how many were read.

    Raises:
        BankFormatError: with every bad line; nothing is taken of a file that has one.
    """
    taken, rest, count = _Taken(source), iter(rows), 0
    while block := list(islice(rest, BLOCK)):
        taken.add(block)
        count += len(block)
        if told is not None:
            told(count)
    return taken.listing()


@dataclass(slots=True)
class _Taken:
    """What was taken so far. It is the only thing here that changes."""

    source: str
    bad: list[BadLine] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    """Where each of `lines` stands in the file."""
    gone: set[bytes] = field(default_factory=set)
    """The lines that are retracted."""
    blocks: list[Columns] = field(default_factory=list)
    counts: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, block: Sequence[Read]) -> None:
        """Take what is right of a block, and note what is wrong."""
        reads = [read for read in block if not isinstance(read, BadLine)]
        self.bad += (read for read in block if isinstance(read, BadLine))
        data = "".join([f"{line}\n" for _, line in reads]).encode()
        if plain_lines(self.source).fullmatch(data):
            columns = columns_of(data)
            if columns is not None:
                self._keep([number for number, _ in reads], data, columns)
                return
        found = [(n, entry) for n, line in reads if (entry := self._entry(n, line)) is not None]
        if found:
            self._keep_entries([number for number, _ in found], [entry for _, entry in found])

    def listing(self) -> Listing:
        """Return all that was taken.

        Raises:
            BankFormatError: something was wrong.
        """
        ordered = sorted(self.lines)
        if any(map(_repeats, ordered, islice(ordered, 1, None))):
            self._note_repeated()
        if self.bad:
            raise BankFormatError(self.source, sorted(self.bad, key=lambda line: line.number))
        kept = [line for line in ordered if line not in self.gone] if self.gone else ordered
        digest = hashlib.sha256()
        for first in range(0, len(kept), BLOCK):
            digest.update(b"".join([line + b"\r\n" for line in kept[first : first + BLOCK]]))
        return Listing(
            self.source,
            ordered,
            {kind: each for kind in HashType if (each := self._searched(kind)) is not None},
            {name: dict(sorted(counter.items())) for name, counter in sorted(self.counts.items())},
            digest.hexdigest(),
        )

    def _entry(self, number: int, line: str) -> Entry | None:
        """Look at one row as `Entry` does, and note what is wrong with it."""
        try:
            (row,) = csv.reader([line], strict=True)
            return _of_source(entry_of(row), self.source)
        except csv.Error:
            self.bad.append(BadLine(number, "expected RFC 4180 fields"))
        except ValueError as fault:
            self.bad.append(BadLine(number, str(fault)))
        return None

    def _keep(self, numbers: Sequence[int], data: bytes, columns: Columns) -> None:
        self.numbers += numbers
        self.lines += data.split(b"\n")[:-1]
        self.blocks.append(columns)
        for name, counted in columns.counts().items():
            self.counts.setdefault(name, Counter()).update(counted)

    def _keep_entries(self, numbers: Sequence[int], entries: Sequence[Entry]) -> None:
        written = [line.removesuffix("\r\n").encode() for line in lines(entries)]
        self.numbers += numbers
        self.lines += written
        retracted = [entry.status is Status.RETRACTED for entry in entries]
        self.gone.update(line for line, gone in zip(written, retracted, strict=True) if gone)
        self.blocks.append(Columns.of([e for e in entries if e.status is not Status.RETRACTED]))
        for name, column in (
            ("type", [entry.type for entry in entries]),
            ("status", [entry.status for entry in entries]),
            ("severity", [str(entry.severity) for entry in entries]),
        ):
            self.counts.setdefault(name, Counter()).update(column)

    def _note_repeated(self) -> None:
        seen: set[bytes] = set()
        for number, line in zip(self.numbers, self.lines, strict=True):
            if (key := _key(line)) in seen:
                self.bad.append(BadLine(number, "expected each hash of an entry once"))
            seen.add(key)

    def _searched(self, kind: HashType) -> Searched | None:
        parts = [columns.of_type(kind) for columns in self.blocks]
        hashes, notes, lengths = zip(*parts, strict=True) if parts else ([], [], [])
        if not sum(map(len, hashes)):
            return None
        return Searched(np.vstack(hashes), np.concatenate(notes), np.concatenate(lengths))


def _of_source(entry: Entry, source: str) -> Entry:
    if entry.source != source:
        message = f"source: expected {source}"
        raise ValueError(message)
    return entry


def _key(line: bytes) -> bytes:
    """What may be there once: source, id, type and hash, none of which is ever quoted."""
    return b",".join(line.split(b",", 4)[:4])


def _repeats(line: bytes, other: bytes) -> bool:
    """Whether both have one key. Only lines that begin alike are worth a closer look."""
    middle = len(line) // 2
    return line[:middle] == other[:middle] and _key(line) == _key(other)
