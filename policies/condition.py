"""What a rule can ask. Every condition answers true, false or unknown, and says because of what."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from classifiers.classifier import Capability
from classifiers.content import Rendition
from classifiers.signals import SignalName
from policies.answer import Answer, all_of, any_of, known
from policies.evidence import Weight
from policies.facts import Fact, Facts
from policies.levels import Minor, Sexual
from policies.scene import Bound, Subject
from policies.truth import Truth


@dataclass(frozen=True, slots=True)
class View:
    """What a condition sees: one subject, or all of them, and what the evidence comes to."""

    subjects: Sequence[Subject]
    facts: Facts
    weight: Weight
    required: frozenset[Capability]


class Condition(Protocol):
    """Something that is so, is not, or cannot be said."""

    def ask(self, view: View, /) -> Answer:
        """Answer whether it is so."""
        ...

    def reads(self) -> frozenset[SignalName]:
        """The signals that it asks for by name."""
        ...


@dataclass(frozen=True, slots=True)
class Always:
    """So in every case."""

    def ask(self, _view: View, /) -> Answer:
        """True."""
        return Answer(Truth.TRUE)

    def reads(self) -> frozenset[SignalName]:
        """Nothing."""
        return frozenset()


@dataclass(frozen=True, slots=True)
class SignalIs:
    """Any signal of a name is on the given side of a threshold."""

    name: SignalName
    bound: Bound
    threshold: float

    def ask(self, view: View, /) -> Answer:
        """Ask each subject that can bear the signal; where none can, it is not so."""
        answers = [
            subject.ask(self.name, self.bound, self.threshold, view.required)
            for subject in view.subjects
            if subject.bears(self.name)
        ]
        return any_of(answers) if answers else Answer(Truth.FALSE)

    def reads(self) -> frozenset[SignalName]:
        """Its own signal."""
        return frozenset({self.name})


@dataclass(frozen=True, slots=True)
class FactIs:
    """A fact about who asks."""

    fact: Fact

    def ask(self, view: View, /) -> Answer:
        """True or false; a fact is never unknown."""
        return known(view.facts.states(self.fact))

    def reads(self) -> frozenset[SignalName]:
        """Nothing."""
        return frozenset()


@dataclass(frozen=True, slots=True)
class MinorIs:
    """The evidence of a minor, over everything, is at a level or above."""

    level: Minor

    def ask(self, view: View, /) -> Answer:
        """Ask the matrix's own axis."""
        return view.weight.minor.reaches(self.level)

    def reads(self) -> frozenset[SignalName]:
        """Nothing by name: the floor's evidence says which."""
        return frozenset()


@dataclass(frozen=True, slots=True)
class SexualIs:
    """The sexual level, over everything, is at a level or above."""

    level: Sexual

    def ask(self, view: View, /) -> Answer:
        """Ask the matrix's own axis."""
        return view.weight.sexual.reaches(self.level)

    def reads(self) -> frozenset[SignalName]:
        """Nothing by name: the floor's evidence says which."""
        return frozenset()


@dataclass(frozen=True, slots=True)
class RenditionIs:
    """The picture is surely made so. Only rules on pictures may ask."""

    rendition: Rendition

    def ask(self, view: View, /) -> Answer:
        """Unknown of a picture that is unsure; not so of what is no picture."""
        answers = [self._of(subject) for subject in view.subjects if subject.rendition is not None]
        return any_of(answers) if answers else Answer(Truth.FALSE)

    def _of(self, subject: Subject) -> Answer:
        if subject.rendition is Rendition.UNSURE:
            told = subject.told.get(SignalName.IMAGE_PHOTOGRAPH)
            return Answer(Truth.UNKNOWN, () if told is None else told.findings)
        return known(subject.rendition is self.rendition)

    def reads(self) -> frozenset[SignalName]:
        """The one signal that tells."""
        return frozenset({SignalName.IMAGE_PHOTOGRAPH})


@dataclass(frozen=True, slots=True)
class AllOf:
    """All of its parts are so."""

    parts: tuple[Condition, ...]

    def ask(self, view: View, /) -> Answer:
        """False where any part is false, else unknown where any is unknown."""
        return all_of([part.ask(view) for part in self.parts])

    def reads(self) -> frozenset[SignalName]:
        """What its parts read."""
        return frozenset(name for part in self.parts for name in part.reads())


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Any of its parts is so."""

    parts: tuple[Condition, ...]

    def ask(self, view: View, /) -> Answer:
        """True where any part is true, else unknown where any is unknown."""
        return any_of([part.ask(view) for part in self.parts])

    def reads(self) -> frozenset[SignalName]:
        """What its parts read."""
        return frozenset(name for part in self.parts for name in part.reads())


@dataclass(frozen=True, slots=True)
class Not:
    """Its part is not so."""

    part: Condition

    def ask(self, view: View, /) -> Answer:
        """The opposite; of unknown, unknown."""
        return self.part.ask(view).negated()

    def reads(self) -> frozenset[SignalName]:
        """What its part reads."""
        return self.part.reads()


@dataclass(frozen=True, slots=True)
class Possibly:
    """Its part is so, or nobody can say that it is not."""

    part: Condition

    def ask(self, view: View, /) -> Answer:
        """True where the part is true or unknown."""
        answer = self.part.ask(view)
        return answer if answer.truth is Truth.FALSE else Answer(Truth.TRUE, answer.because)

    def reads(self) -> frozenset[SignalName]:
        """What its part reads."""
        return self.part.reads()
