"""How each engine of one's own stands, for whoever has to mend it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pipeline.engines.engine import SelfHosted
from pipeline.novelai.errors import UpstreamError

ANSWER_SECONDS: Final = 1.0
"""Whoever asks whether the gateway is ready waits no longer for what it can do without."""
EVERY_SECONDS: Final = 30.0
"""However often somebody wants to know, an engine is asked so seldom."""
WELL: Final = "ok"


@dataclass(slots=True)
class Standings:
    """Asks all engines at once. One that does not say in time is not well."""

    engines: Sequence[SelfHosted]
    monotonic: Callable[[], float]
    answer_seconds: float = ANSWER_SECONDS
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _told: Mapping[str, str] = field(default_factory=dict[str, str])
    _until: float | None = None

    async def __call__(self) -> Mapping[str, str]:
        """Return for each engine, by name, that it is `ok`, or what keeps it from being used."""
        async with self._asking:
            if self._until is None or self.monotonic() >= self._until:
                found = await asyncio.gather(*map(self._stands, self.engines))
                names = [each.allowed.name for each in self.engines]
                self._told = dict(zip(names, found, strict=True))
                self._until = self.monotonic() + EVERY_SECONDS
            return self._told

    async def _stands(self, engine: SelfHosted) -> str:
        try:
            async with asyncio.timeout(self.answer_seconds):
                await engine.check()
        except UpstreamError as fault:
            return str(fault)
        except TimeoutError:
            return f"no answer within {self.answer_seconds:g} s"
        return WELL
