"""The arrays of an index as one piece of memory, so that it is built, kept and mapped whole."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from classifiers.hash_index.bands import BANDS, keys

_HALF = 16
_ROW = np.dtype(np.uint32).itemsize


def size_of(rows: int, width: int) -> int:
    """Return how many bytes the tables of so many rows take, with keys of `width` bits."""
    return 2 * _HALF * rows + BANDS * _ROW * (rows + (1 << width) + 1)


@dataclass(frozen=True, slots=True)
class Tables:
    """Views of one piece of memory; nothing here is changed once it is filled."""

    width: int
    front: NDArray[np.uint64] = field(repr=False)
    """n x 2: the first half of each hash, which alone rules out nearly every wrong row."""
    back: NDArray[np.uint64] = field(repr=False)
    """n x 2: the second half."""
    postings: NDArray[np.uint32] = field(repr=False)
    """12 x n: for each band all rows, ordered by their key."""
    starts: NDArray[np.uint32] = field(repr=False)
    """12 x (2 ** width + 1): for each band and key, where its rows begin in `postings`."""

    @classmethod
    def over(cls, memory: NDArray[np.uint8], rows: int, width: int) -> Self:
        """Lay the tables over `memory`, of exactly `size_of(rows, width)` bytes."""
        sizes = (_HALF * rows, _HALF * rows, BANDS * _ROW * rows)
        front, back, postings, starts = np.split(memory, np.cumsum(sizes))
        return cls(
            width,
            front.view(np.uint64).reshape(rows, 2),
            back.view(np.uint64).reshape(rows, 2),
            postings.view(np.uint32).reshape(BANDS, rows),
            starts.view(np.uint32).reshape(BANDS, (1 << width) + 1),
        )

    def fill(self, words: NDArray[np.uint64]) -> None:
        """Write the tables of these hashes, n x 4 words, into the memory below."""
        self.front[:], self.back[:] = words[:, :2], words[:, 2:]
        rows = np.arange(len(words), dtype=np.uint64)
        for band in range(BANDS):
            key = keys(words, band, self.width)
            counts = np.bincount(key.astype(np.int64), minlength=1 << self.width)
            self.starts[band, 0] = 0
            self.starts[band, 1:] = np.cumsum(counts)
            key <<= np.uint64(32)
            key |= rows
            key.sort()  # by key, then by row: several times faster than to sort rows by key
            self.postings[band] = key & np.uint64(0xFFFFFFFF)
