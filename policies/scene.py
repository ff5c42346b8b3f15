"""What lies before the rules: each subject of the content, with the findings about it.

All texts are one subject, because a reader sees them as one; each picture is one by itself. A
question is answered by a signal. It is unknown where nobody answered, or where one who should have
answered could not. Two reasons give way: `NOT_ASSESSED` to another source that did answer for that
place (not to one that says the same of itself), and `OTHER_LANGUAGE` to a signal that says in what
state the language of that text is: then the rules on `text.language.*` decide what an unread text
comes to, and not that it was not read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from typing import NamedTuple

from classifiers.classifier import Capability
from classifiers.content import Rendition
from classifiers.signals import (
    Field,
    Finding,
    Picture,
    Reason,
    Signal,
    SignalName,
    Unavailable,
    Where,
)
from policies.answer import Answer
from policies.facts import OUTPUT_CARRIER, Facts, Moment, Surface
from policies.truth import Truth

NOBODY = "nobody"
"""The source of an `Unavailable` that stands for silence."""

ALL_FIELDS = Field("*")

_LANGUAGES = frozenset({SignalName.TEXT_LANGUAGE_TERMS_ONLY, SignalName.TEXT_LANGUAGE_UNREAD})

Spot = str | tuple[str, int]
"""A place without what is only within it: a field's path, or a picture's carrier and index."""


@dataclass(frozen=True, slots=True)
class RenditionScale:
    """From which score of `image.rendition.photograph` on a picture is surely one or the other."""

    photograph: float
    """At this score and above."""
    drawing: float
    """At this score and below."""


def bears(surface: Surface, name: SignalName) -> bool:
    """Whether `name` can be asked there: texts of text, hashes of masks, both kinds of pictures."""
    kind = name.partition(".")[0]
    match surface:
        case Surface.WHOLE:
            return True
        case Surface.TEXT:
            return kind == "text"
        case Surface.MASK:
            return kind == "hash"
        case Surface.UPLOAD | Surface.OUTPUT:
            return kind in {"image", "hash"}


@cache
def borne(surface: Surface) -> frozenset[SignalName]:
    """Every name that can be asked there."""
    return frozenset(name for name in SignalName if bears(surface, name))


class Bound(StrEnum):
    """On which side of its threshold a score counts."""

    AT_LEAST = "at_least"
    BELOW = "below"


class Told(NamedTuple):
    """What was said to one question about one subject; sorted once, because many rules ask."""

    findings: tuple[Finding, ...]
    """All of it."""
    signals: tuple[Signal, ...]
    unanswered: tuple[Unavailable, ...]
    """Why it is not known, or nothing if it is."""
    otherwise: Answer
    """What it comes to where no score is on the side that is asked for: false, because of all."""

    def reaching(self, bound: Bound, threshold: float) -> list[Signal]:
        """Return the signals with a score on that side."""
        match bound:
            case Bound.AT_LEAST:
                return [signal for signal in self.signals if signal.score >= threshold]
            case Bound.BELOW:
                return [signal for signal in self.signals if signal.score < threshold]


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing to be judged, and what was found about it."""

    surface: Surface
    place: Where
    told: Mapping[SignalName, Told]
    """What was said, by name; of a name that is missing here, nobody spoke."""
    rendition: Rendition | None
    """How a picture was made; None for texts and masks."""

    def bears(self, name: SignalName) -> bool:
        """Whether `name` can be asked of it."""
        return name in borne(self.surface)

    def open(self) -> frozenset[SignalName]:
        """Every name that can be asked of it and is not known."""
        answered = {name for name, told in self.told.items() if not told.unanswered}
        return borne(self.surface) - answered

    def needs(self, name: SignalName, required: frozenset[Capability]) -> bool:
        """Whether `required` asks for an answer here."""
        return Capability(name) in required or Capability(name, self.rendition) in required

    def ask(
        self, name: SignalName, bound: Bound, threshold: float, required: frozenset[Capability]
    ) -> Answer:
        """Answer whether any signal `name` has a score on that side of the threshold.

        What is not known and not `required` either is not held against anybody: false.
        """
        told = self.told.get(name) or _silence(name, self.place)
        if hits := told.reaching(bound, threshold):
            return Answer(Truth.TRUE, tuple(hits))
        if told.unanswered and self.needs(name, required):
            return Answer(Truth.UNKNOWN, told.unanswered)
        return told.otherwise


@lru_cache(4096)
def _silence(name: SignalName, place: Where) -> Told:
    """What it comes to where nobody spoke."""
    silence = (Unavailable(name, place, NOBODY, Reason.NOT_INSTALLED),)
    return Told((), (), silence, Answer(Truth.FALSE, silence))


def subjects_of(
    moment: Moment, findings: Sequence[Finding], facts: Facts, scale: RenditionScale
) -> tuple[Subject, ...]:
    """Sort `findings` by what they are about: the texts first, then each picture in order."""
    texts: list[Finding] = []
    pictures: dict[tuple[str, int], list[Finding]] = {}
    for finding in findings:
        spot = _spot(finding.where)
        (texts if isinstance(spot, str) else pictures.setdefault(spot, [])).append(finding)
    for place in facts.places:
        if isinstance(place, Picture):
            pictures.setdefault((place.carrier, place.index), [])
    subjects: list[Subject] = []
    if texts or any(isinstance(place, Field) for place in facts.places):
        told = _by_name(texts, _heard(texts))
        subjects.append(Subject(Surface.TEXT, ALL_FIELDS, told, None))
    subjects += [
        _picture(moment, Picture(*spot), _by_name(pictures[spot]), facts, scale)
        for spot in sorted(pictures)
    ]
    return tuple(subjects)


def _spot(where: Where) -> Spot:
    return where.path if isinstance(where, Field) else (where.carrier, where.index)


def _heard(texts: Iterable[Finding]) -> frozenset[Spot]:
    """Return the fields of which it was said that they are in a language that no model reads."""
    return frozenset(
        _spot(finding.where)
        for finding in texts
        if isinstance(finding, Signal) and finding.name in _LANGUAGES and finding.score == 1.0
    )


def _by_name(
    findings: Iterable[Finding], heard: frozenset[Spot] = frozenset()
) -> Mapping[SignalName, Told]:
    named: dict[SignalName, list[Finding]] = {}
    for finding in findings:
        named.setdefault(finding.name, []).append(finding)
    return {name: _told(tuple(said), heard) for name, said in named.items()}


def _told(said: tuple[Finding, ...], heard: frozenset[Spot]) -> Told:
    signals = tuple([finding for finding in said if isinstance(finding, Signal)])
    if len(signals) == len(said):
        return Told(said, signals, (), Answer(Truth.FALSE, signals))
    unanswered = (
        finding
        for finding in said
        if isinstance(finding, Unavailable) and not _gives_way(finding, said, heard)
    )
    silent = tuple(unanswered)
    return Told(said, signals, silent, Answer(Truth.FALSE, (*signals, *silent)))


def _gives_way(finding: Unavailable, said: Sequence[Finding], heard: frozenset[Spot]) -> bool:
    """Whether somebody else answered there; whoever says the same of itself answers for nobody."""
    spot = _spot(finding.where)
    if finding.reason is Reason.OTHER_LANGUAGE:
        return spot in heard
    if finding.reason is not Reason.NOT_ASSESSED:
        return False
    there = [one for one in said if _spot(one.where) == spot]
    silent = {one.source for one in there if isinstance(one, Unavailable)}
    return any(isinstance(one, Signal) and one.source not in silent for one in there)


def _picture(
    moment: Moment,
    place: Picture,
    told: Mapping[SignalName, Told],
    facts: Facts,
    scale: RenditionScale,
) -> Subject:
    if moment is Moment.OUTPUT and place.carrier == OUTPUT_CARRIER:
        return Subject(Surface.OUTPUT, place, told, _rendition(told, scale))
    if place in facts.masks and _is_mask(told.get(SignalName.IMAGE_MASK)):
        return Subject(Surface.MASK, place, told, None)
    return Subject(Surface.UPLOAD, place, told, _rendition(told, scale))


def _is_mask(told: Told | None) -> bool:
    """Whether everybody who looked says so, and somebody did."""
    if told is None:
        return False
    return all(isinstance(each, Signal) and each.score == 1.0 for each in told.findings)


def _rendition(told: Mapping[SignalName, Told], scale: RenditionScale) -> Rendition:
    named = told.get(SignalName.IMAGE_PHOTOGRAPH)
    if named is None:
        return Rendition.UNSURE
    scores = [signal.score for signal in named.signals]
    faults = [
        finding
        for finding in named.findings
        if isinstance(finding, Unavailable) and finding.reason is not Reason.NOT_ASSESSED
    ]
    if faults or not scores:
        return Rendition.UNSURE
    if min(scores) >= scale.photograph:
        return Rendition.PHOTOGRAPH
    if max(scores) <= scale.drawing:
        return Rendition.DRAWING
    return Rendition.UNSURE
