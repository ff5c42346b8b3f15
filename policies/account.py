"""How a decision comes about: what was judged, by which rule, and what came of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from classifiers.classifier import Capability
from classifiers.signals import Finding
from policies.answer import Answer
from policies.condition import View
from policies.decision import Action, Verdict
from policies.evidence import Weight
from policies.facts import Facts, Moment, Rating, Surface
from policies.labels import HarmCode
from policies.layers import Floor, Layer, PolicySet
from policies.levels import Minor, Sexual
from policies.requirement import Requirement, together
from policies.rule import Judgement
from policies.scene import Subject, subjects_of
from policies.truth import Truth


@dataclass(frozen=True, slots=True)
class Account:
    """How a decision came about: everything that was judged, also what led to nothing."""

    rating: Rating
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
    rating = _rating(floor, sets, subjects, facts, requirement)
    required = requirement.at(rating)
    weight = floor.evidence.weigh(subjects, required)
    view = View(subjects, facts, weight, required)
    if not _anything(moment, subjects):
        return Account(rating, weight, (_nothing(),))
    judgements = [
        *floor.matrix.judge(weight, subjects, Layer.FLOOR),
        *(
            each
            for own in sets
            for rule in own.rules
            for each in rule.judge(moment, view, own.name)
        ),
        *_not_assessed(subjects, required),
    ]
    return Account(rating, weight, tuple(judgements))


def _rating(
    floor: Floor,
    sets: Sequence[PolicySet],
    subjects: Sequence[Subject],
    facts: Facts,
    requirement: Requirement,
) -> Rating:
    """Rate by what is known to be there; a set's own condition also where it is not known."""
    required = requirement.at(Rating.GENERAL)
    weight = floor.evidence.weigh(subjects, required)
    if weight.minor.known is not Minor.NONE or weight.sexual.known is not Sexual.NONE:
        return Rating.MATURE
    view = View(subjects, facts, weight, required)
    own = [each.mature_when.ask(view) for each in sets if each.mature_when is not None]
    points = any(answer.truth is not Truth.FALSE for answer in own)
    return Rating.MATURE if points else Rating.GENERAL


def _anything(moment: Moment, subjects: Iterable[Subject]) -> bool:
    """Whether there is what the moment is about: something asked for, or a picture that came."""
    surfaces = {subject.surface for subject in subjects}
    return Surface.OUTPUT in surfaces if moment is Moment.OUTPUT else bool(surfaces)


def _nothing() -> Judgement:
    verdict = Verdict(
        "nothing_to_judge", Layer.FLOOR, Action.BLOCK, HarmCode.UNKNOWN, Truth.UNKNOWN
    )
    return Judgement(verdict.rule, verdict.layer, "everything", Answer(Truth.UNKNOWN), verdict)


def _not_assessed(
    subjects: Sequence[Subject], required: frozenset[Capability]
) -> tuple[Judgement, ...]:
    """Write down which questions nobody answered, and nobody had to: that allows, but is said."""
    open_questions = tuple(
        finding
        for subject in subjects
        for name in subject.findings
        if not subject.needs(name, required)
        for finding in subject.unanswered(name)
    )
    if not open_questions:
        return ()
    verdict = Verdict(
        "not_assessed",
        Layer.FLOOR,
        Action.ALLOW,
        HarmCode.OK,
        Truth.UNKNOWN,
        evidence=open_questions,
    )
    answer = Answer(Truth.UNKNOWN, open_questions)
    return (Judgement(verdict.rule, verdict.layer, "everything", answer, verdict),)
