"""A second look: what nobody could look at, a machine looks at again.

A picture that came back is examined once more; a request that never went upstream is read once
more, and goes on from where it stopped. Whatever then waits for a person waits no longer than it
would have waited for the machine.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

import structlog

from pipeline.flow import End, Flow
from pipeline.items import Cause, Halted, Held, Recorded, Screened, Submission
from pipeline.jobs.desk import Desk, Ticket
from pipeline.jobs.restore import Restore
from pipeline.store.holds import End as HoldEnd
from pipeline.store.holds import Hold
from pipeline.store.store import Store
from pipeline.store.submissions import SubmissionRow

_say = structlog.get_logger("second look")


@dataclass(frozen=True, slots=True)
class SecondLook:
    """Looks again at what is held because nobody could look."""

    flow: Flow
    restore: Restore
    store: Store
    desk: Desk
    now: Callable[[], datetime]
    _begun: set[UUID] = field(default_factory=set[UUID])
    """What it sent upstream: one at a time, so that the queue stays that of waiting clients."""

    async def __call__(self, hold: Hold) -> None:
        """Look at what is held, and close the hold if it does not wait for a machine any more.

        Whoever calls this MUST have taken the hold (`Restore.taking`).

        Raises:
            PipelineError, AuditError and what `recovery.UNFIT` names: it waits as before.
        """
        row = await self.store.submissions.get(hold.tenant, hold.submission)
        if row is not None and await self.restore.waits(row, hold):
            look = self._at_request if hold.index is None else self._at_picture
            if not await look(row, hold):
                return
        await self.close(hold)

    async def close(self, hold: Hold) -> None:
        """Say that a machine's decision follows."""
        await self.store.holds.close(hold, HoldEnd.REEXAMINED, self.now(), "machine")

    async def _at_picture(self, row: SubmissionRow, hold: Hold) -> bool:
        generated = await self.restore.generated(row, hold)
        if generated is None:
            return False  # its request is not allowed today: a person or its expiry ends the hold
        if self.flow.halted(generated.outcome.screened.submission):
            return False
        self._tell(hold, await self.flow.returned(generated))
        return True

    async def _at_request(self, row: SubmissionRow, hold: Hold) -> bool:
        """Return whether the hold is over by now; if it is sent upstream, that closes it later."""
        submission = await self.restore.submission(row)
        if self.flow.halted(submission):
            return False
        outcome = await self.flow.screen(submission)
        match outcome:
            case Halted(retry_after_seconds=int()) | Held(cause=Cause.INCAPACITY):
                return False
            case Held():
                again = replace(submission, attempt=hold.attempt + 1)
                waits = replace(outcome, expires_at=hold.expires_at)
                await self.flow.record.write(again, waits)
            case Halted():
                await self.flow.record.write(submission, outcome)
            case Screened():
                await self._send(submission, outcome, hold)
                return False
        _say.info("looked again", hold=str(hold.id), end=type(outcome).__name__)
        return True

    async def _send(self, submission: Submission, screened: Screened, hold: Hold) -> None:
        """Have the desk carry what is allowed by now, unless it carries another or is closing."""
        if self.desk.is_closing or any(map(self.desk.carries, self._begun)):
            return
        admitted = Recorded(screened, await self.flow.record.write(submission, screened))
        self._begun.clear()
        self._begun.add(submission.id)
        self.desk.carry(Ticket(submission.id), self._carried(admitted, hold))

    async def _carried(self, admitted: Recorded[Screened], hold: Hold) -> End:
        end = await self.flow.approved(admitted, lambda: False)
        self._tell(hold, end)
        await self.close(hold)
        return end

    def _tell(self, hold: Hold, end: End) -> None:
        _say.info("looked again", hold=str(hold.id), end=type(end.outcome).__name__)
