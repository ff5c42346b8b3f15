"""Refusals: how often a subject was refused on a day, so that nobody maps the rules by trying."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import (
    Column,
    Connection,
    Date,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    delete,
    select,
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
        values = {"tenant": tenant, "subject": subject, "day": day, "count": 1}
        change = (
            insert(refusals)
            .values(values)
            .on_conflict_do_update(
                index_elements=["tenant", "subject", "day"], set_={"count": refusals.c.count + 1}
            )
            .returning(refusals.c.count)
        )
        return await self.transact(lambda sql: sql.execute(change).scalar_one())

    async def count(self, tenant: str, subject: str, day: date) -> int:
        """Return how many there were on a day."""
        query = select(refusals.c.count).where(
            refusals.c.tenant == tenant, refusals.c.subject == subject, refusals.c.day == day
        )

        def read(sql: Connection) -> int:
            return sql.execute(query).scalar_one_or_none() or 0

        return await self.transact(read)

    async def purge(self, before: date) -> int:
        """Forget every tenant's counts of earlier days; return how many."""
        change = delete(refusals).where(refusals.c.day < before)
        return await self.transact(changing(change))
