"""Whether something is so, when it may be that nobody could look.

Kleene's strong three-valued logic: unknown stands for "true or false, we cannot say which", so a
result is unknown only where it would differ between the two.
"""

from collections.abc import Sequence
from enum import Enum


class Truth(Enum):
    """True, false, or not known. It has no truth value of its own: compare it by name."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"

    def __bool__(self) -> bool:
        """Refuse: `if truth` would have to call unknown one of the other two.

        Raises:
            TypeError: always.
        """
        message = "a Truth is true, false or unknown: compare it with `is`"
        raise TypeError(message)

    def negated(self) -> "Truth":
        """Return the opposite; of unknown, unknown."""
        return _NEGATED[self]


_NEGATED = {
    Truth.TRUE: Truth.FALSE,
    Truth.FALSE: Truth.TRUE,
    Truth.UNKNOWN: Truth.UNKNOWN,
}


def conjunction(truths: Sequence[Truth]) -> Truth:
    """Whether all of them hold. Of none at all, nobody can say: unknown."""
    return _first_of((Truth.FALSE, Truth.UNKNOWN, Truth.TRUE), truths)


def disjunction(truths: Sequence[Truth]) -> Truth:
    """Whether any of them holds. Of none at all, nobody can say: unknown."""
    return _first_of((Truth.TRUE, Truth.UNKNOWN, Truth.FALSE), truths)


def _first_of(order: tuple[Truth, ...], truths: Sequence[Truth]) -> Truth:
    for truth in order:
        if truth in truths:
            return truth
    return Truth.UNKNOWN
