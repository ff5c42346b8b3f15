"""Upkeep: what has to happen without anybody asking.

Sick classifiers are tried again; what waits for a machine is looked at again once they are well;
holds that nobody ruled on expire to withheld, never to released; what is out of time is destroyed.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid5

import structlog

from audit.entry import Entry, Json, Kind
from audit.errors import AuditError
from audit.leaf import Leaf
from pipeline.errors import PipelineError
from pipeline.flow import Flow
from pipeline.items import Cause
from pipeline.jobs.recovery import UNFIT, finish
from pipeline.jobs.restore import Restore
from pipeline.jobs.second_look import SecondLook
from pipeline.judge import Judge
from pipeline.repeats import REMEMBERED
from pipeline.seizure import Seizure
from pipeline.stages.generate import picture_name
from pipeline.store.holds import End, Hold
from pipeline.store.pictures import Picture, PictureState
from pipeline.store.store import Store
from pipeline.store.submissions import SubmissionRow
from pipeline.telemetry.spacing import Spacing
from pipeline.vault import Vault, id_of

LEFTOVER = timedelta(hours=1)
"""How old a sealed object must be that nothing names before it is taken for a crash's leftover."""
SWEEP_EVERY = 600
"""In how many rounds once everything is swept that is kept no longer."""
CONTESTED = timedelta(days=366)
"""How long why a request was refused is remembered: longer than it can be contested."""
SLOWEST = 12
"""Looks are spaced by doubling seconds, up to 2 ** SLOWEST: a picture that no model can answer
for is not looked at for ever in a row."""

MOST_HOLDS = 10_000
DESTROYED_TOGETHER = 500
"""How many pictures one entry says are destroyed."""
LOOKS_A_ROUND = 20
"""How many holds are looked at again before what else has to happen has its turn."""
SELDOMEST = timedelta(hours=1)
"""How often a failure that lasts is told in the end."""

FAULTS = (PipelineError, AuditError, *UNFIT)
"""What may go wrong with one item, or for a while, and must not end upkeep."""

_say = structlog.get_logger("upkeep")


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Runs in the background, a round at a time."""

    flow: Flow
    judge: Judge
    restore: Restore
    store: Store
    vault: Vault
    seizure: Seizure
    now: Callable[[], datetime]
    second_look: SecondLook
    chores: Sequence[Callable[[], Awaitable[None]]] = ()
    """What else has the time of hours: each looks itself whether it is due."""
    follow: Callable[[], Awaitable[None]] | None = None
    """What reads the log on in each round."""
    owner: str = ""
    """Which process this is."""
    _tries: Counter[UUID] = field(default_factory=Counter[UUID])
    """How often each hold was tried since the start: each next try waits twice as long."""
    _tellings: Spacing = field(default_factory=lambda: Spacing(SELDOMEST))
    """When to tell once more of a hold that fails."""

    async def run(self, every_seconds: float) -> None:
        """Do rounds until cancelled. A round that fails is told, and tried again.

        Whatever is not one of `FAULTS` is a bug: it is raised, and whoever runs this MUST stop.
        """
        tellings = Spacing(SELDOMEST)
        for count in itertools.count():
            await asyncio.sleep(every_seconds)
            try:
                await self.round(sweeps=count % SWEEP_EVERY == 0)
            except FAULTS as fault:
                kind = type(fault).__name__
                if tellings.is_due(kind, self.now()):
                    _say.error("upkeep failed", fault=kind)
            else:
                tellings = Spacing(SELDOMEST)

    async def round(self, *, sweeps: bool = True) -> None:
        """Do everything once. What `sweeps` has the time of hours, and walks through the vault."""
        await self.judge.recover()
        await self._expire()
        await self._take_up()
        if not self.judge.faults():
            await self._look_again()
        await self.seizure.run()
        if self.follow is not None:
            await self.follow()
        if sweeps:
            await self._sweep()
            await self._sweep_leftovers()
            await self._chores()

    async def _take_up(self) -> None:
        """Finish what a gateway left that is gone; its jobs that only waited are resumed."""
        if not self.store.writer.is_shared:
            return  # what an earlier process left was finished at the start
        others = await self.store.others(self.owner, self.now())
        waiting = {row.id for row in await self.store.jobs.waiting()}
        for row in await self.store.submissions.abandoned(self.owner):
            if row.owner in others or row.id in waiting:
                continue
            if await self.store.submissions.adopt(row, self.owner, self.now()):
                await finish(self.flow, self.restore, row)

    async def _look_again(self) -> None:
        holds = await self.store.holds.waiting(Cause.INCAPACITY, MOST_HOLDS)
        due = [hold for hold in holds if self._is_due(hold)]
        await self._each(due[:LOOKS_A_ROUND], self._again)

    def _is_due(self, hold: Hold) -> bool:
        looks = hold.attempt + self._tries[hold.id]
        wait = timedelta(seconds=2 ** min(looks, SLOWEST))
        return hold.opened_at + wait <= self.now() < hold.expires_at

    async def _again(self, hold: Hold) -> None:
        self._tries[hold.id] += 1
        await self.second_look(hold)

    async def _expire(self) -> None:
        await self._each(await self.store.holds.overdue(self.now()), self._expired)

    async def _expired(self, hold: Hold) -> None:
        row = await self.store.submissions.get(hold.tenant, hold.submission)
        if row is not None and await self.restore.waits(row, hold):
            await self._withhold(row, hold)
        await self.store.holds.close(hold, End.EXPIRED, self.now(), "machine")
        self._tries.pop(hold.id, None)

    async def _withhold(self, row: SubmissionRow, hold: Hold) -> None:
        """End what is held; if a ruling ended it and was cut off then, follow what it wrote."""
        written = await self.restore.ended(row, hold)
        if written is None:
            await self.flow.record.end(row, hold, "expired")
            return
        said = Leaf.parse(written.leaf).public
        reason, harm = str(said.get("reason")), str(said.get("code") or hold.facts.get("code", ""))
        await self.flow.record.projection.close(row, hold.index, reason, harm)

    async def _each(self, holds: Sequence[Hold], do: Callable[[Hold], Awaitable[None]]) -> None:
        """Do something for every hold that nobody else is about to end.

        One that fails is told, and keeps no other from its turn.
        """
        for hold in holds:
            with self.restore.taking(hold) as taken:
                try:
                    if taken:
                        await do(hold)
                except FAULTS as fault:
                    if self._tellings.is_due(str(hold.id), self.now()):
                        _say.error("hold failed", hold=str(hold.id), fault=type(fault).__name__)
                else:
                    self._tellings.forget(str(hold.id))

    async def _sweep(self) -> None:
        expired = await self.store.pictures.expired(self.now())
        held = await self.store.legal_holds.among({each.submission for each in expired})
        seized = await self._seized()  # asked last: what is expired by now may just be ordered
        due = [each for each in expired if each.vault_id not in seized]
        await self._destroy([each for each in due if each.submission not in held])
        await self.store.admission.purge(self.now())
        await self.store.subject_tokens.purge(self.now())
        await self.store.refusals.purge(self.now())
        await self.store.origins.purge(self.now())
        await self.store.encodings.purge(self.now())
        await self.store.taints.purge(self.now() - REMEMBERED)
        await self.store.appeals.purge(self.now() - CONTESTED)
        await self.store.strikes.purge(self.now() - CONTESTED)

    async def _destroy(self, pictures: Sequence[Picture]) -> None:
        """Destroy pictures; the log says first which, but not of whom."""
        for at in range(0, len(pictures), DESTROYED_TOGETHER):
            some = pictures[at : at + DESTROYED_TOGETHER]
            await self.restore.log.append(_destroyed(some, self.now()))
            for picture in some:
                if await self.store.pictures.move(picture, PictureState.DESTROYED):
                    await self.vault.destroy(picture.vault_id)

    async def _chores(self) -> None:
        """Do each; one that fails is told, and keeps no other from its turn."""
        for chore in self.chores:
            try:
                await chore()
            except FAULTS as fault:
                _say.error("chore failed", fault=type(fault).__name__)

    async def _sweep_leftovers(self) -> None:
        before = self.now() - LEFTOVER
        kept = await self._undecided()  # in the order in which an object goes from one to the next
        kept |= await self.store.submissions.sealed_requests() | await self.store.pictures.kept()
        kept |= await self.store.legal_holds.requests() | await self.store.reports.requests()
        await self.vault.sweep(kept | await self._seized(), before)

    async def _undecided(self) -> frozenset[str]:
        """Return where the pictures of submissions in flight lie: app.db does not know them yet."""
        return frozenset(
            id_of(row.id, picture_name(index))
            for row in await self.store.submissions.abandoned("")
            for index in range(row.samples)
        )

    async def _seized(self) -> frozenset[str]:
        """Return what is still to be seized: it MUST NOT be destroyed."""
        return frozenset(each.vault_id for each in await self.store.seizures.ordered())


def _destroyed(pictures: Sequence[Picture], at: datetime) -> Entry:
    """Return the entry of pictures that are to be destroyed: the same one if it is tried again."""
    objects: list[Json] = [{"object": each.vault_id, "sha256": each.sha256} for each in pictures]
    known_as = uuid5(pictures[0].submission, "/".join(each.vault_id for each in pictures))
    public: dict[str, Json] = {"event": "media.destroyed", "reason": "retention"}
    public["count"] = len(pictures)
    return Entry(known_as, Kind.MEDIA, at, public, {}, {"objects": objects})
