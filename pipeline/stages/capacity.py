"""Capacity: when more waits than a tenant's people can rule on in a day, a hold is a refusal.

Whoever is told to wait for a person whom nobody has is only refused later. What may be a crime
against somebody (`CSE.*`, `NCII.*`) is held all the same: that a queue is long makes nobody look
away from it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from pipeline.items import (
    INHERITED,
    Cause,
    Cleared,
    Examined,
    Generated,
    Halted,
    Held,
    PublicCode,
    Recorded,
    Screened,
    Stage,
    Submission,
    public_code,
)
from pipeline.stages.stage import Step
from pipeline.store.store import Store

QUEUE_FULL: Final = "queue_full"
"""Why something is refused that a person would have ruled on."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """Knows whether a tenant's queue holds as much as its people can rule on in a day."""

    store: Store
    now: Callable[[], datetime]

    async def is_full(self, tenant: str) -> bool:
        """Whether no more is to be held. A tenant that declared nothing has no bound.

        Raises:
            StoreError: nobody knows.
        """
        found = await self.store.tenants.get(tenant)
        most = None if found is None else found.profile.reviews_a_day
        if most is None:
            return False
        return await self.store.holds.waiting_for(tenant, most, self.now()) >= most


@dataclass(frozen=True, slots=True)
class BoundedScreen:
    """Screens a request, and refuses what would be held when the queue is full: nothing is paid."""

    step: Step[Submission, Screened | Held | Halted]
    capacity: Capacity
    stage: Stage = Stage.SCREEN

    async def __call__(self, item: Submission, /) -> Screened | Held | Halted:
        """Return what the step does, or a refusal in the place of a hold."""
        outcome = await self.step(item)
        if not _may_be_refused(outcome) or not await self.capacity.is_full(item.subject.tenant):
            return outcome
        return _refused(outcome)


@dataclass(frozen=True, slots=True)
class BoundedExamine:
    """Examines pictures, and withholds what would be held when the queue is full."""

    step: Step[Recorded[Generated], Examined]
    capacity: Capacity
    stage: Stage = Stage.EXAMINE

    async def __call__(self, item: Recorded[Generated], /) -> Examined:
        """Return what the step does, with refusals in the places of holds."""
        outcome = await self.step(item)
        tenant = item.outcome.screened.submission.subject.tenant
        if not any(map(_may_be_refused, outcome.outcomes)):
            return outcome
        if not await self.capacity.is_full(tenant):
            return outcome
        stands = tuple(
            _refused(each) if _may_be_refused(each) else each for each in outcome.outcomes
        )
        return replace(outcome, outcomes=stands)


def _may_be_refused(outcome: Screened | Cleared | Held | Halted) -> bool:
    """Whether it is held for a person, and not for the worst."""
    if not isinstance(outcome, Held) or outcome.cause is not Cause.SUSPICION:
        return False
    codes = () if outcome.judged is None else outcome.judged.decision.codes
    return not {code.family for code in codes} & INHERITED


def _refused(held: Screened | Cleared | Held | Halted) -> Halted:
    if not isinstance(held, Held):
        raise TypeError("capacity: expected something that is held")
    judged, code = held.judged, PublicCode.CONTENT_NOT_ALLOWED
    if judged is not None:
        code = public_code(judged.decision)
    return Halted(held.submission, held.stage, code, judged, QUEUE_FULL, held.index)
