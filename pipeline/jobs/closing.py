"""Notes each minute in which something could not be served: how long it failed closed.

While nothing runs, nothing is served and nothing is noted: that is for whoever watches the process.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from audit.errors import AuditError
from pipeline.errors import PipelineError
from pipeline.store.store import Store

EVERY_SECONDS: Final = 30.0
"""Twice a minute, so that none is missed."""
REMEMBERED: Final = timedelta(days=400)

_say = structlog.get_logger("closing")


@dataclass(frozen=True, slots=True)
class Closing:
    """Asks what can be served, as `/ready` does."""

    store: Store
    ready: Callable[[], Awaitable[Mapping[str, object]]]
    now: Callable[[], datetime]

    async def run(self) -> None:
        """Look until cancelled. What fails is told, and tried again."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self.look()
            except (PipelineError, AuditError) as fault:
                _say.error("closed minutes not noted", fault=type(fault).__name__)

    async def look(self) -> None:
        """Note this minute if anything is closed.

        Raises:
            StoreError: it is not noted.
        """
        report = await self.ready()
        if report.get("ready") is not True or report.get("sick"):
            await self.store.closed_minutes.add(self.now())
        await self.store.closed_minutes.purge(self.now() - REMEMBERED)
