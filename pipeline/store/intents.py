"""Intents: rulings that people gave and can still take back, until each is carried out."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Select,
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

MOST_LISTED = 200

intents = Table(
    "intents",
    metadata,
    Column("hold", Uuid, primary_key=True),
    Column("tenant", ForeignKey("tenants.id"), nullable=False),
    Column("batch", Uuid, index=True),
    Column("person", String(64), nullable=False, index=True),
    Column("role", String(32), nullable=False),
    Column("approves", Boolean, nullable=False),
    Column("reason", String(2000), nullable=False),
    Column("code", String(64), nullable=False),
    Column("labels", Boolean, nullable=False),
    Column("given_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False, index=True),
    Column("outcome", String(200)),
)


@dataclass(frozen=True, slots=True)
class Intent:
    """A ruling that somebody gave, and when it is carried out."""

    hold: UUID
    tenant: str
    batch: UUID | None
    """With which others it was given, if it was."""
    person: str
    """The reviewer's pseudonym."""
    role: str
    approves: bool
    reason: str = field(repr=False)
    code: str
    given_at: datetime
    due_at: datetime
    outcome: str | None = None
    """What became of it; None until it is carried out, and as long it can be taken back."""
    labels: bool = False
    """Whether what is approved is to be shown as its code."""


@dataclass(frozen=True, slots=True)
class Intents:
    """The table of intents."""

    transact: Transact

    async def give(self, intent: Intent) -> bool:
        """Keep a ruling for later; False if one on the same hold waits already."""
        values = {name: getattr(intent, name) for name in Intent.__slots__}
        add = insert(intents).values(values)
        over = intents.c.outcome.is_not(None)
        change = add.on_conflict_do_update(index_elements=["hold"], set_=values, where=over)
        return await self.transact(changing(change)) == 1

    async def of(self, hold: UUID) -> Intent | None:
        """Return the ruling on a hold that waits to be carried out."""
        found = await self._all(_WAITING.where(intents.c.hold == hold))
        return next(iter(found), None)

    async def due(self, now: datetime, most: int) -> tuple[Intent, ...]:
        """Return what is to be carried out by now, the longest due first."""
        query = _WAITING.where(intents.c.due_at <= now).order_by(intents.c.due_at)
        return await self._all(query.limit(most))

    async def of_person(self, person: str) -> tuple[Intent, ...]:
        """Return what somebody gave of late, the newest first."""
        query = select(intents).where(intents.c.person == person)
        return await self._all(query.order_by(intents.c.given_at.desc()).limit(MOST_LISTED))

    async def take_back(self, person: str, now: datetime, hold: UUID) -> bool:
        """Forget somebody's own ruling on a hold; False if there is none, or it is too late."""
        own = (intents.c.person == person, intents.c.due_at > now, intents.c.outcome.is_(None))
        return (
            await self.transact(changing(delete(intents).where(intents.c.hold == hold, *own))) == 1
        )

    async def postpone(self, hold: UUID, until: datetime) -> None:
        """Carry a ruling out later: it could not be now."""
        change = update(intents).where(intents.c.hold == hold, intents.c.outcome.is_(None))
        await self.transact(changing(change.values(due_at=until)))

    async def done(self, hold: UUID, outcome: str) -> None:
        """Note what became of a ruling."""
        change = update(intents).where(intents.c.hold == hold)
        await self.transact(changing(change.values(outcome=outcome)))

    async def purge(self, before: datetime) -> int:
        """Forget what was carried out before then; return how many."""
        old: tuple[ColumnElement[bool], ...] = (
            intents.c.outcome.is_not(None),
            intents.c.due_at < before,
        )
        return await self.transact(changing(delete(intents).where(*old)))

    async def _all(self, query: Select[*tuple[object, ...]]) -> tuple[Intent, ...]:
        return await self.transact(
            lambda sql: tuple(Intent(**row) for row in sql.execute(query).mappings())
        )


_WAITING = select(intents).where(intents.c.outcome.is_(None))
