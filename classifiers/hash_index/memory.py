"""Hashes held in memory, searched the way that suits their number."""

from typing import final

import numpy as np
from numpy.typing import NDArray

from classifiers.hash_index.banded import Banded
from classifiers.hash_index.match import Index, Match
from classifiers.hash_index.scan import Scan

FEW = 2048
"""Up to here comparing all is as fast, and needs no tables."""


@final
class HashIndex:
    """All hashes of one kind, n x 32 uint8."""

    def __init__(self, hashes: NDArray[np.uint8]) -> None:
        self._index: Index = Scan(hashes) if len(hashes) <= FEW else Banded.of(hashes)

    def __len__(self) -> int:
        return len(self._index)

    def within(self, queries: NDArray[np.uint8], radius: int) -> list[Match]:
        """Return every stored hash at most `radius` bits from any of `queries` (q x 32)."""
        return self._index.within(queries, radius)
