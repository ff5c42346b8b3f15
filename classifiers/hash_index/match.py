"""What an index is asked and what it answers."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from classifiers.perceptual import BYTES

WORDS = BYTES // 8


@dataclass(frozen=True, slots=True)
class Match:
    """One stored hash that is near one of those asked for."""

    row: int
    query: int
    distance: int
    """In bits, 0 to 256."""


class Index(Protocol):
    """All hashes of one kind. Every implementer MUST answer what `Scan` answers."""

    def __len__(self) -> int:
        """Return how many hashes there are."""
        ...

    def within(self, queries: NDArray[np.uint8], radius: int) -> list[Match]:
        """Return every stored hash at most `radius` bits from any of `queries` (q x 32).

        By query, then by row; each row once for each query.
        """
        ...


def words_of(hashes: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return n x 32 bytes as n x 4 words.

    Raises:
        ValueError: rows of another length, which would be compared across their borders.
    """
    if hashes.ndim != 2 or hashes.shape[1] != BYTES:  # noqa: PLR2004 (rows and columns)
        message = f"hashes: expected n x {BYTES}, got {hashes.shape}"
        raise ValueError(message)
    return np.ascontiguousarray(hashes).view(np.uint64).reshape(-1, WORDS)


def distances(words: NDArray[np.uint64], query: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """Return in how many bits each row of `words` (n x w) differs from `query` (w)."""
    counts = np.bitwise_count(words ^ query)
    total: NDArray[np.uint16] = counts[:, 0].astype(np.uint16)
    for column in counts.T[1:]:  # `sum` over so short an axis takes ten times as long
        total += column
    return total
