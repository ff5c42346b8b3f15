"""Pictures that people uncover: an entry before each, and an entry after each, whatever happens.

A browser says when it has covered a picture again. Of one that is closed or cut off, or that is
made to say nothing, the log says that the longest time went by.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from audit.entry import Entry, Json, Kind
from audit.errors import ConflictError
from audit.log import Log
from pipeline.jobs.errors import RestError
from pipeline.store.holds import Hold
from pipeline.store.reveals import Reveal
from pipeline.store.store import Store

LONGEST = timedelta(seconds=30)
"""After so long a picture is covered again, and no longer is any reveal written down."""
REMEMBERED = timedelta(days=35)
"""How long it is remembered how much somebody uncovered; the log remembers each reveal."""
SILENT = timedelta(minutes=2)
"""After so long nobody will say any more that a picture was covered."""


@dataclass(frozen=True, slots=True)
class Uncovered:
    """Writes down each reveal and its end."""

    store: Store
    log: Log
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]

    async def begin(self, hold: Hold, person: str, role: str) -> UUID:
        """Write down that a picture is uncovered; return the id of the entry.

        Raises:
            RestError: they have looked at enough for now.
            PipelineError, AuditError: it is not written down, and MUST NOT be shown.
        """
        reveal = Reveal(
            self.new_id(), hold.id, hold.submission, hold.tenant, person, role, self.now()
        )
        day = await self.store.exposures.begin(reveal.id, person, reveal.at)
        if day is not None and day.rests_until is not None:
            raise RestError(day.rests_until)
        await self.store.reveals.begin(reveal)  # first: what is in the log has an end there as well
        await self._write(reveal.id, reveal, {"event": "media.revealed"})
        return reveal.id

    async def end(self, hold: Hold, person: str, known_as: UUID, milliseconds: int) -> bool:
        """Write down that somebody covered a picture again; False if that was not theirs to say.

        No longer is believed than the longest, nor than went by since.
        """
        reveal = await self.store.reveals.of(known_as, hold.id, person)
        if reveal is None:
            return False
        lasted = min(timedelta(milliseconds=milliseconds), LONGEST, self.now() - reveal.at)
        await self._covered(reveal, lasted, {})
        return True

    async def expire(self) -> None:
        """Write down the end of those of which nobody said it, and forget what is long ago."""
        await self.store.exposures.purge(self.now() - REMEMBERED)
        for reveal in await self.store.reveals.begun_before(self.now() - SILENT):
            if await self.log.receipt(reveal.id) is None:  # it was never written, so never shown
                await self.store.reveals.end(reveal.id)
            else:
                await self._covered(reveal, LONGEST, {"reason": "unreported"})

    async def _covered(self, reveal: Reveal, lasted: timedelta, more: dict[str, Json]) -> None:
        said: dict[str, Json] = {
            "event": "media.covered",
            "object": str(reveal.id),
            "duration_us": max(lasted, timedelta()) // timedelta(microseconds=1),
        }
        with suppress(ConflictError):  # written before a crash, and then said otherwise
            await self._write(uuid5(reveal.id, "covered"), reveal, said | more)
        await self.store.exposures.end(reveal.id, lasted)
        await self.store.reveals.end(reveal.id)

    async def _write(self, known_as: UUID, reveal: Reveal, said: dict[str, Json]) -> None:
        public: dict[str, Json] = {"case": str(reveal.hold), "role": reveal.role, **said}
        if reveal.submission != reveal.hold:  # a blind check names neither
            public |= {"submission": str(reveal.submission), "tenant": reveal.tenant}
        person: dict[str, str | bytes] = {"person": reveal.person}
        await self.log.append(Entry(known_as, Kind.MEDIA, self.now(), public, person))
