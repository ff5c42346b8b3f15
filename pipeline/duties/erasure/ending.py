"""Ends periods of the detail keys, on time or when asked: then erasures are complete."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from audit.periods import PeriodKeys
from audit.turning import Turned, Turning
from pipeline.store.erasures import Erasures


@dataclass(frozen=True, slots=True)
class Ending:
    """Turns to a new period every so often."""

    turning: Turning
    erasures: Erasures
    now: Callable[[], datetime]
    every: timedelta
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def keys(self) -> PeriodKeys:
        """The keys that are turned."""
        return self.turning.keys

    async def end(self, personal: Mapping[str, str | bytes]) -> tuple[Turned, int]:
        """End the period now; return what became of it, and how many erasures that completes.

        Raises:
            AuditError, PipelineError: it did not come to its end; the next time all of it is done.
        """
        async with self._turn:
            turned = await self.turning.turn(personal)
            return turned, await self.erasures.complete(turned.opened, self.now())

    async def end_if_due(self) -> None:
        """End a period that is old enough, or whose end was cut off. For upkeep."""
        since = self.keys.since
        if self.keys.turning or since is None or since + self.every <= self.now():
            await self.end({})
