"""Transparency reports as the console makes them: read on while somebody looks, and kept in memory.

Nothing runs by itself: each look at the page reads some more of the log, so who leaves stops it.
"""

import asyncio
import io
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from audit.checkpoint import Checkpoint
from audit.entry import Entry, Json, Kind
from audit.errors import ConflictError
from audit.leaf import Leaf
from audit.log import Log
from audit.note import Note
from pipeline.console.errors import ConsoleError, NowhereError
from pipeline.console.sessions import Session
from pipeline.duties.dsa.accuracy import Accuracy
from pipeline.duties.dsa.courses import Counting, Query
from pipeline.duties.dsa.parts import Parts, Provider
from pipeline.duties.dsa.publishing import publish
from pipeline.duties.dsa.reconciling import Line
from pipeline.duties.quality.measuring import matrices
from pipeline.store.store import Store

PAGE: Final = 1_000
AT_ONCE: Final = 10
"""How many pages of the log one look reads."""
MOST: Final = 8
"""How many are kept, of everybody: the oldest goes first."""
LONGEST: Final = 500_000
"""Of how many entries of a log a page makes one: reading takes memory of the gateway."""
UNWATCHED: Final = timedelta(minutes=2)
"""After how long one that nobody looks at any more is dropped before it is made."""
_FRAME = "of what was let go or held"
_NO_SAMPLE = "No second looks by people are known for this period."


@dataclass(slots=True)
class Making:
    """A report that is being made, or is made."""

    id: UUID
    person: str
    """Who makes it: it is there for nobody else."""
    query: Query
    provider: Provider
    size: int
    """How far the log had come when it was begun."""
    root: bytes
    looked_at: datetime
    counting: Counting | None = field(repr=False)
    """Until it is made."""
    at: int = 0
    file: bytes | None = field(default=None, repr=False)
    lines: Sequence[Line] = ()
    turn: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)


@dataclass(frozen=True, slots=True)
class Exports:
    """What the pages of exports do."""

    log: Log
    store: Store
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    made: dict[UUID, Making] = field(default_factory=dict[UUID, Making])

    async def begin(self, session: Session, query: Query, provider: Provider) -> Making:
        """Begin one of a tenant that this person sees; an earlier one of theirs is dropped.

        Raises:
            NowhereError: there is no such tenant for them.
            ConsoleError: the days are in the wrong order, or have not begun.
        """
        tenant = await self.store.tenants.get(query.tenant)
        if tenant is None or not session.sees(query.tenant):
            raise NowhereError
        if not query.first <= query.last or query.as_of.date() < query.first:
            raise ConsoleError("The first day has to come before the last, and not after today.")
        head = Checkpoint.parse(Note.parse(await self.log.newest()).text)
        if head.size > LONGEST:
            raise ConsoleError("The log is too long for a page: `imprimatur dsa transparency` can.")
        self._make_room(session.person.name)
        making = Making(
            self.new_id(),
            session.person.name,
            query,
            provider,
            head.size,
            head.root,
            self.now(),
            Counting(query),
        )
        self.made[making.id] = making
        return making

    def _make_room(self, person: str) -> None:
        """Drop what is theirs, what nobody looks at, and the oldest; one is made at a time.

        Raises:
            ConsoleError: somebody else's is being made.
        """
        now = self.now()
        for each in [*self.made.values()]:
            left = each.counting is not None and each.looked_at + UNWATCHED <= now
            if each.person == person or left:
                del self.made[each.id]
        if any(each.counting is not None for each in self.made.values()):
            raise ConsoleError("Somebody else's is being made: ask again in some minutes.")
        while len(self.made) >= MOST:
            del self.made[next(iter(self.made))]

    def find(self, session: Session, known_as: UUID) -> Making:
        """Return one of their own.

        Raises:
            NowhereError: there is none: it was dropped, or another gateway makes it.
        """
        found = self.made.get(known_as)
        if found is None or found.person != session.person.name:
            raise NowhereError
        return found

    async def go_on(self, session: Session, making: Making) -> None:
        """Read some more, or finish: there is no file before its entry is in the log.

        Raises:
            StoreError, AuditError: it stays where it is; the next look goes on.
        """
        async with making.turn:
            making.looked_at = self.now()
            for _ in range(AT_ONCE):
                if making.counting is not None and making.at < making.size:
                    await self._read(making, making.counting)
            if making.counting is not None and making.at >= making.size:
                await self._finish(session, making, making.counting)

    async def _read(self, making: Making, counting: Counting) -> None:
        end = min(making.at + PAGE, making.size)
        found = await self.log.entries(making.at, end - making.at)
        leaves = [each.leaf for each in found if each.index < end]
        await asyncio.to_thread(lambda: counting.take([*map(Leaf.parse, leaves)]))
        making.at = end

    async def _finish(self, session: Session, making: Making, counting: Counting) -> None:
        query = making.query
        since, until = (
            datetime.combine(day, time(), UTC)
            for day in (query.first, query.last + timedelta(days=1))
        )
        drawn = await self.store.samples.drawn(since, until, frozenset({query.tenant}))
        sampled = [
            Accuracy(each.source, each.hits, each.false_alarms, each.misses, each.rests, _FRAME)
            for each in matrices(drawn)
        ]
        file, lines = await asyncio.to_thread(_packed, making, counting, sampled)
        public: dict[str, Json] = {
            "event": "export.made",
            "tenant": query.tenant,
            "role": session.role,
            "class": "transparency",
            "count": making.size,
        }
        person = {"person": session.person.name}
        with suppress(ConflictError):  # the last look wrote it, and did not come back
            await self.log.append(Entry(making.id, Kind.EXPORT, self.now(), public, {**person}))
        making.file, making.lines, making.counting = file, lines, None


def _packed(
    making: Making, counting: Counting, sampled: Sequence[Accuracy]
) -> tuple[bytes, Sequence[Line]]:
    """Return every file in one, and how they add up."""
    parts = Parts(making.provider, making.query, counting.done(), sampled, _NO_SAMPLE)
    out = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        made = publish(parts, Path(folder), making.size, making.root)
        with ZipFile(out, "w", ZIP_DEFLATED) as pack:
            for name in made.files:
                pack.writestr(ZipInfo(name), (Path(folder) / name).read_bytes())
    return out.getvalue(), made.lines
