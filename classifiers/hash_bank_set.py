"""Banks in memory: the plain definition of a match, for few rows that never change.

Banks on a disk may take their place only where they answer the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from classifiers.hash_bank import NEAR, Bank, Entry, HashType, Kind, Status
from classifiers.hash_bank_lookup import Asked, Hit
from classifiers.hash_index.scan import Scan

Row = tuple[Kind, Entry]


@dataclass(frozen=True)
class BankSet:
    """All banks of one moment. To change banks is to build another set."""

    banks: tuple[Bank, ...]
    stale: frozenset[Kind] = frozenset()
    missing: frozenset[Kind] = frozenset()

    def __post_init__(self) -> None:
        sources = [bank.source for bank in self.banks]
        if len(set(sources)) != len(sources):
            raise ValueError("banks: expected each source once")

    @property
    def versions(self) -> tuple[str, ...]:
        """`source@list_version` of each bank, sorted."""
        return tuple(sorted(bank.version for bank in self.banks))

    @property
    def has_near(self) -> bool:
        """Whether there is anything that looks could be compared with."""
        return any(self._near.values())

    def opened(self) -> Self:
        """Return the set: it does not change."""
        return self

    def exact(self, digests: Mapping[HashType, bytes], asked: Asked) -> Sequence[Hit]:
        """Return every row with one of these digests, those that clear included."""
        del asked  # these banks are for everybody
        return [
            _hit(row, 0, query)
            for query, (kind, digest) in enumerate(digests.items())
            for row in self._rows
            if row[1].type is kind and row[1].hash == digest
        ]

    def near(
        self, kind: HashType, queries: NDArray[np.uint8], radius: int, asked: Asked
    ) -> Sequence[Hit]:
        """Return every row of one of `NEAR` at most `radius` bits from any of `queries`."""
        del asked  # these banks are for everybody
        rows = self._near[kind]
        return [
            _hit(rows[match.row], match.distance, match.query)
            for match in self._scans[kind].within(queries, radius)
        ]

    def find(self, reference: str) -> tuple[Entry, ...]:
        """Return the entries that evidence names: `bank:source/id`, before any blank."""
        name = reference.partition(" ")[0]
        return tuple(e for bank in self.banks for e in bank.entries if e.reference == name)

    @cached_property
    def _rows(self) -> list[Row]:
        rows = ((bank.kind, entry) for bank in self.banks for entry in bank.entries)
        return [row for row in rows if row[1].status is not Status.RETRACTED]

    @cached_property
    def _near(self) -> dict[HashType, list[Row]]:
        return {kind: [row for row in self._rows if row[1].type is kind] for kind in NEAR}

    @cached_property
    def _scans(self) -> dict[HashType, Scan]:
        return {kind: Scan(_matrix(rows)) for kind, rows in self._near.items()}


def _hit(row: Row, distance: int, query: int) -> Hit:
    kind, entry = row
    return Hit(entry.source, entry.entry_id, kind, entry.status, entry.type, distance, query)


def _matrix(rows: list[Row]) -> NDArray[np.uint8]:
    packed = np.frombuffer(b"".join(entry.hash for _, entry in rows), dtype=np.uint8)
    return packed.reshape(-1, 32)
