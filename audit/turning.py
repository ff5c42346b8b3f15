"""Ends a period of the detail keys, on record: only then is an erasure complete."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit.entry import Entry, Json, Kind, Receipt
from audit.log import Log
from audit.periods import PeriodKeys

OPENED, CLOSED = "period.opened", "period.closed"
"""Events of `erase` entries. An erasure before the former is complete with the latter."""


@dataclass(frozen=True, slots=True)
class Turned:
    """A period that ended: what was erased before the entry at `opened` is gone for good."""

    opened: int
    closed: int
    kept: int
    """How many details live on from earlier periods."""
    destroyed: int
    """How many keys were destroyed: one, or more after a turn that was cut off."""


@dataclass(frozen=True, slots=True)
class Turning:
    """Turns to a new period.

    `settle` MUST wait until no other process is still writing what it sealed before it saw the new
    key; where one process writes, it need not wait at all.
    """

    log: Log
    keys: PeriodKeys
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    settle: Callable[[], Awaitable[None]]

    async def turn(self, personal: Mapping[str, str | bytes]) -> Turned:
        """Begin a period, and destroy the keys of those before it.

        Raises:
            UnusableError: another process does so just now.
            AuditError: it did not come to its end; the next turn does all of it.
        """
        with self.keys.alone():
            self.keys.begin(self.now())
            opened = await self._append(OPENED, personal, {})  # behind all that was sealed before
            await self.settle()
            kept = await self.keys.rewrap(self.log.living())
            destroyed = len(self.keys.destroy())
        said: dict[str, Json] = {"previous": opened.index, "count": kept}
        closed = await self._append(CLOSED, personal, said)
        return Turned(opened.index, closed.index, kept, destroyed)

    async def _append(
        self, event: str, personal: Mapping[str, str | bytes], said: Mapping[str, Json]
    ) -> Receipt:
        public = {"event": event, **said}
        return await self.log.append(
            Entry(self.new_id(), Kind.ERASE, self.now(), public, dict(personal))
        )
