"""Closed minutes: in which this installation served nobody, or not all that it could."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Table, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.columns import Instant, metadata
from pipeline.store.writer import Transact, changing

closed_minutes = Table("closed_minutes", metadata, Column("minute", Instant, primary_key=True))


@dataclass(frozen=True, slots=True)
class ClosedMinutes:
    """The table of closed minutes."""

    transact: Transact

    async def add(self, at: datetime) -> None:
        """Note that a minute was closed; twice is once."""
        minute = at.replace(second=0, microsecond=0)
        change = insert(closed_minutes).values(minute=minute).on_conflict_do_nothing()
        await self.transact(lambda sql: sql.execute(change).rowcount)

    async def since(self, *times: datetime) -> Sequence[int]:
        """Count those from each of these times on."""
        count = select(func.count()).select_from(closed_minutes)

        def read(sql: Connection) -> Sequence[int]:
            those = [count.where(closed_minutes.c.minute >= at) for at in times]
            return [sql.execute(each).scalar_one() for each in those]

        return await self.transact(read)

    async def all(self) -> Sequence[datetime]:
        """Return every one that is remembered, in order."""
        query = select(closed_minutes.c.minute).order_by(closed_minutes.c.minute)
        return await self.transact(lambda sql: list(sql.execute(query).scalars()))

    async def purge(self, before: datetime) -> int:
        """Forget those before then; return how many."""
        return await self.transact(
            changing(delete(closed_minutes).where(closed_minutes.c.minute < before))
        )
