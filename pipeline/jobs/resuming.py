"""Resuming: what stopped on its way goes on, in each gateway.

Jobs that waited when their gateway died are taken up by whichever is first, if nothing was paid.
Whether it was is known: a submission is `calling`, durably, before its paid call is begun. What
this gateway itself let fall, because the log could not be written, it takes up by itself: nobody
else would as long as it lives. The rest is recovery's (`recovery.py`).
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

import structlog

from audit.entry import Kind, entry_id
from audit.errors import AuditError
from pipeline.errors import PipelineError, StoreError
from pipeline.items import Recorded, Screened, Stage, may_go_on
from pipeline.jobs.desk import Desk, Ticket
from pipeline.jobs.recovery import UNFIT, finish
from pipeline.jobs.restore import Restore
from pipeline.store.submissions import SubmissionRow
from pipeline.telemetry.spacing import Spacing

SELDOMEST: Final = timedelta(hours=1)
"""How often at least a fault that stays is told, and a job tried that fails."""
FALLEN: Final = timedelta(minutes=1)
"""After so long without a step, a job of ours that nobody carries is taken up again."""
STRANDED: Final = timedelta(minutes=30)
"""After so long, whatever nobody carries is finished or closed."""

_say = structlog.get_logger("resuming")


@dataclass(frozen=True, slots=True)
class Resuming:
    """Run by whoever serves: not by a command that opens the house for one question."""

    desk: Desk
    restore: Restore
    _tries: Counter[UUID] = field(default_factory=Counter[UUID])
    """How often each was finished in vain: each next try waits twice as long."""
    _spacing: Spacing = field(default_factory=lambda: Spacing(SELDOMEST))

    async def run(self, every_seconds: float) -> None:
        """Take up what waits, again and again until cancelled: another gateway may have died."""
        tellings = Spacing(SELDOMEST)
        while True:
            try:
                await self.round()
            except (StoreError, AuditError) as fault:
                kind = type(fault).__name__
                if tellings.is_due(kind, self.desk.now()):
                    _say.error("nothing resumed", fault=kind)
            else:
                tellings = Spacing(SELDOMEST)
            await asyncio.sleep(every_seconds)

    async def round(self) -> int:
        """Take up again what waits or fell; return how many jobs that were."""
        desk, count = self.desk, 0
        others = await desk.store.others(desk.owner, desk.now())
        for row in await desk.store.jobs.waiting():
            if row.owner not in others and await self._is_ours(row):
                count += 1
                await self._try(row)
        for row in await desk.store.submissions.abandoned(""):
            if row.owner == desk.owner and self._is_stranded(row):
                self._tries[row.id] += 1
                await finish(desk.flow, self.restore, row)
        return count

    async def _is_ours(self, row: SubmissionRow) -> bool:
        """Whether a job is to be taken up here; one of a dead gateway is ours from now on."""
        desk = self.desk
        if row.owner != desk.owner:
            return await desk.store.submissions.adopt(row, desk.owner, desk.now())
        fell = row.changed_at + FALLEN <= desk.now() and not desk.carries(row.id)
        return fell and self._spacing.is_due(str(row.id), desk.now())

    def _is_stranded(self, row: SubmissionRow) -> bool:
        if self.desk.carries(row.id) or self.restore.has_taken(row.id):
            return False
        return row.changed_at + STRANDED * (1 << self._tries[row.id]) <= self.desk.now()

    async def _try(self, row: SubmissionRow) -> None:
        try:
            await self._resume(row)
        except (PipelineError, AuditError, *UNFIT) as fault:
            _say.error("not resumed", submission=str(row.id), fault=type(fault).__name__)

    async def _resume(self, row: SubmissionRow) -> None:
        for kind in (Kind.HALTED, Kind.HELD, Kind.GENERATED):
            if await self.restore.log.receipt(entry_id(row.id, kind, _place(row, kind))):
                await finish(self.desk.flow, self.restore, row)  # it had come further than app.db
                return
        submission = replace(await self.restore.submission(row), is_job=True)
        ticket, flow = Ticket(row.id, is_job=True, tenant=row.tenant), self.desk.flow
        admitted = await self.restore.log.receipt(entry_id(row.id, Kind.ADMIT))
        if admitted is None:
            run = partial(flow.run, submission, ticket.is_left)
            self.desk.in_turn(ticket, submission, run)
            return
        judged = await self.restore.judged(submission)  # by what is known today
        if not may_go_on(judged.decision, None):
            await flow.record.close(row, Stage.SCREEN, None, "policy_forbids")
            return
        screened = Recorded(Screened(submission, judged), (admitted,))
        run = partial(flow.approved, screened, ticket.is_left)
        self.desk.in_turn(ticket, submission, run)


def _place(row: SubmissionRow, kind: Kind) -> int:
    return row.samples if kind is Kind.HELD else 0
