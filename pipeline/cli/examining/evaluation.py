"""Measures what scores tell: per label and per slice, how well, how sure, and from where on."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.cli.examining.scored import Scored
from pipeline.cli.measuring.measures import Ranking, Rate, recall_at

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Pictures whose scores lie between two tenths."""

    rate: Rate
    """How many of them are the label."""
    mean: float
    """Their mean score: what the rate would be if scores were probabilities."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of one label, over all pictures or one slice of them."""

    label: str
    of: str
    """The slice as `name: value`; empty for all."""
    ranking: Ranking
    untold: int
    """Labelled pictures of which nobody told: they are in no figure."""
    bins: tuple[Bin, ...]

    @property
    def error(self) -> float | None:
        """How far scores are from the rates, weighted (expected calibration error)."""
        total = sum(each.rate.total for each in self.bins)
        if not total:
            return None
        off = sum(abs(each.rate.hits - each.mean * each.rate.total) for each in self.bins)
        return off / total

    def at_threshold(self) -> tuple[float | None, Rate, Rate]:
        """Return the suggested threshold, and recall and precision there.

        It is the lowest one with at most 1 % false alarms.
        """
        threshold, recall = recall_at(self.ranking)
        taken = [
            (cases, others)
            for score, cases, others in zip(
                self.ranking.scores, self.ranking.cases, self.ranking.others, strict=True
            )
            if threshold is not None and score >= threshold
        ]
        hits = sum(cases for cases, _ in taken)
        return threshold, recall, Rate(hits, hits + sum(others for _, others in taken))


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that was measured."""

    rows: int
    unread: int
    whole: tuple[Figures, ...]
    slices: tuple[Figures, ...]


class _Counted:
    def __init__(self) -> None:
        self.scores: Counter[tuple[float, bool]] = Counter()
        self.untold = 0

    def add(self, truth: bool, score: float | None) -> None:
        if score is None:
            self.untold += 1
        else:
            self.scores[score, truth] += 1

    def figures(self, label: str, of: str) -> Figures:
        return Figures(label, of, Ranking.of(self.scores), self.untold, _bins(self.scores))


def evaluate(labels: Sequence[str], pictures: Iterable[Scored]) -> Evaluation:
    """Measure over all `pictures`, which are read once and not kept."""
    counted: dict[tuple[str, str], _Counted] = defaultdict(_Counted)
    rows = unread = 0
    for picture in pictures:
        rows += 1
        unread += not picture.is_judged
        kinds = ["", *(f"{name}: {value}" for name, value in picture.slices.items())]
        for label, truth, score in zip(labels, picture.labels, picture.scores, strict=True):
            if truth is not None:
                for kind in kinds:
                    counted[label, kind].add(truth, score)
    figures = [counted[key].figures(*key) for key in sorted(counted)]
    return Evaluation(
        rows,
        unread,
        tuple(each for each in figures if not each.of),
        tuple(each for each in figures if each.of),
    )


def _bins(scores: Counter[tuple[float, bool]]) -> tuple[Bin, ...]:
    bins: list[Bin] = []
    for place in range(BINS):
        inside = {
            (score, truth): count
            for (score, truth), count in scores.items()
            if min(int(score * BINS), BINS - 1) == place
        }
        total = sum(inside.values())
        if total:
            hits = sum(count for (_, truth), count in inside.items() if truth)
            mean = sum(score * count for (score, _), count in inside.items()) / total
            bins.append(Bin(Rate(hits, total), mean))
    return tuple(bins)
