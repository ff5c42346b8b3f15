"""Which signals, from which score on, are evidence of a minor or of sexual content.

The scores are the floor's data. Evidence of the one kind lowers what the other kind needs, where it
comes from another subject: a text that speaks of a minor makes a picture suspect sooner, and the
other way round. Nothing is ever subtracted: words for adults are not read here at all.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from classifiers.classifier import Capability
from classifiers.signals import Finding, SignalName
from policies.answer import Answer, any_of, once
from policies.levels import Level, Minor, Range, Sexual
from policies.scene import Bound, RenditionScale, Subject
from policies.truth import Truth

L = TypeVar("L", bound=Level)


@dataclass(frozen=True, slots=True)
class Pointer(Generic[L]):
    """A signal that points to a level, from a score on; and from which when it is lowered."""

    level: L
    signal: SignalName
    at_least: float
    lowered: float

    def ask(
        self, subject: Subject, required: frozenset[Capability], *, lowered: bool = False
    ) -> Answer:
        """Answer whether it points there of `subject`."""
        threshold = self.lowered if lowered else self.at_least
        return subject.ask(self.signal, Bound.AT_LEAST, threshold, required)


@dataclass(frozen=True, slots=True)
class Weight:
    """What all the evidence comes to."""

    minor: Range[Minor]
    sexual: Range[Sexual]

    @property
    def uncertain(self) -> bool:
        """Whether either may turn out higher than is known."""
        return (
            self.minor.known is not self.minor.possible
            or self.sexual.known is not self.sexual.possible
        )


@dataclass(frozen=True, slots=True)
class Evidence:
    """What counts as evidence."""

    scale: RenditionScale
    minor: tuple[Pointer[Minor], ...]
    sexual: tuple[Pointer[Sexual], ...]
    beside_sexual: tuple[Pointer[Minor], ...] = ()
    """What is evidence of a minor only where anything is sexual, or more so there."""

    def reads(self) -> frozenset[SignalName]:
        """Every signal that is evidence of something."""
        minor = frozenset(pointer.signal for pointer in (*self.minor, *self.beside_sexual))
        return minor | frozenset(pointer.signal for pointer in self.sexual)

    def weigh(self, subjects: Sequence[Subject], required: frozenset[Capability]) -> Weight:
        """Weigh all that a request carries and returns; only what is `required` can be unknown."""
        beside_minor = _elsewhere(self.minor, subjects, required)
        beside_sexual = _elsewhere(self.sexual, subjects, required)
        asked = _asked(self.sexual, beside_minor, subjects, required)
        sexual = _range(_sexual, asked, asked)
        minor = _asked(self.minor, beside_sexual, subjects, required)
        beside = _asked(self.beside_sexual, beside_sexual, subjects, required)
        known = minor if sexual.known is Sexual.NONE else [*minor, *beside]
        possible = minor if sexual.possible is Sexual.NONE else [*minor, *beside]
        return Weight(_range(_minor, known, possible), sexual)


class _Asked(NamedTuple, Generic[L]):
    """One pointer, asked of one subject: as it is, and at the most that may be."""

    pointer: Pointer[L]
    sure: Answer
    at_most: Answer


def _elsewhere(
    pointers: Sequence[Pointer[L]], subjects: Sequence[Subject], required: frozenset[Capability]
) -> Sequence[set[Truth]]:
    """Return for each subject whether any of `pointers` points there of each of the others."""
    if len(subjects) == 1:
        return [set()]
    pointing = [_any(pointers, subject, required) for subject in subjects]
    return [{*pointing[:place], *pointing[place + 1 :]} for place in range(len(subjects))]


def _asked(
    pointers: Sequence[Pointer[L]],
    pointing: Sequence[set[Truth]],
    subjects: Sequence[Subject],
    required: frozenset[Capability],
) -> list[_Asked[L]]:
    """Ask all `pointers`, lowered on a subject where one of the other kind is `pointing`."""
    asked: list[_Asked[L]] = []
    for subject, elsewhere in zip(subjects, pointing, strict=True):
        lowered = Truth.TRUE in elsewhere
        perhaps_lowered = lowered or Truth.UNKNOWN in elsewhere
        for pointer in pointers:
            if not subject.bears(pointer.signal):
                continue
            sure = at_most = pointer.ask(subject, required, lowered=lowered)
            if perhaps_lowered is not lowered:
                at_most = pointer.ask(subject, required, lowered=True)
            asked.append(_Asked(pointer, sure, at_most))
    return asked


def _any(
    pointers: Sequence[Pointer[L]], subject: Subject, required: frozenset[Capability]
) -> Truth:
    """Whether any pointer points, by the thresholds that nothing lowers."""
    answers = [p.ask(subject, required) for p in pointers if subject.bears(p.signal)]
    return any_of(answers).truth if answers else Truth.FALSE


def _range(
    fold: Callable[[Sequence[Pointer[L]]], L],
    known: Sequence[_Asked[L]],
    possible: Sequence[_Asked[L]],
) -> Range[L]:
    """Fold what surely points into what is known, and what may point into what is possible."""
    sure = [each for each in known if each.sure.truth is Truth.TRUE]
    maybe = [each for each in possible if each.at_most.truth is not Truth.FALSE]
    return Range(
        fold([each.pointer for each in sure]),
        fold([each.pointer for each in maybe]),
        _findings(each.sure for each in sure),
        _findings(each.at_most for each in maybe if each not in sure),
    )


def _findings(answers: Iterable[Answer]) -> tuple[Finding, ...]:
    return once([answer.because for answer in answers])


def _minor(pointers: Sequence[Pointer[Minor]]) -> Minor:
    if any(pointer.level is Minor.STRONG for pointer in pointers):
        return Minor.STRONG
    weak = {pointer.signal for pointer in pointers}
    return (Minor.NONE, Minor.WEAK, Minor.TWO_WEAK)[min(len(weak), 2)]


def _sexual(pointers: Sequence[Pointer[Sexual]]) -> Sexual:
    return max(
        (pointer.level for pointer in pointers),
        key=lambda level: level.height,
        default=Sexual.NONE,
    )
