"""Refusals: how often a subject was refused on a day, so that nobody maps the rules by trying."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Date,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    and_,
    delete,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert

from pipeline.store.columns import metadata
from pipeline.store.writer import Transact, changing

refusals = Table(
    "refusals",
    metadata,
    Column("tenant", ForeignKey("tenants.id"), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("day", Date, nullable=False, index=True),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "subject", "day"),
)


@dataclass(frozen=True, slots=True)
class Refusals:
    """The table of refusals. `subject` is a fingerprint (`access.subjects`), never a pseudonym."""

    transact: Transact

    async def add(self, tenant: str, subject: str, day: date) -> int:
        """Count one more, and return how many that makes today.

        Raises:
            ConflictError: there is no such tenant.
        """
        return await self.transact(lambda sql: _add(sql, tenant, subject, day))

    async def reserve(self, tenant: str, subject: str, day: date, most: int) -> bool:
        """Count one more before it is known, unless there are `most` today; say whether it was.

        Whatever then turns out to be no refusal MUST be given back.

        Raises:
            ConflictError: there is no such tenant.
        """

        def take(sql: Connection) -> bool:
            if _count(sql, tenant, subject, day) >= most:
                return False
            _add(sql, tenant, subject, day)
            return True

        return await self.transact(take)

    async def give_back(self, tenant: str, subject: str, day: date) -> None:
        """Count one less: what was reserved was no refusal."""
        change = (
            update(refusals)
            .where(_of(tenant, subject, day), refusals.c.count > 0)
            .values(count=refusals.c.count - 1)
        )
        await self.transact(changing(change))

    async def count(self, tenant: str, subject: str, day: date) -> int:
        """Return how many there were on a day."""
        return await self.transact(lambda sql: _count(sql, tenant, subject, day))

    async def purge(self, before: date) -> int:
        """Forget every tenant's counts of earlier days; return how many."""
        change = delete(refusals).where(refusals.c.day < before)
        return await self.transact(changing(change))


def _of(tenant: str, subject: str, day: date) -> ColumnElement[bool]:
    return and_(refusals.c.tenant == tenant, refusals.c.subject == subject, refusals.c.day == day)


def _count(sql: Connection, tenant: str, subject: str, day: date) -> int:
    query = select(refusals.c.count).where(_of(tenant, subject, day))
    return sql.execute(query).scalar_one_or_none() or 0


def _add(sql: Connection, tenant: str, subject: str, day: date) -> int:
    change = (
        insert(refusals)
        .values(tenant=tenant, subject=subject, day=day, count=1)
        .on_conflict_do_update(
            index_elements=["tenant", "subject", "day"], set_={"count": refusals.c.count + 1}
        )
        .returning(refusals.c.count)
    )
    count: int = sql.execute(change).scalar_one()
    return count
