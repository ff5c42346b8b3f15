"""Small classifiers that keep the contract, and such that break it in one way each.

`Reader` and `Viewer` find everything harmless but for the words and the colours that they are told
of. `Moody` is any classifier, well until it is told otherwise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from threading import Event
from typing import Generic, TypeVar

from classifiers.canonical import Canonical
from classifiers.classifier import Capability, Classifier
from classifiers.content import Rendition
from classifiers.errors import ModelError
from classifiers.normalise import Reading
from classifiers.signals import Field, Finding, Picture, Signal, SignalName
from policies.testing import QUALIFIED, TEXTS, harmless, saying

C = TypeVar("C")
Colour = tuple[int, int, int]
Scores = Mapping[SignalName, float]

WHITE: Colour = (250, 250, 250)
"""What nobody was told anything about."""
RED: Colour = (250, 0, 0)
GREEN: Colour = (0, 250, 0)

HATE: Scores = {SignalName.TEXT_HATE: 0.6}
"""Held by the default set, for a person."""
GORE: Scores = {SignalName.TEXT_GORE: 0.9}
"""Labelled."""
SELF_HARM: Scores = {SignalName.TEXT_SELF_HARM: 0.9}
"""Blocked by the default set."""
IN_DISGUISE: Scores = {**SELF_HARM, SignalName.TEXT_DISGUISED: 1.0}
"""The same, spelt so that it might pass."""
SUGGESTIVE: Scores = {SignalName.TEXT_SEXUAL_SUGGESTIVE: 0.9}
"""Asks for an adult."""
GRAVE: Scores = {SignalName.TEXT_MINOR_TERM: 0.9, SignalName.TEXT_SEXUAL_ACT: 0.9}
"""Blocked by the floor, as nothing that a person may release."""
KNOWN: Scores = {SignalName.HASH_CSAM_EXACT: 1.0}
"""On the list that the floor blocks and escalates. It is a score: there is no such picture."""
NEARLY_KNOWN: Scores = {SignalName.HASH_CSAM_NEAR: 0.5}
"""Held by the floor, and beyond any ruling."""
INTIMATE: Scores = {SignalName.HASH_NCII_EXACT: 1.0}
BLOCKED: Scores = {SignalName.HASH_BLOCKED_EXACT: 1.0}
"""Blocked, and no reason to doubt its siblings."""
DOUBTFUL: Scores = {SignalName.HASH_BLOCKED_NEAR: 0.5}
"""Held, for a person."""

_OF_DRAWINGS: Scores = {
    SignalName.IMAGE_SEXUAL_NUDITY: 0.0,
    SignalName.IMAGE_SEXUAL_SUGGESTIVE: 0.0,
    SignalName.IMAGE_MINOR_DRAWN: 0.0,
}
"""What a model says that is qualified for drawings, of a harmless one."""
_PICTURES = frozenset(finding.name for finding in harmless(Picture("output", 0))) | set(
    _OF_DRAWINGS
)
_TEXTS = frozenset(finding.name for finding in harmless(TEXTS))


def _answers(emits: frozenset[SignalName]) -> frozenset[Capability]:
    return frozenset(question for question in QUALIFIED if question.name in emits)


@dataclass
class Reader:
    """Reads texts: harmless, but for the words it knows."""

    knows: Mapping[str, Scores] = field(default_factory=dict)
    id: str = "reader@1"
    emits: frozenset[SignalName] = _TEXTS
    answers: frozenset[Capability] = field(default_factory=lambda: _answers(_TEXTS))

    def warm(self) -> None:
        """Nothing can be wrong with it."""

    def classify(self, content: Reading, /) -> Sequence[Finding]:
        """Report what is known of its words."""
        words = " ".join(each.text for each in content.fields).split()
        found = [self.knows[word] for word in words if word in self.knows]
        scores = {name: score for each in found for name, score in each.items()}
        return saying(harmless(TEXTS), Field("*"), scores)


@dataclass
class Viewer:
    """Looks at pictures: harmless drawings, but for the colours it knows."""

    knows: Mapping[Colour, Scores] = field(default_factory=dict)
    id: str = "viewer@1"
    emits: frozenset[SignalName] = _PICTURES
    answers: frozenset[Capability] = field(default_factory=lambda: _answers(_PICTURES))

    def warm(self) -> None:
        """Nothing can be wrong with it."""

    def classify(self, content: Canonical, /) -> Sequence[Finding]:
        """Report what is known of the colour in its corner."""
        red, green, blue = (int(each) for each in content.rgb[0, 0])
        place = Picture(content.carrier, content.index)
        scores = {**_OF_DRAWINGS, **self.knows.get((red, green, blue), {})}
        return saying(harmless(place, Rendition.DRAWING), place, scores)


class Mood(Enum):
    """What a moody classifier does."""

    WELL = auto()
    FAILS = auto()
    FORGETS = auto()
    """It says nothing of one of its names."""
    ADDS = auto()
    """It reports a name that is not its own."""
    SILENT = auto()
    """It says nothing at all."""
    RAMBLES = auto()
    """It returns what is no finding."""
    POISONED = auto()
    """It fails on what others send, and is well on its own known content."""
    HANGS = auto()
    """It does not come back before it is let go."""


FOREIGN = SignalName.IMAGE_MARK_FOREIGN
CANARY = "canary-7f3a"
"""Stands in faults and contents; it must not be found anywhere else."""


@dataclass
class Moody(Generic[C]):
    """A classifier that is well until it is told otherwise."""

    own: Classifier[C]
    mood: Mood = Mood.WELL
    let_go: Event = field(default_factory=Event)
    looks: int = 0

    @property
    def id(self) -> str:
        """Its own."""
        return self.own.id

    @property
    def emits(self) -> frozenset[SignalName]:
        """Its own."""
        return self.own.emits

    @property
    def answers(self) -> frozenset[Capability]:
        """Its own."""
        return self.own.answers

    def warm(self) -> None:
        """Fail, or hang, if it is not well."""
        if self.mood is Mood.HANGS:
            self.let_go.wait(10)
        elif self.mood not in {Mood.WELL, Mood.POISONED}:
            raise ModelError(CANARY)

    def classify(self, content: C, /) -> Sequence[Finding]:
        """Look, in its mood."""
        self.looks += 1
        found = self.own.classify(content)
        match self.mood:
            case Mood.WELL:
                return found
            case Mood.FAILS | Mood.POISONED:
                raise RuntimeError(CANARY)
            case Mood.FORGETS:
                return [each for each in found if each.name is not found[0].name]
            case Mood.ADDS:
                return [*found, Signal(FOREIGN, 0.0, found[0].where, self.id)]
            case Mood.SILENT:
                return []
            case Mood.RAMBLES:
                return [*found, None]  # type: ignore[list-item]  # what a careless plug-in may do
            case Mood.HANGS:
                self.let_go.wait(10)
                return found
