"""How far a ruling on a request reaches: to its pictures, unless they show anything new."""

from uuid import UUID

from pipeline.items import Approval, Judged
from policies.decision import Action, Decision, Verdict


def carried(judged: Judged, request: Judged, ruling: UUID | None) -> UUID | None:
    """Return the ruling on a request if it covers what holds one of its pictures, else None.

    It does if each thing that holds the picture held the request already, because of the same
    findings: the person was shown all of it. Anything new is a question of its own.
    """
    return ruling if _holding(judged.decision) <= _holding(request.decision) else None


def covering(decision: Decision, approval: Approval | None) -> UUID | None:
    """Return the ruling of an approval if it covers every rule that holds, else None."""
    if approval is None:
        return None
    holding = {each.rule for each in _holding(decision)}
    return approval.ruling if holding <= approval.rules else None


def _holding(decision: Decision) -> frozenset[Verdict]:
    return frozenset(
        each for each in decision.verdicts if each.action is Action.HOLD and not each.shadow
    )
