"""Strikes: what was confirmed of an end user's requests, and counts until it is old or void."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Uuid,
    delete,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.columns import Instant, metadata
from pipeline.store.writer import Transact, changing

strikes = Table(
    "strikes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant", ForeignKey("tenants.id"), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("submission", Uuid, nullable=False, index=True),
    Column("entry", Uuid, nullable=False),
    Column("code", String(64), nullable=False),
    Column("told", Boolean, nullable=False),
    Column("weight", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("voided_at", Instant),
    Index("strikes_of_a_subject", "tenant", "subject"),
)


@dataclass(frozen=True, slots=True)
class Strike:
    """One confirmed breach."""

    id: UUID
    tenant: str
    subject: str = field(repr=False)
    """The fingerprint of the end user."""
    submission: UUID
    entry: UUID
    """What confirmed it."""
    code: str
    told: bool
    """Whether its code may be told to whoever it is about."""
    weight: int
    at: datetime
    expires_at: datetime
    """From then on it does not count any more."""
    voided_at: datetime | None = None
    """When it was taken back, if it was: it never counted."""


@dataclass(frozen=True, slots=True)
class Strikes:
    """The table of strikes."""

    transact: Transact

    async def of(self, tenant: str, subject: str) -> tuple[Strike, ...]:
        """Return the strikes of an end user that were not taken back, oldest first."""
        return await self._many((strikes.c.tenant == tenant) & (strikes.c.subject == subject))

    async def counting(self, tenant: str, now: datetime) -> tuple[Strike, ...]:
        """Return the strikes of a tenant's end users that count now, oldest first."""
        return await self._many((strikes.c.tenant == tenant) & (strikes.c.expires_at > now))

    async def add(self, strike: Strike) -> bool:
        """Add a strike; False if it is there already, taken back or not.

        Raises:
            ConflictError: there is no such tenant.
        """
        values = {name: getattr(strike, name) for name in Strike.__slots__}
        change = insert(strikes).values(values).on_conflict_do_nothing(index_elements=["id"])
        return await self.transact(changing(change)) == 1

    async def void(self, tenant: str, subject: str, submission: UUID | None, at: datetime) -> int:
        """Take back the strikes of a submission, or all of an end user; return how many."""
        change = update(strikes).where(
            strikes.c.tenant == tenant,
            strikes.c.subject == subject,
            strikes.c.voided_at.is_(None),
        )
        if submission is not None:
            change = change.where(strikes.c.submission == submission)
        return await self.transact(changing(change.values(voided_at=at)))

    async def purge(self, before: datetime) -> int:
        """Forget every tenant's that counted no more then; return how many."""
        return await self.transact(changing(delete(strikes).where(strikes.c.expires_at <= before)))

    async def _many(self, which: ColumnElement[bool]) -> tuple[Strike, ...]:
        query = (
            select(strikes)
            .where(which, strikes.c.voided_at.is_(None))
            .order_by(strikes.c.at, strikes.c.id)
        )
        return await self.transact(
            lambda sql: tuple(Strike(**row) for row in sql.execute(query).mappings())
        )
