"""Recovery: what an earlier process left in flight is finished, or closed, and never paid twice.

What had pictures is examined and released to its id. What had none is closed: as `interrupted` if
the paid call had not begun, as `unknown_outcome` if it had. Jobs that were only queued are resumed
(`resuming.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from audit.entry import Entry, Kind, entry_id
from audit.errors import ConflictError
from audit.leaf import Leaf
from audit.log import Log
from classifiers.errors import ClassifierError
from pipeline.errors import LostFileError, VaultError
from pipeline.flow import Flow
from pipeline.items import Recorded, Stage
from pipeline.jobs.continuity import is_store_lost, loss
from pipeline.jobs.errors import NotLookedError
from pipeline.jobs.escalated import restore_cases
from pipeline.jobs.restore import Restore
from pipeline.novelai.errors import NovelAIError
from pipeline.store.store import Store
from pipeline.store.submissions import State, SubmissionRow
from policies.errors import PolicyError

UNFIT = (
    VaultError,
    NovelAIError,
    ClassifierError,
    PolicyError,
    NotLookedError,
    ConflictError,
    OSError,
)
"""Why one submission cannot be carried on now. It MUST NOT keep others from being.

A policy set's file may be gone, nobody may be free to look in time (`TimeoutError`), and the log
may hold another entry under the id of its next step.
"""

_RESTORE = (
    "one that knows of no request: restore app.db from its backup; if there is none, "
    "`imprimatur serve --without-app-db` begins anew, without its tenants, keys and holds, "
    "and destroys what is in vault"
)

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
    goes_on_without: bool = False
    """Whether the operator said that app.db was lost, and is to begin anew."""

    async def run(self) -> int:
        """Finish or close everything that was left; return how many there were.

        Raises:
            LostFileError: app.db or the log was lost. Nothing was changed.
        """
        if not await is_store_lost(self.log, self.store):
            return await self._finish()
        if not self.goes_on_without:
            raise LostFileError("app.db", "the one that followed log.db", _RESTORE)
        closed = await self._finish()
        cases = await restore_cases(self.log, self.store)
        if cases:
            _say.error("escalated cases are listed again, and nothing else", count=cases)
        (newest,) = await self.log.tail(1)
        await self.log.append(loss(newest.entry_id, self.now()))
        return closed

    async def _finish(self) -> int:
        finished = 0
        others = await self.store.others(self.owner, self.now())
        resumed = {row.id for row in await self.store.jobs.waiting()}
        for row in await self.store.submissions.abandoned(self.owner):
            if row.owner in others:
                continue
            if row.id not in resumed and await self.store.submissions.adopt(
                row, self.owner, self.now()
            ):
                finished += await finish(self.flow, self.restore, row)
        return finished + await self._forgotten()

    async def _forgotten(self) -> int:
        """Close what the log admitted and app.db does not know: it was lost, or never written."""
        open_ones = [each.submission for each in await self.log.open_submissions()]
        lost = await self.store.submissions.unknown(open_ones)
        for submission in lost:
            await self.log.append(_closing(submission, self.now()))
        return len(lost)


async def finish(flow: Flow, restore: Restore, row: SubmissionRow) -> bool:
    """Finish or close a submission that nobody carries; False if it stays as it is.

    So does one of unknown outcome, which is joined for a day, and one that cannot be judged now.
    """
    halted = await restore.log.receipt(entry_id(row.id, Kind.HALTED))
    if halted is not None:  # appended, and perhaps not yet projected
        public = Leaf.parse(halted.leaf).public
        reason, harm = str(public.get("reason")), str(public.get("code", ""))
        await flow.record.projection.close(row, None, reason, harm)
        return False
    try:
        end = await _end(flow, restore, row)
    except UNFIT as fault:
        _say.error("not recovered", submission=str(row.id), fault=type(fault).__name__)
        return False
    _say.warning("finished", submission=str(row.id), end=end)
    return True


async def _end(flow: Flow, restore: Restore, row: SubmissionRow) -> str:
    """Return how it ended.

    Raises:
        NotLookedError: a machine has to be well first.
    """
    if await restore.log.receipt(entry_id(row.id, Kind.GENERATED)) is not None:
        return await _looked(flow, restore, row)
    unrecorded = None if row.state is State.ADMITTED else await restore.unrecorded(row)
    if unrecorded is not None:
        receipts = await flow.record.write(unrecorded.screened.submission, unrecorded)
        end = await flow.returned(Recorded(unrecorded, receipts))
        return type(end.outcome).__name__
    reason = "interrupted" if row.state is State.ADMITTED else "unknown_outcome"
    await flow.record.close(row, Stage.GENERATE, None, reason)
    return reason


async def _looked(flow: Flow, restore: Restore, row: SubmissionRow) -> str:
    """Look at the pictures on which nothing was decided, and go on from there."""
    generated = await restore.generated(row)
    if generated is None:
        if not await restore.tenancy.store.pictures.of(row.tenant, row.id):  # nothing was decided
            await flow.record.close(row, Stage.EXAMINE, None, "policy_forbids")
            return "policy_forbids"
        for index in await restore.undecided(row):
            look = await restore.next_look(row)
            await flow.record.close(row, Stage.EXAMINE, index, "policy_forbids", look)
        return "policy_forbids"
    if not generated.outcome.pictures:
        await flow.record.projection.settle(row.tenant, row.id)
        return "settled"
    return type((await flow.returned(generated)).outcome).__name__


def _closing(submission: UUID, at: datetime) -> Entry:
    return Entry(
        entry_id(submission, Kind.HALTED),
        Kind.HALTED,
        at,
        {"submission": str(submission), "stage": Stage.GENERATE.value, "reason": "interrupted"},
    )
