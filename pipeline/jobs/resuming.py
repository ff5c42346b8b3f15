"""Resuming: jobs that waited when a process died are taken up again, if nothing was paid.

Whether it was is known: a submission is `calling`, durably, before its paid call is begun. The rest
is recovery's (`recovery.py`).
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

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
"""How often at least a fault that stays is told."""

_say = structlog.get_logger("resuming")


@dataclass(frozen=True, slots=True)
class Resuming:
    """Run by whoever keeps house: not by a command that opens it for one question."""

    desk: Desk
    restore: Restore

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
        """Take up again what waits; return how much that was."""
        desk = self.desk
        others = await desk.store.others(desk.owner, desk.now())
        waiting = [
            row
            for row in await desk.store.jobs.waiting(desk.owner)
            if row.owner not in others
            and await desk.store.submissions.adopt(row, desk.owner, desk.now())
        ]
        for row in waiting:
            try:
                await self._resume(row)
            except (PipelineError, AuditError, *UNFIT) as fault:
                _say.error("not resumed", submission=str(row.id), fault=type(fault).__name__)
        return len(waiting)

    async def _resume(self, row: SubmissionRow) -> None:
        for kind in (Kind.HALTED, Kind.HELD, Kind.GENERATED):
            if await self.restore.log.receipt(entry_id(row.id, kind, _place(row, kind))):
                await finish(self.desk.flow, self.restore, row)  # it had come further than app.db
                return
        submission = await self.restore.submission(row)
        ticket, flow = Ticket(row.id, is_job=True), self.desk.flow
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
