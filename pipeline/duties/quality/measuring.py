"""What the checks of a time say: of people, of classifiers, and of thresholds."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from statistics import fmean, pvariance
from typing import Final
from uuid import UUID

from pipeline.duties.quality.agreement import Kappa, Share, kappa
from pipeline.store.samples import Checked, Opinion
from policies.labels import HarmCode

OK = HarmCode.OK.value
LEAST: Final = 30
"""Of fewer samples nothing is concluded."""
_ALLOW, _BLOCK = "allow", "block"


@dataclass(frozen=True, slots=True)
class Agreement:
    """Between those who decided the same, by the code of the machines' decision and by person."""

    overall: Kappa
    by_code: Mapping[str, Kappa]
    by_person: Mapping[str, Kappa]
    """Each person against whoever else decided the same."""


def agreement(checked: Iterable[Checked]) -> Agreement:
    """Return how far people agree. A ruling is one look, and a blind check another."""
    every, by_code = list[tuple[str, str]](), defaultdict[str, list[tuple[str, str]]](list)
    by_person = defaultdict[str, list[tuple[str, str]]](list)
    for each in checked:
        looks = _looks(each)
        if len(looks) < len(("first", "second")):
            continue
        (one, first), (other, second) = looks[:2]
        every.append((first, second))
        by_code[each.sample.code].append((first, second))
        by_person[one].append((first, second))
        by_person[other].append((second, first))
    return Agreement(
        kappa(every),
        {code: kappa(pairs) for code, pairs in sorted(by_code.items())},
        {person: kappa(pairs) for person, pairs in sorted(by_person.items())},
    )


def _looks(each: Checked) -> Sequence[tuple[str, str]]:
    """Return who would do what: the ruling first, and nobody twice."""
    looks: dict[str, str] = {}
    if each.ruled is not None:
        looks[each.ruled.person] = _ALLOW if each.ruled.approved else _BLOCK
    for opinion in each.opinions:
        looks.setdefault(opinion.person, _ALLOW if opinion.code == OK else _BLOCK)
    return [*looks.items()]


def golden(given: Iterable[Opinion], says: Mapping[UUID, str]) -> Mapping[str, Share]:
    """Return how often each person said of golden items what was agreed on."""
    right, of = defaultdict[str, int](int), defaultdict[str, int](int)
    for each in given:
        if each.sample in says:
            of[each.person] += 1
            right[each.person] += each.code == says[each.sample]
    return {person: Share(right[person], count) for person, count in sorted(of.items())}


@dataclass(slots=True)
class Matrix:
    """One version of a classifier against people, over what was checked of a random share."""

    source: str
    hits: int = 0
    false_alarms: int = 0
    misses: int = 0
    rests: int = 0

    @property
    def precision(self) -> Share:
        """Of what it flagged, how much people would have stopped for what it speaks of."""
        return Share(self.hits, self.hits + self.false_alarms)

    @property
    def recall(self) -> Share:
        """Of what people would have stopped for what it speaks of, how much it flagged."""
        return Share(self.hits, self.hits + self.misses)


def matrices(checked: Iterable[Checked]) -> Sequence[Matrix]:
    """Return one for each version, over every sample that somebody checked blindly.

    The first check counts: that others disagree with it is told by the agreement.
    """
    found: dict[str, Matrix] = {}
    for each in checked:
        if not each.opinions:
            continue
        family = _family(each.opinions[0].code)
        for source, seen in each.sample.seen.items():
            matrix = found.setdefault(source, Matrix(source))
            wanted = family in _words(seen.get("families"))
            if seen.get("flagged") is True:
                matrix.hits += wanted
                matrix.false_alarms += not wanted
            else:
                matrix.misses += wanted
                matrix.rests += not wanted
    return [found[source] for source in sorted(found)]


@dataclass(frozen=True, slots=True)
class Drift:
    """How the scores of a signal went, from one time to the next."""

    signal: str
    count: int
    mean: float
    before: int
    mean_before: float
    moved: bool | None
    """Whether that is more than chance would do, by 95 of 100 samples; None: too few to tell."""


def drift(now: Iterable[Checked], before: Iterable[Checked]) -> Sequence[Drift]:
    """Compare the random samples of two times; a signal that only one of them has is left out."""
    new, old = _scores(now), _scores(before)
    return [_drift(name, new[name], old[name]) for name in sorted(new.keys() & old.keys())]


def _drift(name: str, new: Sequence[float], old: Sequence[float]) -> Drift:
    error = sqrt(pvariance(new) / len(new) + pvariance(old) / len(old))
    mean, mean_before = fmean(new), fmean(old)
    moved = abs(mean - mean_before) > 2 * error
    enough = min(len(new), len(old)) >= LEAST
    return Drift(name, len(new), mean, len(old), mean_before, moved if enough else None)


def _scores(checked: Iterable[Checked]) -> Mapping[str, Sequence[float]]:
    found = defaultdict[str, list[float]](list)
    for each in checked:
        for name, score in scores_of(each).items():
            found[name].append(score)
    return found


def scores_of(each: Checked) -> Mapping[str, float]:
    """Return the highest score of each signal on a sample, whoever gave it."""
    highest: dict[str, float] = {}
    for seen in each.sample.seen.values():
        scores = seen.get("scores")
        for name, score in scores.items() if isinstance(scores, dict) else ():
            highest[name] = max(highest.get(name, 0.0), float(score))
    return highest


@dataclass(frozen=True, slots=True)
class Step:
    """A threshold, and what would follow from it."""

    threshold: float
    holds_a_day: float
    most_holds_a_day: float
    """By the upper end of the interval."""
    precision: Share
    recall: Share


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Which threshold fits what people can look at; or why none is suggested."""

    signal: str
    checked: int
    threshold: float | None
    why_not: str = ""
    steps: Sequence[Step] = field(default_factory=tuple)


def suggest(
    signal: str, checked: Sequence[Checked], *, share: float, days: float, budget: float
) -> Suggestion:
    """Suggest the lowest threshold of which the holds surely fit the budget of a day.

    Predicted from everything that was drawn, what people said of it from what was checked. Of
    fewer than `LEAST` checks nothing is suggested.
    """
    scored = [
        (score, each) for each in checked if (score := scores_of(each).get(signal)) is not None
    ]
    known = [(score, _says(signal, each)) for score, each in scored if each.opinions]
    if len(known) < LEAST:
        why = f"{len(known)} samples with this signal were checked: {LEAST} are needed"
        return Suggestion(signal, len(known), None, why)
    scores = [score for score, _ in scored]
    steps = [_step(each, scores, known, len(scores) / (share * days)) for each in sorted({*scores})]
    fit = [each for each in steps if each.most_holds_a_day <= budget]
    if not fit:
        why = "not even the highest score that was seen would surely fit the budget"
        return Suggestion(signal, len(known), None, why, _few(steps))
    return Suggestion(signal, len(known), fit[0].threshold, "", _few(steps, fit[0]))


def _step(
    threshold: float, scores: Sequence[float], known: Sequence[tuple[float, bool]], a_day: float
) -> Step:
    above = Share(sum(score >= threshold for score in scores), len(scores))
    hits = sum(wanted for score, wanted in known if score >= threshold)
    return Step(
        threshold,
        (above.value or 0.0) * a_day,
        above.interval[1] * a_day,
        Share(hits, sum(score >= threshold for score, _ in known)),
        Share(hits, sum(wanted for _, wanted in known)),
    )


def _few(steps: Sequence[Step], chosen: Step | None = None, most: int = 12) -> Sequence[Step]:
    """Return some steps, evenly, and the chosen one among them."""
    every = max(1, len(steps) // most)
    return [each for place, each in enumerate(steps) if place % every == 0 or each is chosen]


def _says(signal: str, each: Checked) -> bool:
    """Whether a person would have stopped it, for what those who give the signal speak of."""
    family = _family(each.opinions[0].code)
    return any(
        family in _words(seen.get("families"))
        for seen in each.sample.seen.values()
        if isinstance(scores := seen.get("scores"), dict) and signal in scores
    )


def _family(code: str) -> str:
    return "" if code == OK else code.partition(".")[0]


def _words(said: object) -> Sequence[object]:
    return said if isinstance(said, list) else ()
