"""First approvals: what one person would do, and a second has yet to agree to.

That is to release what is held, or to say that a case of `CSE.*` is none.
"""

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
    Column("code", String(64), primary_key=True),
    Column("person", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("label", String(64), nullable=False),
)


@dataclass(frozen=True, slots=True)
class FirstApproval:
    """Who would release what is held or call it something else, and since when."""

    hold: UUID
    person: str
    """The reviewer's pseudonym."""
    at: datetime
    code: str = ""
    """What a case of `CSE.*` would be called; empty: it would be released."""
    label: str = ""
    """By which code the platform would show what is released; empty: by none."""


@dataclass(frozen=True, slots=True)
class FirstApprovals:
    """The table of first approvals."""

    transact: Transact

    async def give(self, approval: FirstApproval) -> bool:
        """Keep an approval; False if somebody gave the same before."""
        values = {name: getattr(approval, name) for name in FirstApproval.__slots__}
        change = insert(first_approvals).values(values).on_conflict_do_nothing()
        return await self.transact(changing(change)) == 1

    async def of(self, hold: UUID, code: str = "") -> FirstApproval | None:
        """Return the first approval of a hold, or of calling it by `code`, if it has one."""
        return next((each for each in await self.all(hold) if each.code == code), None)

    async def all(self, hold: UUID) -> tuple[FirstApproval, ...]:
        """Return what single persons would do with a hold."""
        query = select(first_approvals).where(first_approvals.c.hold == hold)
        query = query.order_by(first_approvals.c.at)
        return await self.transact(
            lambda sql: tuple(FirstApproval(**row) for row in sql.execute(query).mappings())
        )
