"""Finds every hash within a distance by comparing all of them.

It is the plain definition of a match. A faster index may take its place only where it answers the
same.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.perceptual import BYTES

_WORDS = BYTES // 8


@dataclass(frozen=True, slots=True)
class Match:
    """One stored hash that is near one of those asked for."""

    row: int
    query: int
    distance: int
    """In bits, 0 to 256."""


class HashIndex:
    """All hashes of one kind, packed: n x 32 uint8."""

    def __init__(self, hashes: NDArray[np.uint8]) -> None:
        if hashes.ndim != 2 or hashes.shape[1] != BYTES:  # noqa: PLR2004 (rows and columns)
            message = f"hashes: expected n x {BYTES}, got {hashes.shape}"
            raise ValueError(message)
        self._words = np.ascontiguousarray(hashes).view(np.uint64).reshape(-1, _WORDS)

    def __len__(self) -> int:
        return len(self._words)

    def within(self, queries: NDArray[np.uint8], radius: int) -> list[Match]:
        """Return every stored hash at most `radius` bits from any of `queries` (q x 32)."""
        found: list[Match] = []
        asked = np.ascontiguousarray(queries).view(np.uint64).reshape(-1, _WORDS)
        for number, query in enumerate(asked):
            differing = np.bitwise_count(self._words ^ query)
            distances = differing.sum(axis=1, dtype=np.uint16)
            rows = np.flatnonzero(distances <= radius)
            found += [Match(int(row), number, int(distances[row])) for row in rows]
        return found
