"""How a decision comes about: what was judged, by which rule, and what came of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from classifiers.classifier import Capability
from classifiers.signals import Finding
from policies.answer import Answer, any_of
from policies.condition import View
from policies.decision import Action, Verdict
from policies.evidence import Weight
from policies.exemption import exempted
from policies.facts import Facts, Moment, Rating, Surface
from policies.labels import HarmCode
from policies.layers import Floor, Layer, PolicySet
from policies.levels import Minor, Sexual
from policies.requirement import Requirement
from policies.rule import Judgement, Look, looks_at
from policies.scene import Subject, subjects_of
from policies.truth import Truth


@dataclass(frozen=True, slots=True)
class Account:
    """How a decision came about: everything that was judged, also what led to nothing."""

    rating: Rating
    """By what is known; where a set's `mature_when` is unknown, more has been asked than that."""
    weight: Weight
    judgements: tuple[Judgement, ...]


class Hearing:
    """Judges one content by one stack of sets and another, and no part of it twice.

    What is required makes a difference only where nobody answered: sets that ask for different
    things see the same where all of these were answered, and share what was made of it.
    """

    def __init__(
        self, floor: Floor, moment: Moment, findings: Sequence[Finding], facts: Facts
    ) -> None:
        self._floor = floor
        self._moment = moment
        self._facts = facts
        self._subjects = subjects_of(moment, findings, facts, floor.evidence.scale)
        self._open = frozenset().union(*(subject.open() for subject in self._subjects))
        self._unanswered = _unanswered(self._subjects)
        self._views: dict[frozenset[Capability], View] = {}
        self._looks: dict[frozenset[Capability], Sequence[Look]] = {}
        self._judged: dict[tuple[str, frozenset[Capability]], Sequence[Judgement]] = {}

    def account(self, sets: Sequence[PolicySet], requirement: Requirement) -> Account:
        """Judge by `sets` and the floor's matrix, and say what came of every part of it."""
        rating, strictest = self._ratings(sets, requirement)
        view = self._view(requirement.demands(strictest))
        if not _anything(self._moment, self._subjects):
            return Account(rating, view.weight, (_nothing(),))
        matrix = self._floor.matrix.judge(view.weight, self._subjects, Layer.FLOOR)
        rules = (each for own in sets for each in self._rules(own, view))
        return Account(rating, view.weight, (*matrix, *rules, *self._unanswered))

    def _ratings(
        self, sets: Sequence[PolicySet], requirement: Requirement
    ) -> tuple[Rating, Rating]:
        """Rate by what is known, and by what cannot be excluded where a set's own words say."""
        view = self._view(requirement.demands(Rating.GENERAL))
        weight = view.weight
        if weight.minor.known is not Minor.NONE or weight.sexual.known is not Sexual.NONE:
            return Rating.MATURE, Rating.MATURE
        own = [each.mature_when.ask(view) for each in sets if each.mature_when is not None]
        points = any_of(own).truth if own else Truth.FALSE
        return (
            Rating.MATURE if points is Truth.TRUE else Rating.GENERAL,
            Rating.GENERAL if points is Truth.FALSE else Rating.MATURE,
        )

    def _view(self, demanded: frozenset[Capability]) -> View:
        """Look at everything; of what is demanded, only what somebody left open can matter."""
        required = frozenset([question for question in demanded if question.name in self._open])
        if required not in self._views:
            weight = self._floor.evidence.weigh(self._subjects, required)
            self._views[required] = View(self._subjects, self._facts, weight, required)
        return self._views[required]

    def _rules(self, own: PolicySet, view: View) -> Sequence[Judgement]:
        by = own.name, view.required
        if by not in self._judged:
            if view.required not in self._looks:
                self._looks[view.required] = looks_at(view)
            looks = self._looks[view.required]
            self._judged[by] = [
                exempted(each, own.exemptions, self._facts)
                for rule in own.rules
                for each in rule.judge(self._moment, looks, own.name)
            ]
        return self._judged[by]


def _anything(moment: Moment, subjects: Iterable[Subject]) -> bool:
    """Whether there is what the moment is about: something asked for, or a picture that came."""
    surfaces = {subject.surface for subject in subjects}
    return Surface.OUTPUT in surfaces if moment is Moment.OUTPUT else bool(surfaces)


def _nothing() -> Judgement:
    verdict = Verdict(
        "nothing_to_judge", Layer.FLOOR, Action.BLOCK, HarmCode.UNKNOWN, Truth.UNKNOWN
    )
    return Judgement(verdict.rule, verdict.layer, "everything", Answer(Truth.UNKNOWN), verdict)


def _unanswered(subjects: Sequence[Subject]) -> tuple[Judgement, ...]:
    """Write down every question that nobody answered; what follows from it, other rules say."""
    questions = tuple(
        finding
        for subject in subjects
        for told in subject.told.values()
        for finding in told.unanswered
    )
    if not questions:
        return ()
    verdict = Verdict(
        "unanswered", Layer.FLOOR, Action.ALLOW, HarmCode.OK, Truth.UNKNOWN, evidence=questions
    )
    answer = Answer(Truth.UNKNOWN, questions)
    return (Judgement(verdict.rule, verdict.layer, "everything", answer, verdict),)
