"""Lays policy sets on each other, and checks what can only be seen of all of them together."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import pairwise

from classifiers.signals import SignalName
from policies.decision import Action
from policies.errors import PolicyError, Problem
from policies.layers import Layer, PolicySet
from policies.policy import Policy
from policies.requirement import together


def compose(sets: Sequence[PolicySet]) -> Policy:
    """Make one policy of `sets`, which MUST be in the order of their layers, one floor first.

    Raises:
        PolicyError: they do not fit together; it says all that is wrong.
    """
    problems = [*_order(sets), *_names(sets), *_unread(sets), *_unrequired(sets)]
    floor = sets[0].floor if sets else None
    if floor is None:
        problems.insert(0, _problem(sets[0].name if sets else "policy", "expected the floor first"))
    if problems or floor is None:
        raise PolicyError(problems)
    said = "\n".join(each.canonical for each in sets)
    return Policy(
        floor,
        tuple(sets),
        together(each.requirement for each in sets),
        sha256(said.encode()).hexdigest(),
    )


def _order(sets: Sequence[PolicySet]) -> Iterable[Problem]:
    for below, above in pairwise(sets):
        if above.layer is Layer.FLOOR:
            yield _problem(above.name, "expected one floor, got another")
        elif above.layer.height < below.layer.height:
            yield _problem(
                above.name,
                f"a set of layer '{above.layer}' lies on '{below.name}' of layer '{below.layer}'",
                f"order them {', '.join(Layer)}",
            )


def _names(sets: Sequence[PolicySet]) -> Iterable[Problem]:
    names = [each.name for each in sets]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield _problem(name, "two sets have this name", "verdicts name the set they come from")


def _unread(sets: Sequence[PolicySet]) -> Iterable[Problem]:
    """A question that is required and that nobody asks would be looked at in vain."""
    read = frozenset(name for each in sets for name in each.reads())
    for each in sets:
        required = each.requirement.general | each.requirement.mature
        for question in sorted(required, key=str):
            if question.name not in read:
                yield _problem(
                    each.name,
                    f"requires '{question}', which no rule reads",
                    "add a rule that says what follows from it, or do not require it",
                )


def _unrequired(sets: Sequence[PolicySet]) -> Iterable[Problem]:
    """Unknown counts only where an answer is required: elsewhere the reaction would never come."""
    requirement = together(each.requirement for each in sets)
    required = {question.name for question in requirement.general | requirement.mature}
    for each in sets:
        for rule in each.rules:
            if rule.unknown.action.severity < Action.HOLD.severity:
                continue
            for name in sorted(rule.when.reads() - required - {SignalName.IMAGE_PHOTOGRAPH}):
                yield _problem(
                    each.name,
                    f"rule '{rule.name}' would {rule.unknown.action} where '{name}' is unknown, "
                    "but no set requires it, so unknown would be tolerated",
                    f"add '{name}' to `requires`, or say `unknown: allow`",
                )


def _problem(name: str, message: str, hint: str = "") -> Problem:
    return Problem(name, 0, 0, message, hint=hint)
