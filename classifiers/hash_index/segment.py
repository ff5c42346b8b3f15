"""A part of a list that never changes: hashes behind tables, and a note for each.

Its content is four u64 (format, rows, width of keys, bytes of notes), the tables, where each note
ends (u64), and the notes in UTF-8; all little-endian, so a machine of the other kind cannot open
it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import BankError
from classifiers.hash_index.banded import Banded
from classifiers.hash_index.bands import width_for
from classifiers.hash_index.match import words_of
from classifiers.hash_index.tables import Tables, size_of

_FORMAT = 1
_HEAD = 32
_END = 8


@dataclass(frozen=True, slots=True)
class Segment:
    """Views of one piece of memory."""

    index: Banded
    ends: NDArray[np.uint64] = field(repr=False)
    notes: NDArray[np.uint8] = field(repr=False)

    def __len__(self) -> int:
        return len(self.index)

    @classmethod
    def over(cls, memory: NDArray[np.uint8]) -> Self:
        """Lay a segment over what `content` made.

        Raises:
            BankError: it is of another format or size.
        """
        form, rows, width, size = (int(n) for n in memory[:_HEAD].view(np.uint64))
        places = np.cumsum((_HEAD, size_of(rows, width), _END * rows, size))
        if form != _FORMAT or places[-1] != len(memory):
            raise BankError("segment: expected one of this format and size, got another")
        _, tables, ends, notes, _ = np.split(memory, places)
        return cls(Banded(Tables.over(tables, rows, width)), ends.view(np.uint64), notes)

    def note(self, row: int) -> str:
        """Return what was noted for a row."""
        first = int(self.ends[row - 1]) if row else 0
        return self.notes[first : int(self.ends[row])].tobytes().decode()

    def hashes(self) -> NDArray[np.uint8]:
        """Return all hashes, n x 32."""
        tables = self.index.tables
        return np.hstack([tables.front, tables.back]).view(np.uint8)


def content(hashes: NDArray[np.uint8], notes: Sequence[str]) -> NDArray[np.uint8]:
    """Return the content of a segment of n x 32 bytes, with a note for each row."""
    packed = [note.encode() for note in notes]
    lengths = np.fromiter(map(len, packed), np.int64, len(packed))
    return content_of(hashes, np.frombuffer(b"".join(packed), np.uint8), lengths)


def content_of(
    hashes: NDArray[np.uint8], notes: NDArray[np.uint8], lengths: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """Do the same for notes in UTF-8, one after another, each of its length."""
    words = words_of(hashes)
    if len(words) != len(lengths):
        message = f"segment: expected a note for each of {len(words)} hashes, got {len(lengths)}"
        raise ValueError(message)
    width = width_for(len(words))
    ends = np.cumsum(lengths, dtype=np.uint64)
    size = size_of(len(words), width)
    memory = np.empty(_HEAD + size + _END * len(words) + len(notes), np.uint8)
    memory[:_HEAD].view(np.uint64)[:] = (_FORMAT, len(words), width, len(notes))
    Tables.over(memory[_HEAD : _HEAD + size], len(words), width).fill(words)
    rest = memory[_HEAD + size :]
    rest[: ends.nbytes] = ends.view(np.uint8)
    rest[ends.nbytes :] = notes
    return memory
