"""Rulings: a person approves or rejects what is held, and today's policy has the last word.

An approval opens nothing by itself. The item is judged once more, by the banks and the policy of
today: what they block stays closed, what they hold goes on because of the ruling, and nobody
approves anything of `CSE.*`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from audit.entry import Entry, Kind
from audit.errors import ConflictError
from audit.log import Log
from pipeline.access.permissions import Permission, Person
from pipeline.flow import End, Flow
from pipeline.items import (
    NEVER_RELEASED,
    Cause,
    Generated,
    Recorded,
    Screened,
    Stage,
    may_go_on,
)
from pipeline.jobs.errors import RulingError
from pipeline.jobs.restore import Restore
from pipeline.projection import ruling_id
from pipeline.store.holds import End as HoldEnd
from pipeline.store.holds import Hold
from pipeline.store.store import Store
from pipeline.store.submissions import SubmissionRow

_CLOSED = "the hold is closed already, or its time is over"
_SICK = "a machine has to look first: see /ready for what is missing"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a person decided, and why."""

    person: Person
    approves: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Rulings:
    """Takes rulings, and carries on what they approve."""

    flow: Flow
    restore: Restore
    store: Store
    log: Log
    now: Callable[[], datetime]

    async def rule(self, hold: Hold, ruling: Ruling) -> End | None:
        """Record a ruling and do what follows; None when the item is withheld for good.

        Raises:
            ForbiddenError: the person may not rule.
            RulingError: there is no reason, or the hold is closed, expired or beyond any ruling;
                or nobody could judge it again now. Nothing was recorded.
        """
        ruling.person.require(Permission.REVIEW_RULE)
        if not ruling.reason.strip():
            raise RulingError("a ruling needs a reason")
        if hold.end is not None or hold.expires_at <= self.now():
            raise RulingError(_CLOSED)
        row = await self.store.submissions.get(hold.tenant, hold.submission)
        if row is None:
            raise RulingError("the submission is not known any more")
        approved = await self._judged_again(hold, row) if ruling.approves else None
        await self._record(hold, ruling)
        end = HoldEnd.APPROVED if ruling.approves else HoldEnd.REJECTED
        closed = await self.store.holds.close(
            hold, end, self.now(), ruling.person.name, ruling.reason
        )
        if not closed:
            raise RulingError(_CLOSED)
        if approved is not None:
            return await self._carry_on(approved)
        reason = "policy_forbids" if ruling.approves else "rejected"
        await self.flow.record.close(row, hold.stage, hold.index, reason, hold.attempt)
        return None

    async def _record(self, hold: Hold, ruling: Ruling) -> None:
        entry = Entry(
            ruling_id(hold.id),
            Kind.RULING,
            self.now(),
            {
                "submission": str(hold.submission),
                "tenant": hold.tenant,
                "case": str(hold.id),
                "stage": hold.stage.value,
                "sample": hold.index or 0,
                "outcome": "approved" if ruling.approves else "rejected",
                "automated": False,
            },
            {"person": ruling.person.name, "reason": ruling.reason},
        )
        try:
            await self.log.append(entry)
        except ConflictError:  # of two who rule at once, one does
            raise RulingError(_CLOSED) from None

    async def _judged_again(
        self, hold: Hold, row: SubmissionRow
    ) -> Recorded[Generated] | Screened | None:
        """Return what an approval carries on; None if today's policy forbids it.

        Raises:
            RulingError: nobody may approve it, or nobody could judge it now.
        """
        if str(hold.facts.get("code", "")).startswith(f"{NEVER_RELEASED}."):
            raise RulingError("nobody releases a CSE item: reject it, or leave it to its expiry")
        if hold.cause is Cause.INCAPACITY:
            raise RulingError(_SICK)
        ruling = ruling_id(hold.id)
        approved: Recorded[Generated] | Screened | None
        if hold.stage is Stage.SCREEN:
            submission = await self.restore.submission(row)
            judged = await self.restore.judged(submission)
            allowed = may_go_on(judged.decision, ruling)
            approved = Screened(submission, judged, ruling) if allowed else None
        else:
            approved = await self.restore.generated(row, hold.index, ruling)
        if self.restore.judge.faults():
            raise RulingError(_SICK)
        return approved

    async def _carry_on(self, approved: Recorded[Generated] | Screened) -> End:
        if isinstance(approved, Recorded):
            return await self.flow.returned(approved)
        receipts = await self.flow.record.write(approved.submission, approved)
        return await self.flow.approved(Recorded(approved, receipts), lambda: False)
