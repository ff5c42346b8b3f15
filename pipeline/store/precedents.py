"""Precedents: what was decided before on what is nearly the same.

Of a case that somebody works on, 64 bits of what its words are like and the PDQ hash of its
picture are kept: enough to find it again, and not to make either of them. What is of `CSE.*` is
never kept, and what is seized for the quarantine is forgotten here.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    Row,
    Select,
    String,
    Table,
    Uuid,
    delete,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from classifiers.likeness import NEAR
from pipeline.items import NEVER_RELEASED
from pipeline.store.columns import Instant, metadata
from pipeline.store.holds import End, holds
from pipeline.store.writer import Transact, changing

MOST_COMPARED = 5_000
"""With how many of a tenant's newest decisions at most a case is compared."""
MOST_SHOWN = 5
PDQ_NEAR = 31
"""Bits in which the hashes of two pictures differ at most that look nearly the same."""

resemblances = Table(
    "resemblances",
    metadata,
    Column("hold", Uuid, primary_key=True),
    Column("tenant", ForeignKey("tenants.id"), nullable=False),
    Column("submission", Uuid, nullable=False, index=True),
    Column("likeness", String(16), nullable=False),
    Column("pdq", String(64), nullable=False),
    Column("at", Instant, nullable=False),
)
_newest = Index(None, resemblances.c.tenant, resemblances.c.at.desc())


@dataclass(frozen=True, slots=True)
class Resemblance:
    """What a case is like. 0: nobody could tell, as of a picture with nothing on it."""

    hold: UUID
    tenant: str
    submission: UUID
    likeness: int = field(repr=False)
    pdq: int = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class Precedent:
    """An earlier decision: nothing by which what it was about could be opened."""

    code: str
    end: End
    ended_at: datetime
    reason: str = field(repr=False)
    words: int | None
    """In how many of 64 bits the words differ; None if they are not near."""
    picture: int | None
    """In how many of 256 bits the picture differs; None if it is not near."""


@dataclass(frozen=True, slots=True)
class Precedents:
    """The table of what cases are like."""

    transact: Transact

    async def keep(self, like: Resemblance) -> None:
        """Keep what a case is like; to keep it twice is to keep it once."""
        values = {name: getattr(like, name) for name in Resemblance.__slots__}
        values |= {"likeness": f"{like.likeness:016x}", "pdq": f"{like.pdq:064x}"}
        await self.transact(changing(insert(resemblances).values(values).on_conflict_do_nothing()))

    async def forget(self, submission: UUID) -> None:
        """Forget what the cases of a submission are like."""
        own = resemblances.c.submission == submission
        await self.transact(changing(delete(resemblances).where(own)))

    async def of(self, hold: UUID) -> Resemblance | None:
        """Return what a case is like, if anybody looked."""
        query = select(resemblances).where(resemblances.c.hold == hold)

        def read(sql: Connection) -> Resemblance | None:
            row = sql.execute(query).mappings().one_or_none()
            if row is None:
                return None
            values: dict[str, Any] = dict(row)
            values |= {name: int(row[name], 16) for name in ("likeness", "pdq")}
            return Resemblance(**values)

        return await self.transact(read)

    async def nearest(self, like: Resemblance) -> tuple[Precedent, ...]:
        """Return the tenant's decisions on what is nearly the same, the nearest first."""
        newest = (
            select(resemblances)
            .where(resemblances.c.tenant == like.tenant, resemblances.c.hold != like.hold)
            .order_by(resemblances.c.at.desc())
            .limit(MOST_COMPARED)
            .subquery()
        )
        columns = (newest.c.hold, newest.c.likeness, newest.c.pdq)

        def read(sql: Connection) -> tuple[Precedent, ...]:
            near: dict[UUID, tuple[int | None, int | None]] = {}
            for hold, words, picture in sql.execute(select(*columns)):
                apart = (
                    _apart(like.likeness, int(words, 16), NEAR),
                    _apart(like.pdq, int(picture, 16), PDQ_NEAR),
                )
                if apart != (None, None):
                    near[hold] = apart
            found = [_precedent(row, near[row.id]) for row in sql.execute(_decided(near))]
            return tuple(sorted(found, key=_distance)[:MOST_SHOWN])

        return await self.transact(read)


def _decided(near: Collection[UUID]) -> Select[*tuple[object, ...]]:
    return select(holds).where(
        holds.c.id.in_(near),
        holds.c.end.in_((End.APPROVED, End.REJECTED)),
        ~holds.c.code.startswith(f"{NEVER_RELEASED}.", autoescape=True),
    )


def _apart(one: int, other: int, near: int) -> int | None:
    apart = (one ^ other).bit_count()
    return apart if one and other and apart <= near else None


def _precedent(row: Row[*tuple[object, ...]], apart: tuple[int | None, int | None]) -> Precedent:
    return Precedent(row.code, row.end, row.ended_at, row.reason or "", *apart)


def _distance(found: Precedent) -> float:
    words = 1.0 if found.words is None else found.words / NEAR
    return min(words, 1.0 if found.picture is None else found.picture / PDQ_NEAR)
