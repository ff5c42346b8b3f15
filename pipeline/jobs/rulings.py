"""Rulings: a person approves or rejects what is held, and today's policy has the last word.

An approval opens nothing by itself. The item is judged once more, by the banks and the policy of
today: what they block stays closed, what they hold goes on because of the ruling, and nobody
approves anything of `CSE.*`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit.entry import Entry, Kind
from audit.log import Log
from pipeline.access.permissions import Permission, Person
from pipeline.flow import End, Flow
from pipeline.items import Cause, Recorded, Screened, Stage, may_go_on
from pipeline.jobs.errors import RulingError
from pipeline.jobs.restore import Restore
from pipeline.projection import ruling_id
from pipeline.store.holds import End as HoldEnd
from pipeline.store.holds import Hold
from pipeline.store.store import Store
from pipeline.store.submissions import SubmissionRow


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
            RulingError: there is no reason, or the hold is closed, expired or beyond any ruling.
        """
        ruling.person.require(Permission.REVIEW_RULE)
        if not ruling.reason.strip():
            raise RulingError("a ruling needs a reason")
        if ruling.approves and str(hold.facts.get("code", "")).startswith("CSE."):
            raise RulingError("nobody releases a CSE item: reject it, or leave it to its expiry")
        if ruling.approves and (hold.cause is Cause.INCAPACITY or self.restore.judge.faults()):
            raise RulingError("a machine has to look first: see /ready for what is missing")
        entry = await self._record(hold, ruling)
        end = HoldEnd.APPROVED if ruling.approves else HoldEnd.REJECTED
        closed = await self.store.holds.close(
            hold, end, self.now(), ruling.person.name, ruling.reason
        )
        if not closed:
            raise RulingError("the hold is closed already, or its time is over")
        row = await self.store.submissions.get(hold.tenant, hold.submission)
        if row is None:
            raise RulingError("the submission is not known any more")
        approved = await self._approved(hold, row, entry) if ruling.approves else None
        if approved is None:
            reason = "policy_forbids" if ruling.approves else "rejected"
            await self.flow.record.close(row, hold.stage, hold.index, reason, hold.attempt)
        return approved

    async def _record(self, hold: Hold, ruling: Ruling) -> UUID:
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
        return (await self.log.append(entry)).entry_id

    async def _approved(self, hold: Hold, row: SubmissionRow, ruling: UUID) -> End | None:
        """Carry on what was approved; None if today's policy forbids it."""
        if hold.stage is not Stage.SCREEN:
            generated = await self.restore.generated(row, hold.index, ruling)
            return None if generated is None else await self.flow.returned(generated)
        submission = await self.restore.submission(row)
        judged = await self.restore.judged(submission)
        if not may_go_on(judged.decision, ruling):
            return None
        admitted = Screened(submission, judged, ruling)
        receipts = await self.flow.record.write(submission, admitted)
        return await self.flow.approved(Recorded(admitted, receipts), lambda: False)
