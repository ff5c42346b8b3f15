"""The two axes of the matrix: how strong the evidence of a minor is, and how sexual it gets."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from classifiers.signals import Finding
from policies.answer import Answer
from policies.truth import Truth


class Level(StrEnum):
    """A step on an axis; the members are in order, the least first."""

    @property
    def height(self) -> int:
        """Greater is more."""
        return _HEIGHT[type(self)][self]


class Minor(Level):
    """How strong the evidence of a minor is. Two weak ones are two different signals."""

    NONE = "none"
    WEAK = "weak"
    TWO_WEAK = "two_weak"
    STRONG = "strong"


class Sexual(Level):
    """How sexual it gets."""

    NONE = "none"
    SUGGESTIVE = "suggestive"
    NUDITY = "nudity"
    ACT = "act"


_HEIGHT: Mapping[type[Level], Mapping[Level, int]] = {
    axis: {level: height for height, level in enumerate(axis)} for axis in (Minor, Sexual)
}

L = TypeVar("L", bound=Level)


@dataclass(frozen=True, slots=True)
class Range(Generic[L]):
    """What is established on an axis, and the most that cannot be excluded."""

    known: L
    possible: L
    because: tuple[Finding, ...] = ()
    """The signals that establish `known`."""
    unanswered: tuple[Finding, ...] = ()
    """The questions whose answers could raise it to `possible`."""

    def reaches(self, level: L) -> Answer:
        """Answer whether it is at `level` or above."""
        if self.known.height >= level.height:
            return Answer(Truth.TRUE, self.because)
        if self.possible.height >= level.height:
            return Answer(Truth.UNKNOWN, self.unanswered)
        return Answer(Truth.FALSE)
