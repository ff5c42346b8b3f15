"""How well scores tell cases from others: average precision, recall at few false alarms.

Cases with one score stand or fall together: what a threshold cannot tell apart is never counted
as if it could. Intervals are at 95 %.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

MOST_FALSE_ALARMS = 0.01
"""Where recall is measured: one false alarm among a hundred."""
_Z = 1.959964
"""Standard deviations that hold 95 % of a normal distribution."""
_ROUNDS = 1000
_SEED = 20261122


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the true figure lies, as far as so few cases tell."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of how many."""

    hits: int
    total: int

    @property
    def share(self) -> float | None:
        """The share; None of nothing."""
        return self.hits / self.total if self.total else None

    @property
    def interval(self) -> Interval | None:
        """Wilson's interval of the share; None of nothing."""
        return wilson(self.hits, self.total) if self.total else None


@dataclass(frozen=True, slots=True)
class Ranking:
    """How many cases and how many others have each score, the highest score first."""

    scores: tuple[float, ...]
    cases: tuple[int, ...]
    others: tuple[int, ...]

    @classmethod
    def of(cls, counted: Mapping[tuple[float, bool], int]) -> "Ranking":
        """Rank scores, each counted with whether it is a case's."""
        scores = tuple(sorted({score for score, _ in counted}, reverse=True))
        return cls(
            scores,
            tuple(counted.get((score, True), 0) for score in scores),
            tuple(counted.get((score, False), 0) for score in scores),
        )


@dataclass(frozen=True, slots=True)
class Point:
    """What a threshold gives: all with that score or a higher one are taken for cases."""

    score: float
    recall: float
    precision: float
    false_alarms: float
    """The share of the others that are taken for cases; 0 if there are none."""


def curve(ranking: Ranking) -> tuple[Point, ...]:
    """Give a point for each score, the highest first; none without cases."""
    cases, others = sum(ranking.cases), sum(ranking.others)
    points: list[Point] = []
    caught = alarms = 0
    for score, more, wrong in zip(ranking.scores, ranking.cases, ranking.others, strict=True):
        caught += more
        alarms += wrong
        if cases:
            share = alarms / others if others else 0.0
            points.append(Point(score, caught / cases, caught / (caught + alarms), share))
    return tuple(points)


def average_precision(ranking: Ranking) -> float | None:
    """Return the area under precision and recall as a sum of steps; None without cases."""
    area, before = 0.0, 0.0
    points = curve(ranking)
    for point in points:
        area += (point.recall - before) * point.precision
        before = point.recall
    return area if points else None


def average_precision_interval(ranking: Ranking) -> Interval | None:
    """Draw cases and others again and again, as many of each, and keep the middle 95 %.

    The same draws each time. None without cases.
    """
    count, rest = sum(ranking.cases), sum(ranking.others)
    if not count:
        return None
    chance = np.random.default_rng(_SEED)
    cases = np.cumsum(_drawn(chance, ranking.cases, count), axis=1)
    others = np.cumsum(_drawn(chance, ranking.others, rest), axis=1)
    taken = cases + others
    precision = np.divide(cases, taken, out=np.ones_like(taken, dtype=float), where=taken > 0)
    areas = (np.diff(cases, axis=1, prepend=0) * precision).sum(axis=1) / count
    low, high = np.quantile(areas, [0.025, 0.975])
    return Interval(float(low), float(high))


def recall_at(ranking: Ranking, most: float = MOST_FALSE_ALARMS) -> tuple[float | None, Rate]:
    """Return the lowest threshold with no more false alarms than `most`, and the recall there.

    None if every threshold has more: then nothing is caught.
    """
    total = sum(ranking.cases)
    best = None
    for point in curve(ranking):
        if point.false_alarms <= most:
            best = point
    if best is None:
        return None, Rate(0, total)
    return best.score, Rate(round(best.recall * total), total)


def wilson(hits: int, total: int) -> Interval:
    """Return Wilson's score interval of `hits` among `total`, which MUST be more than none."""
    share, square = hits / total, _Z * _Z
    middle = (share + square / (2 * total)) / (1 + square / total)
    half = _Z * sqrt(share * (1 - share) / total + square / (4 * total**2)) / (1 + square / total)
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


def _drawn(chance: np.random.Generator, counts: Sequence[int], total: int) -> NDArray[np.int64]:
    """Draw `total` among the scores, with the frequencies of `counts`, `_ROUNDS` times."""
    if not total:
        return np.zeros((_ROUNDS, len(counts)), dtype=np.int64)
    return chance.multinomial(total, np.asarray(counts) / total, size=_ROUNDS)
