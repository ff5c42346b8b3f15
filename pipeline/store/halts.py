"""Halts: what the operator has stopped, until two people let it go on."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Column, String, Table, Uuid, insert, select, update

from pipeline.store.columns import Instant, metadata, word
from pipeline.store.writer import Transact, changing


class Scope(StrEnum):
    """What a halt stops: everything, or whatever has one value."""

    ALL = "all"
    TENANT = "tenant"
    SUBJECT = "subject"
    ROUTE = "route"
    MODEL = "model"
    ENGINE = "engine"
    TIER = "tier"


halts = Table(
    "halts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("scope", word(Scope), nullable=False),
    Column("value", String(200), nullable=False),
    Column("tenant", String(64), nullable=False),
    Column("reason", String(2000), nullable=False),
    Column("person", String(200), nullable=False),
    Column("placed_at", Instant, nullable=False),
    Column("lifting", String(200)),
    Column("lifted_at", Instant),
)


@dataclass(frozen=True, slots=True)
class Halt:
    """One thing that is stopped. It names no tenant's row: it may be placed before one is added."""

    id: UUID
    scope: Scope
    value: str = field(repr=False)
    """The tenant, route, model, engine or tier; of a subject its fingerprint; else empty."""
    tenant: str
    """Whose subject it is; else empty."""
    reason: str = field(repr=False)
    person: str
    placed_at: datetime
    lifting: str | None = None
    """Who asked first to lift it."""
    lifted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HaltTable:
    """The table of halts."""

    transact: Transact

    async def place(self, halt: Halt) -> None:
        """Add a halt."""
        values = {name: getattr(halt, name) for name in Halt.__slots__}
        await self.transact(changing(insert(halts).values(values)))

    async def standing(self) -> tuple[Halt, ...]:
        """Return every halt that is not lifted, oldest first."""
        query = select(halts).where(halts.c.lifted_at.is_(None)).order_by(halts.c.placed_at)
        return await self.transact(
            lambda sql: tuple(Halt(**row) for row in sql.execute(query).mappings())
        )

    async def ask_to_lift(self, halt: UUID, person: str) -> bool:
        """Note who asked first to lift a halt; False if somebody did before."""
        change = update(halts).where(halts.c.id == halt, halts.c.lifting.is_(None))
        return await self.transact(changing(change.values(lifting=person))) == 1

    async def lift(self, halt: UUID, now: datetime) -> None:
        """Let go on what a halt stopped."""
        await self.transact(changing(update(halts).where(halts.c.id == halt).values(lifted_at=now)))
