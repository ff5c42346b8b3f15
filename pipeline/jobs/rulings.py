"""Rulings: a person approves or rejects what is held, and today's policy has the last word.

An approval opens nothing by itself. The item is judged once more, by the banks and the policy of
today: what they block stays closed, what they hold goes on because of the ruling, and nobody
approves anything of `CSE.*`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from audit.entry import Entry, Json, Kind, Receipt
from audit.errors import ConflictError
from audit.leaf import Leaf
from audit.log import Log
from pipeline.access.permissions import Permission, Person
from pipeline.flow import End, Flow
from pipeline.halts import Halts
from pipeline.items import (
    NEVER_RELEASED,
    Approval,
    Cause,
    Generated,
    Recorded,
    Screened,
    Stage,
    may_go_on,
)
from pipeline.jobs.errors import NotLookedError, RulingError
from pipeline.jobs.restore import Restore, shown
from pipeline.projection import ruling_id
from pipeline.stages.approval import covering
from pipeline.store.holds import End as HoldEnd
from pipeline.store.holds import Hold
from pipeline.store.store import Store
from pipeline.store.submissions import SubmissionRow
from policies.decision import Action
from policies.labels import HarmCode

RULED: Final = "generation.ruled"
"""The kind of the webhook that says that a person ruled, and where a generation stands now."""
NO_LABEL: Final = frozenset({HarmCode.OK})
"""What a platform shows nobody anything by."""
_CLOSED = "the hold is closed already, or its time is over"
_HALTED = "the operator has halted it: see `imprimatur halts list`; rejecting is possible"
_SICK = "a machine has to look first: see /ready for what is missing"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a person decided, and why."""

    person: Person
    approves: bool
    reason: str
    code: str = ""
    """The harm code that it was ruled by, if one was named."""
    labels: bool = False
    """Whether what is approved is to be shown as `code` by the platform."""


@dataclass(frozen=True, slots=True)
class Rulings:
    """Takes rulings, and carries on what they approve."""

    flow: Flow
    restore: Restore
    store: Store
    log: Log
    now: Callable[[], datetime]
    halts: Halts
    _ruling: set[UUID] = field(default_factory=set[UUID])
    """The holds that somebody is ruling on at this moment, and is waited for at the end."""

    @property
    def in_progress(self) -> int:
        """How many rulings are being carried out."""
        return len(self._ruling)

    async def rule(self, hold: Hold, ruling: Ruling) -> End | None:
        """Record a ruling and do what follows; None when the item is withheld for good.

        Raises:
            ForbiddenError: the person may not rule.
            RulingError: there is no reason, or no label; or the hold is closed, expired or
                beyond any ruling; or nobody could judge it again now. Nothing was recorded.
        """
        ruling.person.require(Permission.REVIEW_RULE)
        check(ruling)
        with self.restore.taking(hold) as taken:
            if not taken:
                raise RulingError(_CLOSED)
            self._ruling.add(hold.id)
            try:
                return await self._rule(*await self._found(hold), ruling)
            finally:
                self._ruling.discard(hold.id)

    async def _found(self, hold: Hold) -> tuple[Hold, SubmissionRow]:
        """Return a hold that is open by now, and what it holds: it may have been shown long ago."""
        found = await self.store.holds.get(hold.tenant, hold.id)
        if found is None or found.end is not None or found.expires_at <= self.now():
            raise RulingError(_CLOSED)
        row = await self.store.submissions.get(hold.tenant, hold.submission)
        if row is None:
            raise RulingError("the submission is not known any more")
        return found, row

    async def _rule(self, hold: Hold, row: SubmissionRow, ruling: Ruling) -> End | None:
        """Do what a ruling says, and close its hold last: until then it can be ruled on again."""
        if not await self.restore.waits(row, hold):
            await self._close_late(hold)
            raise RulingError(_CLOSED)
        approved = await self._judged_again(hold, row) if ruling.approves else None
        await self._record(hold, ruling)
        done = None
        if approved is not None:
            done = await self._carry_on(approved)
        else:
            reason = "policy_forbids" if ruling.approves else "rejected"
            await self.flow.record.end(row, hold, reason)
        await self.store.together(lambda part: self._close(part, hold, ruling))
        return done

    async def _close(self, part: Store, hold: Hold, ruling: Ruling) -> None:
        """Close the hold of what was ruled on, and have its tenant told what became of it."""
        now, end = self.now(), HoldEnd.APPROVED if ruling.approves else HoldEnd.REJECTED
        await part.holds.close(hold, end, now, ruling.person.name, ruling.reason)
        row = await part.submissions.get(hold.tenant, hold.submission)
        if row is not None:
            label = ruling.code if ruling.labels else None
            body = {"generation": str(row.id), "state": row.state, "code": row.code, "label": label}
            known_as = uuid5(hold.id, f"webhook/{RULED}")
            await part.webhooks.enqueue(known_as, hold.tenant, RULED, body, now)

    async def _close_late(self, hold: Hold) -> None:
        """Close the hold of what has gone on, as the log says that it was ruled."""
        earlier = await self.log.receipt(ruling_id(hold.id))
        end = HoldEnd.REEXAMINED if earlier is None else HoldEnd(str(_outcome(earlier)))
        await self.store.holds.close(hold, end, self.now(), "machine")

    async def _record(self, hold: Hold, ruling: Ruling) -> None:
        named: dict[str, Json] = {"code": ruling.code} if ruling.code else {}
        named |= {"action": Action.LABEL.value} if ruling.labels else {}
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
                **named,
            },
            {"person": ruling.person.name, "reason": ruling.reason},
        )
        try:
            await self.log.append(entry)
        except ConflictError:  # somebody ruled before, and what follows was cut off: do that
            earlier = await self.log.receipt(entry.entry_id)
            if earlier is None or _outcome(earlier) != entry.public["outcome"]:
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
        if await self.halts.stops_row(row):
            raise RulingError(_HALTED)
        try:
            approved = await self._today(hold, row, Approval(ruling_id(hold.id), shown(hold)))
        except NotLookedError:
            raise RulingError(_SICK) from None
        if self.restore.judge.faults():  # what comes next could not be looked at
            raise RulingError(_SICK)
        return approved

    async def _today(
        self, hold: Hold, row: SubmissionRow, approval: Approval
    ) -> Recorded[Generated] | Screened | None:
        if hold.stage is not Stage.SCREEN:
            return await self.restore.generated(row, hold, approval)
        submission = await self.restore.submission(row)
        judged = await self.restore.judged(submission)
        ruling = covering(judged.decision, approval)
        allowed = may_go_on(judged.decision, ruling)
        return Screened(submission, judged, ruling) if allowed else None

    async def _carry_on(self, approved: Recorded[Generated] | Screened) -> End:
        if isinstance(approved, Recorded):
            return await self.flow.returned(approved)
        receipts = await self.flow.record.write(approved.submission, approved)
        return await self.flow.approved(Recorded(approved, receipts), lambda: False)


def check(ruling: Ruling) -> None:
    """Return if a ruling says all that it has to.

    Raises:
        RulingError: there is no reason; or it labels, and does not say as what.
    """
    if not ruling.reason.strip():
        raise RulingError("a ruling needs a reason")
    if not ruling.labels:
        return
    code = HarmCode(ruling.code) if ruling.code in set(HarmCode) else HarmCode.OK
    if not ruling.approves or code in NO_LABEL or code.family == NEVER_RELEASED:
        raise RulingError("a label needs an approval, and a code to be shown as")


async def label_of(log: Log, hold: Hold) -> str | None:
    """Return as what a person had something shown that was held; None if they did not.

    Raises:
        AuditError: it cannot be told.
    """
    if hold.end is not HoldEnd.APPROVED:
        return None
    receipt = await log.receipt(ruling_id(hold.id))
    public = {} if receipt is None else Leaf.parse(receipt.leaf).public
    return str(public["code"]) if public.get("action") == Action.LABEL else None


def _outcome(ruling: Receipt) -> object:
    return Leaf.parse(ruling.leaf).public.get("outcome")
