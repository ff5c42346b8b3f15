"""What may be done with a case, by what it is held for. What a queue hides, the server refuses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pipeline.access.permissions import Permission
from pipeline.console.errors import NowhereError
from pipeline.console.sessions import Session
from pipeline.items import NEVER_RELEASED
from pipeline.settings.queues import ReviewQueue
from pipeline.store.holds import Hold

TWO_PEOPLE = frozenset({"SEX", "NCII"})
"""Families of codes of which nothing is released because of one person."""


class Act(StrEnum):
    """What somebody may do with a case."""

    APPROVE = "approve"
    REJECT = "reject"
    ESCALATE = "escalate"
    APPROVE_TOGETHER = "approve together"
    """With others, as one batch."""
    REJECT_TOGETHER = "reject together"


_TOGETHER = frozenset({Act.APPROVE_TOGETHER, Act.REJECT_TOGETHER})
HIDDEN: Mapping[str, frozenset[Act]] = {
    NEVER_RELEASED: _TOGETHER | {Act.APPROVE},
    "NCII": frozenset({Act.APPROVE_TOGETHER}),
    "SEX": frozenset({Act.APPROVE_TOGETHER}),
}
"""By family of codes: nobody releases `CSE.*`, and what two people release is no bulk."""


@dataclass(frozen=True, slots=True)
class Ordinary:
    """A case of which something may be drawn or compared, or that is ruled on with others.

    Whatever draws a picture, looks for precedents or rules in bulk takes nothing else, and there is
    none of `CSE.*`: what is for the quarantine is out of reach by type.

    Raises:
        NowhereError: it is of `CSE.*`.
    """

    hold: Hold

    def __post_init__(self) -> None:
        if is_of_the_worst(self.hold):
            raise NowhereError


def acts_of(hold: Hold, queues: Sequence[ReviewQueue] = ()) -> frozenset[Act]:
    """Return what may be done with a case; every queue that it is in may take something away."""
    hidden = {Act(act.value) for queue in queues if queue.has(hold.code) for act in queue.hides}
    return frozenset(Act) - HIDDEN.get(family_of(hold), frozenset()) - hidden


def family_of(hold: Hold) -> str:
    """Return the part of a hold's code before its dot."""
    return hold.code.partition(".")[0]


def is_of_the_worst(hold: Hold) -> bool:
    """Whether a case is for the child-safety role alone."""
    return family_of(hold) == NEVER_RELEASED


def sees_worst(session: Session) -> bool:
    """Whether cases of `CSE.*` are there for this person."""
    return session.may(Permission.CHILD_SAFETY_OPEN)


def sees_escalated(session: Session) -> bool:
    """Whether what was escalated to seniors is there: to them, and to who only reads."""
    return session.may(Permission.REVIEW_APPROVE_SECOND) or not session.may(Permission.REVIEW_RULE)
