"""Samples: a random share of what was let go or held, and what people said of it without knowing.

No content is here and none is kept because of it: a sample can be checked as long as what it is of
is kept for other reasons, and no longer.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Select,
    String,
    Table,
    Uuid,
    and_,
    delete,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from pipeline.items import NEVER_RELEASED
from pipeline.store.columns import Instant, metadata, word
from pipeline.store.holds import End, holds
from pipeline.store.pictures import PictureState, pictures
from pipeline.store.writer import Transact, changing

MOST_CHECKS: Final = 2
"""How many people check one sample."""
_MOST_WAITING = 100


class Frame(StrEnum):
    """What a sample was drawn from."""

    RELEASED = "released"
    HELD = "held"


samples = Table(
    "samples",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("entry", Uuid, nullable=False),
    Column("tenant", String(63), nullable=False),
    Column("submission", Uuid, nullable=False, index=True),
    Column("index", Integer),
    Column("frame", word(Frame), nullable=False),
    Column("code", String(64), nullable=False),
    Column("hold", Uuid),
    Column("at", Instant, nullable=False, index=True),
    Column("seen", JSON, nullable=False),
)
opinions = Table(
    "opinions",
    metadata,
    Column("sample", Uuid, nullable=False),
    Column("person", String(64), nullable=False),
    Column("code", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("sample", "person"),
)
_by_time = Index("opinions_by_time", opinions.c.at)


@dataclass(frozen=True, slots=True)
class Sample:
    """One item that was drawn."""

    id: UUID
    entry: UUID
    """The entry of the decision on it."""
    tenant: str
    submission: UUID
    index: int | None
    """Which picture; None if it is the request's words."""
    frame: Frame
    code: str
    """What machines decided it by."""
    hold: UUID | None
    at: datetime
    seen: Mapping[str, Mapping[str, object]] = field(default_factory=dict, repr=False)
    """By version of a classifier: its scores, whether it flagged it, and which harms it speaks of.
    MUST NOT hold content."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What somebody would have decided, without knowing what was."""

    sample: UUID
    """Or a golden item's id."""
    person: str
    code: str
    """`OK`, or what it should have been stopped for."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Ruled:
    """What somebody ruled on a sample that was held, when they knew what machines said."""

    person: str
    approved: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """A sample, and what people said of it, in order."""

    sample: Sample
    opinions: tuple[Opinion, ...]
    ruled: Ruled | None


@dataclass(frozen=True, slots=True)
class Samples:
    """The tables of samples and of opinions on them."""

    transact: Transact

    async def add(self, drawn: Sequence[Sample]) -> None:
        """Keep samples; one that is there stays as it is."""
        rows = [{name: getattr(each, name) for name in Sample.__slots__} for each in drawn]
        if rows:
            change = insert(samples).on_conflict_do_nothing()
            await self.transact(lambda sql: sql.execute(change, rows).rowcount)

    async def get(self, known_as: UUID) -> Sample | None:
        """Return any tenant's sample. For reviewers, never for a tenant's request."""
        query = select(samples).where(samples.c.id == known_as)
        return await self.transact(
            lambda sql: next((Sample(**row) for row in sql.execute(query).mappings()), None)
        )

    async def waiting(
        self, tenants: AbstractSet[str], person: str, now: datetime
    ) -> tuple[Sample, ...]:
        """Return what somebody can check: it is still kept, and they had nothing to do with it."""
        given = select(func.count()).where(opinions.c.sample == samples.c.id)
        own = given.where(opinions.c.person == person)
        query = _kept(now).where(
            given.scalar_subquery() < MOST_CHECKS,
            own.scalar_subquery() == 0,
            or_(holds.c.ended_by.is_(None), holds.c.ended_by != person),
        )
        if tenants:
            query = query.where(samples.c.tenant.in_(sorted(tenants)))
        query = query.order_by(samples.c.id).limit(_MOST_WAITING)
        return await self.transact(
            lambda sql: tuple(Sample(**row) for row in sql.execute(query).mappings())
        )

    async def give(self, opinion: Opinion) -> bool:
        """Keep an opinion; False if this person gave one before."""
        values = {name: getattr(opinion, name) for name in Opinion.__slots__}
        change = insert(opinions).values(values).on_conflict_do_nothing()
        return await self.transact(changing(change)) == 1

    async def opinion(self, sample: UUID, person: str) -> Opinion | None:
        """Return what somebody said of a sample or a golden item."""
        own = (opinions.c.sample == sample, opinions.c.person == person)
        query = select(opinions).where(*own)
        return await self.transact(
            lambda sql: next((Opinion(**row) for row in sql.execute(query).mappings()), None)
        )

    async def given(self, since: datetime, until: datetime | None = None) -> tuple[Opinion, ...]:
        """Return every opinion of a time, on samples and on golden items, oldest first."""
        query = select(opinions).where(opinions.c.at >= since).order_by(opinions.c.at)
        if until is not None:
            query = query.where(opinions.c.at < until)
        return await self.transact(
            lambda sql: tuple(Opinion(**row) for row in sql.execute(query).mappings())
        )

    async def drawn(
        self, since: datetime, until: datetime, tenants: AbstractSet[str] = frozenset()
    ) -> tuple[Checked, ...]:
        """Return what was drawn in a time, checked or not, with what was said of it by its end."""
        query = select(samples).where(samples.c.at >= since, samples.c.at < until)
        if tenants:
            query = query.where(samples.c.tenant.in_(sorted(tenants)))
        return await self.transact(lambda sql: _checked(sql, query.order_by(samples.c.at), until))

    async def purge(self, before: datetime) -> int:
        """Forget what was drawn and said before then; return how much."""

        def forget(sql: Connection) -> int:
            said = sql.execute(delete(opinions).where(opinions.c.at < before)).rowcount
            return said + sql.execute(delete(samples).where(samples.c.at < before)).rowcount

        return await self.transact(forget)


def _kept(now: datetime) -> Select[*tuple[object, ...]]:
    """Ask for samples of which what they are of is still kept, for its own reasons.

    What turned out to be of `CSE.*` since it was drawn is not among them.
    """
    picture = and_(
        pictures.c.submission == samples.c.submission,
        pictures.c.index == samples.c.index,
        pictures.c.state == PictureState.RELEASED,
        pictures.c.expires_at > now,
    )
    waits = and_(holds.c.end.is_(None), holds.c.expires_at > now)
    ordinary = or_(holds.c.code.is_(None), holds.c.code.notlike(f"{NEVER_RELEASED}.%"))
    return (
        select(samples)
        .outerjoin(pictures, picture)
        .outerjoin(holds, holds.c.id == samples.c.hold)
        .where(or_(pictures.c.vault_id.is_not(None), waits), ordinary)
    )


def _checked(
    sql: Connection, query: Select[*tuple[object, ...]], until: datetime
) -> tuple[Checked, ...]:
    found = [Sample(**row) for row in sql.execute(query).mappings()]
    said: dict[UUID, list[Opinion]] = {}
    those = select(opinions).where(opinions.c.at < until).order_by(opinions.c.at)
    for row in sql.execute(those).mappings():
        said.setdefault(row["sample"], []).append(Opinion(**row))
    ruled = _rulings(sql, until)
    return tuple(
        Checked(
            each,
            tuple(said.get(each.id, ())),
            None if each.hold is None else ruled.get(each.hold),
        )
        for each in found
    )


def _rulings(sql: Connection, until: datetime) -> Mapping[UUID, Ruled]:
    query = (
        select(holds.c.id, holds.c.ended_by, holds.c.end)
        .join(samples, samples.c.hold == holds.c.id)
        .where(holds.c.end.in_((End.APPROVED, End.REJECTED)), holds.c.ended_at < until)
    )
    return {
        known_as: Ruled(str(person), end is End.APPROVED)
        for known_as, person, end in sql.execute(query)
    }
