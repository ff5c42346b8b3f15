"""How far people agree, and shares, each with the interval that 95 of 100 samples would fit."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

from typing_extensions import override

_Z: Final = 1.959964
"""Of the normal distribution: 95 % lie within so many standard deviations."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    count: int
    of: int

    @property
    def value(self) -> float | None:
        """Return the share; of nothing there is none."""
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """Return Wilson's interval; of nothing, everything is possible."""
        if not self.of:
            return 0.0, 1.0
        share, square = self.count / self.of, _Z * _Z
        middle = share + square / (2 * self.of)
        half = _Z * sqrt(share * (1 - share) / self.of + square / (4 * self.of * self.of))
        scale = 1 + square / self.of
        low, high = (middle - half) / scale, (middle + half) / scale
        return max(0.0, low), min(1.0, high)

    @override
    def __str__(self) -> str:
        """Say it with its interval."""
        low, high = self.interval
        return "-" if self.value is None else f"{self.value:.2f} ({low:.2f} to {high:.2f})"


@dataclass(frozen=True, slots=True)
class Kappa:
    """Cohen's kappa of pairs: 1 is full agreement, 0 what chance would give."""

    pairs: int
    agreed: int
    value: float | None
    """None where it says nothing: no pair, or both said the same of everything."""
    interval: tuple[float, float] | None

    @override
    def __str__(self) -> str:
        """Say it with its interval."""
        if self.value is None or self.interval is None:
            return "-"
        return f"{self.value:.2f} ({self.interval[0]:.2f} to {self.interval[1]:.2f})"


def kappa(pairs: Sequence[tuple[str, str]]) -> Kappa:
    """Return how far two people agree on what to do, beyond chance.

    The interval is that of the large-sample standard error; with few pairs it is wide.
    """
    count, agreed = len(pairs), sum(one == other for one, other in pairs)
    if not count:
        return Kappa(0, 0, None, None)
    first, second = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    observed = agreed / count
    chance = sum(first[each] * second[each] for each in first) / (count * count)
    if chance == 1:
        return Kappa(count, agreed, None, None)
    value = (observed - chance) / (1 - chance)
    error = sqrt(observed * (1 - observed) / count) / (1 - chance)
    return Kappa(
        count, agreed, value, (max(-1.0, value - _Z * error), min(1.0, value + _Z * error))
    )
