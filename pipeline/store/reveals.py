"""Reveals: which pictures are uncovered before somebody's eyes now, as far as anybody said."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, String, Table, Uuid, delete, insert, select

from pipeline.store.columns import Instant, metadata
from pipeline.store.writer import Transact, changing

reveals = Table(
    "reveals",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("hold", Uuid, nullable=False),
    Column("submission", Uuid, nullable=False),
    Column("tenant", String(63), nullable=False),
    Column("person", String(64), nullable=False),
    Column("role", String(32), nullable=False),
    Column("at", Instant, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class Reveal:
    """A picture that somebody has uncovered; `id` is that of its entry."""

    id: UUID
    hold: UUID
    submission: UUID
    tenant: str
    person: str
    """The reviewer's pseudonym."""
    role: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Reveals:
    """The table of reveals that nobody has ended."""

    transact: Transact

    async def begin(self, reveal: Reveal) -> None:
        """Remember that a picture is about to be uncovered.

        Raises:
            ConflictError: the id is taken.
        """
        values = {name: getattr(reveal, name) for name in Reveal.__slots__}
        await self.transact(changing(insert(reveals).values(values)))

    async def of(self, known_as: UUID, hold: UUID, person: str) -> Reveal | None:
        """Return somebody's own reveal of this hold's picture that has not ended."""
        own = (reveals.c.id == known_as, reveals.c.hold == hold, reveals.c.person == person)
        query = select(reveals).where(*own)
        return await self.transact(
            lambda sql: next((Reveal(**row) for row in sql.execute(query).mappings()), None)
        )

    async def begun_before(self, at: datetime) -> tuple[Reveal, ...]:
        """Return everybody's that began before then and have not ended."""
        query = select(reveals).where(reveals.c.at < at).order_by(reveals.c.at)
        return await self.transact(
            lambda sql: tuple(Reveal(**row) for row in sql.execute(query).mappings())
        )

    async def end(self, known_as: UUID) -> None:
        """Forget one: it is covered, and the log says so."""
        await self.transact(changing(delete(reveals).where(reveals.c.id == known_as)))
