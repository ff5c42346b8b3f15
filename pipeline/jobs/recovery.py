"""Recovery: what an earlier process left in flight is finished, or closed, and never paid twice.

What had pictures is examined and released to its id. What had none is closed: as `interrupted` if
the paid call had not begun, as `unknown_outcome` if it had.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from audit.entry import Entry, Kind, entry_id
from audit.log import Log
from pipeline.flow import Flow
from pipeline.items import Stage
from pipeline.jobs.restore import Restore
from pipeline.store.store import Store
from pipeline.store.submissions import State, SubmissionRow

_say = structlog.get_logger("recovery")


@dataclass(frozen=True, slots=True)
class Recovery:
    """Run once at start, before anything is admitted."""

    flow: Flow
    restore: Restore
    store: Store
    log: Log
    owner: str
    now: Callable[[], datetime]

    async def run(self) -> int:
        """Finish or close everything that was left; return how many there were."""
        left = await self.store.submissions.abandoned(self.owner)
        for row in left:
            if await self.store.submissions.adopt(row, self.owner, self.now()):
                await self._finish(row)
        return len(left) + await self._forgotten()

    async def _finish(self, row: SubmissionRow) -> None:
        generated = await self.restore.generated(row)
        if generated is not None:
            if row.state in {State.ADMITTED, State.CALLING}:  # appended, not yet projected
                await self.flow.record.projection.follow(
                    generated.outcome.screened.submission, generated.outcome
                )
            end = await self.flow.returned(generated)
            _say.info("resumed", submission=str(row.id), end=type(end.outcome).__name__)
            return
        reason = "interrupted" if row.state is State.ADMITTED else "unknown_outcome"
        await self.flow.record.close(row, Stage.GENERATE, None, reason)
        _say.warning("closed", submission=str(row.id), reason=reason)

    async def _forgotten(self) -> int:
        """Close what the log admitted and app.db does not know: it was lost, or never written."""
        open_ones = [each.submission for each in await self.log.open_submissions()]
        lost = await self.store.submissions.unknown(open_ones)
        for submission in lost:
            await self.log.append(_closing(submission, self.now()))
        return len(lost)


def _closing(submission: UUID, at: datetime) -> Entry:
    return Entry(
        entry_id(submission, Kind.HALTED),
        Kind.HALTED,
        at,
        {"submission": str(submission), "stage": Stage.GENERATE.value, "reason": "interrupted"},
    )
