"""What is asked of banks, and what they answer.

Banks are opened for one look: what changes meanwhile counts from the next one on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from classifiers.hash_bank import HashType, Kind, Status


class Use(StrEnum):
    """What a lookup is for. Terms may permit a bank for some of them only."""

    INPUT = "input"
    """A picture that a request carries."""
    OUTPUT = "output"
    """A picture that came back."""
    LOOKUP = "lookup"
    """A person's question."""


@dataclass(frozen=True, slots=True)
class Asked:
    """For what and for whom somebody looks; a tenant of "" is nobody's request."""

    use: Use
    tenant: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """One row of a bank that matches one of the hashes asked for; it holds no hash."""

    source: str
    entry_id: str
    kind: Kind
    status: Status
    """Never retracted: what is retracted matches nothing."""
    type: HashType
    distance: int
    query: int

    @property
    def reference(self) -> str:
        """How evidence names it."""
        return f"bank:{self.source}/{self.entry_id}"


class Opened(Protocol):
    """All banks of one moment."""

    @property
    def versions(self) -> tuple[str, ...]:
        """`source@list_version` of each bank that is used, sorted."""
        ...

    @property
    def stale(self) -> frozenset[Kind]:
        """The kinds of which a bank is past its time: nobody may look there, nor say "none"."""
        ...

    @property
    def missing(self) -> frozenset[Kind]:
        """The kinds of which a bank must be there, and is not."""
        ...

    @property
    def has_near(self) -> bool:
        """Whether there is anything that looks could be compared with."""
        ...

    def exact(self, digests: Mapping[HashType, bytes], asked: Asked) -> Sequence[Hit]:
        """Return every row with one of these digests, those that clear included.

        Raises:
            BankError: nobody could look.
        """
        ...

    def near(
        self, kind: HashType, queries: NDArray[np.uint8], radius: int, asked: Asked
    ) -> Sequence[Hit]:
        """Return every row of one of `NEAR` at most `radius` bits from any of `queries` (q x 32).

        Raises:
            BankError: nobody could look.
        """
        ...


class Banks(Protocol):
    """Where known hashes are kept."""

    def opened(self) -> Opened:
        """Return the banks as they are now.

        Raises:
            BankError: a bank is lost or does not verify: nobody can look.
        """
        ...
