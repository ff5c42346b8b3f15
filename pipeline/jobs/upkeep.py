"""Upkeep: what has to happen without anybody asking.

Sick classifiers are tried again; what waits for a machine is looked at again once they are well;
holds that nobody ruled on expire to withheld, never to released; what is out of time is destroyed.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from audit.errors import AuditError
from pipeline.errors import PipelineError
from pipeline.flow import Flow
from pipeline.items import Cause
from pipeline.jobs.restore import Restore
from pipeline.judge import Judge
from pipeline.store.holds import End, Hold
from pipeline.store.pictures import PictureState
from pipeline.store.store import Store
from pipeline.vault import Vault

LEFTOVER = timedelta(hours=1)
"""How old a sealed object must be that nothing names before it is taken for a crash's leftover."""
SLOWEST = 12
"""Looks are spaced by doubling seconds, up to 2 ** SLOWEST: a picture that no model can answer
for is not looked at for ever in a row."""

_say = structlog.get_logger("upkeep")


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Runs in the background, a round at a time."""

    flow: Flow
    judge: Judge
    restore: Restore
    store: Store
    vault: Vault
    now: Callable[[], datetime]

    async def run(self, every_seconds: float) -> None:
        """Do rounds until cancelled. A round that fails is told, and tried again."""
        while True:
            await asyncio.sleep(every_seconds)
            try:
                await self.round()
            except (PipelineError, AuditError, TimeoutError) as fault:
                _say.error("upkeep failed", fault=type(fault).__name__)

    async def round(self) -> None:
        """Do everything once."""
        await self.judge.recover()
        await self._expire()
        if not self.judge.faults():
            await self._look_again()
        await self._sweep()

    async def _look_again(self) -> None:
        for hold in await self.store.holds.waiting(Cause.INCAPACITY):
            if self._is_due(hold):
                await self._again(hold)

    def _is_due(self, hold: Hold) -> bool:
        wait = timedelta(seconds=2 ** min(hold.attempt, SLOWEST))
        return hold.opened_at + wait <= self.now() < hold.expires_at

    async def _again(self, hold: Hold) -> None:
        row = await self.store.submissions.get(hold.tenant, hold.submission)
        generated = None if row is None else await self.restore.generated(row, hold.index)
        if generated is None:
            return  # its request is not allowed today: a person or its expiry ends the hold
        if await self.store.holds.close(hold, End.REEXAMINED, self.now(), "machine"):
            end = await self.flow.returned(generated)
            _say.info("looked again", hold=str(hold.id), end=type(end.outcome).__name__)

    async def _expire(self) -> None:
        for hold in await self.store.holds.overdue(self.now()):
            row = await self.store.submissions.get(hold.tenant, hold.submission)
            if row is not None:
                await self.flow.record.close(row, hold.stage, hold.index, "expired", hold.attempt)
            await self.store.holds.close(hold, End.EXPIRED, self.now(), "machine")

    async def _sweep(self) -> None:
        for picture in await self.store.pictures.expired(self.now()):
            await self.vault.destroy(picture.vault_id)
            await self.store.pictures.move(picture, PictureState.DESTROYED)
        await self.store.admission.purge(self.now())
        kept = await self.store.pictures.kept() | await self.store.submissions.sealed_requests()
        await self.vault.sweep(kept, self.now() - LEFTOVER)
