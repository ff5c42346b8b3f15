"""Tallies: how many decisions there were on a day, and how far the log was read to count them."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date

from sqlalchemy import (
    Column,
    Connection,
    Date,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    delete,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.columns import metadata
from pipeline.store.writer import Transact, changing

tallies = Table(
    "tallies",
    metadata,
    Column("day", Date, nullable=False),
    Column("tenant", String(63), nullable=False),
    Column("stage", String(16), nullable=False),
    Column("action", String(32), nullable=False),
    Column("code", String(64), nullable=False),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("day", "tenant", "stage", "action", "code"),
)
followed = Table(
    "followed",
    metadata,
    Column("reader", String(32), primary_key=True),
    Column("next", Integer, nullable=False),
)


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One kind of decision: at which stage, what was done, by which code."""

    stage: str
    action: str
    code: str


@dataclass(frozen=True, slots=True)
class Day:
    """Of which day and whose."""

    day: date
    tenant: str


@dataclass(frozen=True, slots=True)
class Tallies:
    """The tables of tallies and of how far somebody has read."""

    transact: Transact

    async def next(self, reader: str) -> int:
        """Return the index of the first entry that somebody has not read."""
        query = select(followed.c.next).where(followed.c.reader == reader)
        return await self.transact(lambda sql: sql.execute(query).scalar() or 0)

    async def read(self, reader: str, until: int) -> None:
        """Keep how far somebody has read."""
        values = {"reader": reader, "next": until}
        change = insert(followed).values(values)
        later = change.on_conflict_do_update(index_elements=["reader"], set_={"next": until})
        await self.transact(changing(later))

    async def add(self, counts: Mapping[tuple[Day, Cell], int]) -> None:
        """Add to what was counted."""
        change = insert(tallies)
        key = ["day", "tenant", "stage", "action", "code"]
        more = {"count": tallies.c.count + change.excluded.count}
        change = change.on_conflict_do_update(index_elements=key, set_=more)
        rows = [
            {
                "day": of.day,
                "tenant": of.tenant,
                "stage": cell.stage,
                "action": cell.action,
                "code": cell.code,
                "count": count,
            }
            for (of, cell), count in counts.items()
        ]
        if rows:
            await self.transact(lambda sql: sql.execute(change, rows).rowcount)

    async def between(
        self, first: date, before: date, tenants: AbstractSet[str] = frozenset()
    ) -> Mapping[Cell, int]:
        """Return how many there were from a day on, before another."""
        columns = (tallies.c.stage, tallies.c.action, tallies.c.code)
        query = (
            select(*columns, func.sum(tallies.c.count))
            .where(tallies.c.day >= first, tallies.c.day < before)
            .group_by(*columns)
        )
        if tenants:
            query = query.where(tallies.c.tenant.in_(sorted(tenants)))

        def read(sql: Connection) -> Mapping[Cell, int]:
            return {Cell(*row[:3]): row[3] for row in sql.execute(query)}

        return await self.transact(read)

    async def purge(self, before: date) -> int:
        """Forget the days before."""
        return await self.transact(changing(delete(tallies).where(tallies.c.day < before)))
