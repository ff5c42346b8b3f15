"""First approvals: what one person would release, and a second has yet to agree to."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, String, Table, Uuid, select
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.columns import Instant, metadata
from pipeline.store.writer import Transact, changing

first_approvals = Table(
    "first_approvals",
    metadata,
    Column("hold", Uuid, primary_key=True),
    Column("person", String(64), nullable=False),
    Column("at", Instant, nullable=False),
)


@dataclass(frozen=True, slots=True)
class FirstApproval:
    """Who would release what is held, and since when."""

    hold: UUID
    person: str
    """The reviewer's pseudonym."""
    at: datetime


@dataclass(frozen=True, slots=True)
class FirstApprovals:
    """The table of first approvals."""

    transact: Transact

    async def give(self, approval: FirstApproval) -> bool:
        """Keep an approval; False if somebody gave one before."""
        values = {name: getattr(approval, name) for name in FirstApproval.__slots__}
        change = insert(first_approvals).values(values).on_conflict_do_nothing()
        return await self.transact(changing(change)) == 1

    async def of(self, hold: UUID) -> FirstApproval | None:
        """Return the first approval of a hold, if it has one."""
        query = select(first_approvals).where(first_approvals.c.hold == hold)
        return await self.transact(
            lambda sql: next((FirstApproval(**row) for row in sql.execute(query).mappings()), None)
        )
