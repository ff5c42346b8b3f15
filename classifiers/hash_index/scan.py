"""Finds every hash within a distance by comparing all of them.

It is the plain definition of a match. A faster index may take its place only where it answers the
same.
"""

from collections.abc import Iterator
from typing import final

import numpy as np
from numpy.typing import NDArray

from classifiers.hash_index.match import Match, distances, words_of

_BLOCK = 1 << 15
"""Rows compared at once: 1 MiB, which stays in the processor's cache."""


@final
class Scan:
    """All hashes of one kind, n x 32 uint8, compared one by one."""

    def __init__(self, hashes: NDArray[np.uint8]) -> None:
        self._words = words_of(hashes)

    def __len__(self) -> int:
        return len(self._words)

    def within(self, queries: NDArray[np.uint8], radius: int) -> list[Match]:
        """Return every stored hash at most `radius` bits from any of `queries` (q x 32)."""
        return [
            Match(row, number, distance)
            for number, query in enumerate(words_of(queries))
            for row, distance in self._near(query, radius)
        ]

    def _near(self, query: NDArray[np.uint64], radius: int) -> Iterator[tuple[int, int]]:
        for first in range(0, len(self._words), _BLOCK):
            far = distances(self._words[first : first + _BLOCK], query)
            for row in np.flatnonzero(far <= radius):
                yield first + int(row), int(far[row])
