"""Finds every hash within 31 bits by comparing the few that can be near."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from classifiers.hash_index.bands import MOST_RADIUS, Probes, probes, width_for
from classifiers.hash_index.match import Match, distances, words_of
from classifiers.hash_index.tables import Tables, size_of

_BLOCK = 1 << 15


@final
@dataclass(frozen=True, slots=True)
class Banded:
    """All hashes of one kind behind tables of `bands`."""

    tables: Tables

    @classmethod
    def of(cls, hashes: NDArray[np.uint8]) -> Self:
        """Build the tables of n x 32 bytes."""
        words = words_of(hashes)
        width = width_for(len(words))
        memory = np.empty(size_of(len(words), width), np.uint8)
        tables = Tables.over(memory, len(words), width)
        tables.fill(words)
        return cls(tables)

    def __len__(self) -> int:
        return len(self.tables.front)

    def within(self, queries: NDArray[np.uint8], radius: int) -> list[Match]:
        """Return every stored hash at most `radius` bits from any of `queries` (q x 32)."""
        wanted = probes(self.tables.width)
        return [
            Match(row, number, distance)
            for number, query in enumerate(words_of(queries))
            for rows in self._blocks(query, radius, wanted)
            for row, distance in self._near(rows, query, radius)
        ]

    def _blocks(
        self, query: NDArray[np.uint64], radius: int, wanted: Probes
    ) -> Iterator[NDArray[np.uint32]]:
        """Yield the rows to compare; one row may come several times in a block, never in two.

        Where the bands rule out too little, all rows are compared: it costs less, and a list of
        hashes that are all alike MUST NOT take memory without end.
        """
        starts, counts = self._runs(query, wanted)
        ends = np.cumsum(counts)
        total = int(ends[-1])
        if radius > MOST_RADIUS or total > max(len(self), _BLOCK):
            for first in range(0, len(self), _BLOCK):
                yield np.arange(first, min(first + _BLOCK, len(self)), dtype=np.uint32)
            return
        places = np.repeat(starts - ends + counts, counts)
        places += np.arange(total)
        yield self.tables.postings.reshape(-1).take(places)

    def _runs(
        self, query: NDArray[np.uint64], wanted: Probes
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return where in `postings` the rows of each key begin, and how many they are."""
        key = wanted.of(query)
        key += wanted.band * self.tables.starts.shape[1]
        starts = self.tables.starts.reshape(-1)
        begin = starts.take(key).astype(np.int64)
        key += 1
        counts = starts.take(key) - begin
        begin += wanted.band * len(self)
        return begin, counts

    def _near(
        self, rows: NDArray[np.uint32], query: NDArray[np.uint64], radius: int
    ) -> list[tuple[int, int]]:
        """Compare the first halves, and of what is left the second, each row once."""
        left = rows[distances(self.tables.front.take(rows, axis=0), query[:2]) <= radius]
        if not len(left):
            return []
        left = np.unique(left)
        far = distances(self.tables.front[left], query[:2])
        far += distances(self.tables.back[left], query[2:])
        near = far <= radius
        return list(zip(left[near].tolist(), far[near].tolist(), strict=True))
