"""Housekeeping: of several gateways on one store all serve, and one does what is to be done once.

Which one is the store's to say. It ends for a gateway with its connection: its work is cut off
then, as a crash would, and another takes it up.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from audit.errors import AuditError
from pipeline.errors import StoreError, StoreLockedError
from pipeline.halts import Halts
from pipeline.store.replicas import BEAT_SECONDS
from pipeline.store.store import Store
from pipeline.telemetry.spacing import Spacing

SELDOMEST: Final = timedelta(hours=1)
"""How often at least a fault that stays is told."""

_say = structlog.get_logger("housekeeping")


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """Says that this gateway lives, hears what the others halted, and keeps house if it is to."""

    store: Store
    halts: Halts
    owner: str
    now: Callable[[], datetime]
    work: Callable[[], Coroutine[object, object, None]]
    """What is to be done once, until it is cancelled."""

    async def run(self) -> None:
        """Look each second, until cancelled.

        Whatever ends the work of itself is a bug: it is raised, and whoever runs this MUST stop.

        Raises:
            StoreLockedError: this gateway stood still for so long that others took it for dead.
        """
        working: asyncio.Task[None] | None = None
        tellings = Spacing(SELDOMEST)
        try:
            while True:
                keeps = await self._look(tellings)
                if keeps and working is None:
                    working = asyncio.create_task(self.work())
                elif not keeps and working is not None:
                    await _cut(working)
                    working = None
                await _wait(working)
        finally:
            if working is not None:
                await _cut(working)

    async def _look(self, tellings: Spacing) -> bool:
        """Say that this gateway lives, and return whether it keeps house."""
        if not self.store.writer.is_shared:
            return True
        try:
            lives = await self.store.replicas.beat(self.owner, self.now())
            await self.halts.refresh()
            keeps = lives and await self.store.writer.keeps()
        except (StoreError, AuditError) as fault:
            kind = type(fault).__name__
            if tellings.is_due(kind, self.now()):
                _say.error("the store is away: this gateway keeps no house", fault=kind)
            return False
        if not lives:
            raise StoreLockedError(
                "gateway", "to live", "one that others took for dead: start again"
            )
        return keeps


async def _wait(working: asyncio.Task[None] | None) -> None:
    """Wait until the next look; raise what ended the work."""
    if working is None:
        await asyncio.sleep(BEAT_SECONDS)
        return
    await asyncio.wait({working}, timeout=BEAT_SECONDS)
    if working.done():
        working.result()
        raise RuntimeError("housekeeping: expected work that is cancelled, got its end")


async def _cut(working: asyncio.Task[None]) -> None:
    working.cancel()
    await asyncio.wait({working})
