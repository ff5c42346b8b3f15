"""How a decision comes about: what was judged, by which rule, and what came of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from classifiers.signals import Finding
from policies.answer import Answer, any_of
from policies.condition import View
from policies.decision import Action, Verdict
from policies.evidence import Weight
from policies.facts import Facts, Moment, Rating, Surface
from policies.labels import HarmCode
from policies.layers import Floor, Layer, PolicySet
from policies.levels import Minor, Sexual
from policies.requirement import Requirement, together
from policies.rule import Judgement, looks_at
from policies.scene import Subject, subjects_of
from policies.truth import Truth


@dataclass(frozen=True, slots=True)
class Account:
    """How a decision came about: everything that was judged, also what led to nothing."""

    rating: Rating
    """By what is known; where a set's `mature_when` is unknown, more has been asked than that."""
    weight: Weight
    judgements: tuple[Judgement, ...]


def give_account(
    floor: Floor,
    sets: Sequence[PolicySet],
    moment: Moment,
    findings: Sequence[Finding],
    facts: Facts,
) -> Account:
    """Judge by `sets` and the floor's matrix, and say what came of every part of it."""
    subjects = subjects_of(moment, findings, facts, floor.evidence.scale)
    requirement = together(each.requirement for each in sets)
    rating, strictest = _ratings(floor, sets, subjects, facts, requirement)
    required = requirement.demands(strictest)
    weight = floor.evidence.weigh(subjects, required)
    view = View(subjects, facts, weight, required)
    if not _anything(moment, subjects):
        return Account(rating, weight, (_nothing(),))
    looks = looks_at(view)
    judgements = [
        *floor.matrix.judge(weight, subjects, Layer.FLOOR),
        *(
            each
            for own in sets
            for rule in own.rules
            for each in rule.judge(moment, looks, own.name)
        ),
        *_unanswered(subjects),
    ]
    return Account(rating, weight, tuple(judgements))


def _ratings(
    floor: Floor,
    sets: Sequence[PolicySet],
    subjects: Sequence[Subject],
    facts: Facts,
    requirement: Requirement,
) -> tuple[Rating, Rating]:
    """Rate by what is known, and by what cannot be excluded where a set says when it is mature."""
    required = requirement.demands(Rating.GENERAL)
    weight = floor.evidence.weigh(subjects, required)
    if weight.minor.known is not Minor.NONE or weight.sexual.known is not Sexual.NONE:
        return Rating.MATURE, Rating.MATURE
    view = View(subjects, facts, weight, required)
    own = [each.mature_when.ask(view) for each in sets if each.mature_when is not None]
    points = any_of(own).truth if own else Truth.FALSE
    return (
        Rating.MATURE if points is Truth.TRUE else Rating.GENERAL,
        Rating.GENERAL if points is Truth.FALSE else Rating.MATURE,
    )


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
        for name in subject.findings
        for finding in subject.unanswered(name)
    )
    if not questions:
        return ()
    verdict = Verdict(
        "unanswered", Layer.FLOOR, Action.ALLOW, HarmCode.OK, Truth.UNKNOWN, evidence=questions
    )
    answer = Answer(Truth.UNKNOWN, questions)
    return (Judgement(verdict.rule, verdict.layer, "everything", answer, verdict),)
