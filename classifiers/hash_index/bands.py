"""Which few stored hashes can be near one that is asked for.

A hash is cut into 12 bands, three to a word of 64 bits. Two hashes that differ in at most 31 bits
differ by at most 2 bits in one of the first two bands of some word, or by at most 1 in a third: if
they did not, they would differ in at least 8 x 3 + 4 x 2 = 32. So it is enough to look up, in each
band, the value asked for and all values that few bits away.

A band's low `width` bits are its key; 21 fit. Narrower keys make smaller tables and more rows to
compare for each key; the answer is the same.
"""

from dataclasses import dataclass, field
from functools import cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

MOST_RADIUS = 31
BANDS = 12
NARROWEST, WIDEST = 16, 21

_WORD = np.repeat(np.arange(4), 3)
_SHIFT = np.tile(np.asarray((0, 21, 42), np.uint64), 4)
_FLIPS = (2, 2, 1) * 4


def width_for(rows: int) -> int:
    """Return how wide keys are, so that the tables of starts take no more than 16 bytes a row."""
    return min(max((rows // 3).bit_length() - 1, NARROWEST), WIDEST)


def keys(words: NDArray[np.uint64], band: int, width: int) -> NDArray[np.uint64]:
    """Return one band's key of each row of `words` (n x 4)."""
    key: NDArray[np.uint64] = (words[:, _WORD[band]] >> _SHIFT[band]) & np.uint64((1 << width) - 1)
    return key


@dataclass(frozen=True, slots=True)
class Probes:
    """Every key to look up for one hash, in all bands."""

    band: NDArray[np.int64] = field(repr=False)
    flips: NDArray[np.int64] = field(repr=False)
    mask: np.uint64

    def of(self, query: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return the keys for one hash of 4 words, in the order of `band`."""
        asked = ((query[_WORD] >> _SHIFT) & self.mask).astype(np.int64)
        return asked[self.band] ^ self.flips


@cache
def probes(width: int) -> Probes:
    """Return what to look up where keys are `width` bits wide."""
    each = [(band, flips) for band in range(BANDS) for flips in _flips(width, _FLIPS[band])]
    band, flips = np.asarray(each, np.int64).T.copy()
    return Probes(band, flips, np.uint64((1 << width) - 1))


def _flips(width: int, most: int) -> list[int]:
    """Return every number of `width` bits of which at most `most` are set."""
    return [
        sum(1 << bit for bit in bits)
        for count in range(most + 1)
        for bits in combinations(range(width), count)
    ]
