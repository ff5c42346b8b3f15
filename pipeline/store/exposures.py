"""Exposures: what each person has uncovered of late, and which kinds they do not want to see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Column, Connection, Integer, String, Table, Uuid, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.columns import Instant, metadata
from pipeline.store.writer import Transact, changing

A_DAY = timedelta(hours=24)
MOST_A_DAY = 100
"""How many pictures one person uncovers within a day."""
LONGEST_A_DAY = timedelta(minutes=15)
"""How long they look at them together."""
MOST_IN_A_ROW = 25
BREAK = timedelta(minutes=10)
"""How long nothing is uncovered after so many without such a pause between them."""

exposures = Table(
    "exposures",
    metadata,
    Column("reveal", Uuid, primary_key=True),
    Column("person", String(64), nullable=False, index=True),
    Column("at", Instant, nullable=False, index=True),
    Column("milliseconds", Integer, nullable=False),
)
opt_outs = Table(
    "opt_outs",
    metadata,
    Column("person", String(64), primary_key=True),
    Column("family", String(16), primary_key=True),
)


@dataclass(frozen=True, slots=True)
class Day:
    """What somebody has uncovered within a day, and until when they rest, if they do."""

    count: int = 0
    looked: timedelta = timedelta()
    in_a_row: int = 0
    rests_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Exposures:
    """The tables of exposures and opt-outs, of people by pseudonym."""

    transact: Transact

    async def begin(self, reveal: UUID, person: str, now: datetime) -> Day | None:
        """Count one more; return why not, if somebody has to rest before the next."""

        def take(sql: Connection) -> Day | None:
            day = _day(sql, person, now)
            if day.rests_until is not None:
                return day
            row = {"reveal": reveal, "person": person, "at": now, "milliseconds": 0}
            sql.execute(insert(exposures).values(row))
            return None

        return await self.transact(take)

    async def end(self, reveal: UUID, lasted: timedelta) -> None:
        """Note how long it was uncovered."""
        milliseconds = lasted // timedelta(milliseconds=1)
        change = update(exposures).where(exposures.c.reveal == reveal)
        await self.transact(changing(change.values(milliseconds=milliseconds)))

    async def day(self, person: str, now: datetime) -> Day:
        """Return how somebody stands."""
        return await self.transact(lambda sql: _day(sql, person, now))

    async def opted_out(self, person: str) -> frozenset[str]:
        """Return the families of codes that somebody does not want to see."""
        query = select(opt_outs.c.family).where(opt_outs.c.person == person)
        return await self.transact(lambda sql: frozenset(sql.execute(query).scalars()))

    async def opt_out(self, person: str, families: frozenset[str]) -> None:
        """Let somebody not be given cases of these families, and of the others again."""
        rows = [{"person": person, "family": family} for family in sorted(families)]

        def change(sql: Connection) -> None:
            sql.execute(delete(opt_outs).where(opt_outs.c.person == person))
            if rows:
                sql.execute(insert(opt_outs), rows)

        await self.transact(change)

    async def purge(self, before: datetime) -> int:
        """Forget what was uncovered before then; return how many."""
        return await self.transact(changing(delete(exposures).where(exposures.c.at < before)))


def _day(sql: Connection, person: str, now: datetime) -> Day:
    query = (
        select(exposures.c.at, exposures.c.milliseconds)
        .where(exposures.c.person == person, exposures.c.at > now - A_DAY)
        .order_by(exposures.c.at)
    )
    found = sql.execute(query).all()
    times = [row.at for row in found]
    looked = timedelta(milliseconds=sum(row.milliseconds for row in found))
    row = _in_a_row(times, now)
    until = [times[-1] + BREAK] if row >= MOST_IN_A_ROW else []
    if len(found) >= MOST_A_DAY or looked >= LONGEST_A_DAY:
        until.append(times[0] + A_DAY)
    return Day(len(found), looked, row, max(until, default=None))


def _in_a_row(times: Sequence[datetime], now: datetime) -> int:
    """Return how many of the last came without a break between them, or since."""
    row, later = 0, now
    for at in reversed(times):
        if later - at >= BREAK:
            break
        row, later = row + 1, at
    return row
