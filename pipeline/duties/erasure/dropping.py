"""Shards of the log: closed when their period is over, and dropped when their days are."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from audit.sharding import Sharding
from audit.shards import Shard
from pipeline.duties.erasure.keeping import Keeping

EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Dropped:
    """How many shards were due, how many entries went, and whether a legal hold kept them all."""

    due: int
    entries: int
    held: bool


@dataclass(slots=True)
class Dropping:
    """Drops what is due, while no legal hold stands: whatever it is over, it may be in there."""

    keeping: Keeping
    sharding: Sharding
    now: Callable[[], datetime]
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _ran: datetime | None = None

    async def all(self) -> tuple[Shard, ...]:
        """Return every shard that was closed."""
        return (await self.sharding.shards()).all

    async def run(self, *, dry: bool) -> Dropped:
        """Close and drop what is due, or only count it if `dry`.

        Raises:
            AuditError, PipelineError: it did not come to its end; the next time it goes on.
        """
        async with self._turn, self.keeping.alone():  # no hold comes between the look and the end
            there = [each for each in await self.all() if each.dropped is None]
            due = sum(each.due_at <= self.now() for each in there)
            held = bool(await self.keeping.store.legal_holds.all())
            if dry:
                return Dropped(due, 0, held)
            await self.sharding.close_if_due()
            return Dropped(due, 0 if held else await self.sharding.drop_due(), held)

    async def run_if_due(self) -> None:
        """Close and drop what is due, once a day. For upkeep."""
        if self._ran is None or self._ran + EVERY <= self.now():
            await self.run(dry=False)
            self._ran = self.now()
