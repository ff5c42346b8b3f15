"""Seizures: what is to leave the vault for the quarantine, until it is there."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Connection, ForeignKey, String, Table, Uuid, delete, select
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.columns import Instant, metadata
from pipeline.store.precedents import resemblances
from pipeline.store.prepared import Prepared
from pipeline.store.reports import open_case
from pipeline.store.writer import Transact, changing

seizures = Table(
    "seizures",
    metadata,
    Column("vault_id", String(32), primary_key=True),
    Column("tenant", ForeignKey("tenants.id"), nullable=False),
    Column("submission", Uuid, ForeignKey("submissions.id"), nullable=False),
    Column("code", String(32), nullable=False),
    Column("ordered_at", Instant, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Seizable:
    """One object that only the child-safety team may open."""

    vault_id: str
    tenant: str
    submission: UUID
    code: str
    """The harm that it was halted for."""
    ordered_at: datetime


_ORDERED = Prepared(select(seizures).order_by(seizures.c.ordered_at))


@dataclass(frozen=True, slots=True)
class Seizures:
    """The table of seizures. What stands in it MUST NOT be destroyed."""

    transact: Transact

    async def order(self, seizable: Seizable) -> None:
        """Have an object seized, and its case decided; to order it twice is to order it once.

        From then on no case is told to be like it.
        """
        values = {name: getattr(seizable, name) for name in Seizable.__slots__}
        like = delete(resemblances).where(resemblances.c.submission == seizable.submission)

        def write(sql: Connection) -> None:
            sql.execute(insert(seizures).values(values).on_conflict_do_nothing())
            sql.execute(like)
            open_case(sql, seizable.submission, seizable.tenant, seizable.code, seizable.ordered_at)

        await self.transact(write)

    async def ordered(self) -> tuple[Seizable, ...]:
        """Return every tenant's objects that are still to be seized, oldest first."""
        return await self.transact(
            lambda sql: tuple(Seizable(**row) for row in _ORDERED.rows(sql, {}))
        )

    async def done(self, vault_id: str) -> None:
        """Forget an object that is in the quarantine, or that is gone."""
        await self.transact(changing(delete(seizures).where(seizures.c.vault_id == vault_id)))
