"""Claims: which reviewer works on which hold, until when. Of many who reach, one gets it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Column, String, Table, Uuid, delete, or_, select
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.columns import Instant, metadata
from pipeline.store.writer import Transact, changing

LASTS = timedelta(minutes=15)
"""How long a claim holds without being made again: who goes for lunch blocks nobody."""

claims = Table(
    "claims",
    metadata,
    Column("hold", Uuid, primary_key=True),
    Column("person", String(64), nullable=False, index=True),
    Column("until", Instant, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class Claim:
    """Who works on a hold, and until when."""

    hold: UUID
    person: str
    """The reviewer's pseudonym."""
    until: datetime


@dataclass(frozen=True, slots=True)
class Claims:
    """The table of claims."""

    transact: Transact

    async def take(self, hold: UUID, person: str, now: datetime) -> bool:
        """Claim a hold, or go on claiming it; False if it is somebody else's."""
        values = {"person": person, "until": now + LASTS}
        change = insert(claims).values(hold=hold, **values)
        free = or_(claims.c.person == person, claims.c.until <= now)
        taken = change.on_conflict_do_update(index_elements=["hold"], set_=values, where=free)
        return await self.transact(changing(taken)) == 1

    async def of(self, hold: UUID, now: datetime) -> Claim | None:
        """Return who claims a hold now."""
        query = select(claims).where(claims.c.hold == hold, claims.c.until > now)
        return await self.transact(
            lambda sql: next((Claim(**row) for row in sql.execute(query).mappings()), None)
        )

    async def give_back(self, hold: UUID, person: str) -> None:
        """End one's own claim; another's stays."""
        own = (claims.c.hold == hold, claims.c.person == person)
        await self.transact(changing(delete(claims).where(*own)))
