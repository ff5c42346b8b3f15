"""The queue: what waits for a person, the worst first, and of equals what has least time left."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from pipeline.items import NEVER_RELEASED, Cause, Stage
from pipeline.store.claims import claims
from pipeline.store.holds import Hold, Lane, holds
from pipeline.store.intents import intents
from pipeline.store.writer import Transact

PAGE = 50
MOST_COUNTED = 1_000
"""Of more, nobody wants to know how many exactly, and everybody would wait for the answer."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of the queue somebody looks at."""

    tenants: AbstractSet[str] = frozenset()
    """Whose; empty: every tenant's."""
    code: str = ""
    """A code, or a family of them with its dot (`SEX.`); empty: every one."""
    person: str = ""
    """Who looks."""
    mine: bool = False
    """Only what they have claimed."""
    free: bool = False
    """Only what nobody else has."""
    worst: bool = False
    """Also `CSE.*`, which most people MUST NOT be shown."""
    senior: bool = False
    """Also what was escalated to those who give second approvals."""
    stage: Stage | None = None
    tier: str = ""
    language: str = ""
    opened_before: datetime | None = None
    without: AbstractSet[str] = frozenset()
    """Families of codes that whoever looks has opted out of."""

    @property
    def unfiltered(self) -> "Wanted":
        """All that this person may work on."""
        return Wanted(
            self.tenants,
            person=self.person,
            worst=self.worst,
            senior=self.senior,
            without=self.without,
        )


@dataclass(frozen=True, slots=True)
class Waiting:
    """A hold in the queue, and whose it is."""

    hold: Hold
    person: str | None
    """Who has claimed it, by pseudonym."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much waits; at most `MOST_COUNTED` each."""

    waiting: int
    mine: int
    late: int = 0
    """Of all that waits, what should have been ruled on by now."""


@dataclass(frozen=True, slots=True)
class Queue:
    """Reads holds that wait for a person."""

    transact: Transact

    async def page(
        self, wanted: Wanted, now: datetime, after: UUID | None = None
    ) -> tuple[Waiting, ...]:
        """Return up to `PAGE` of what is wanted, and one more if there is a next page.

        The next page is what comes `after` the last of this one, wherever that has gone meanwhile.
        """

        def read(sql: Connection) -> tuple[Waiting, ...]:
            asked = _narrowed(_IDS, wanted, now).order_by(*_WORST_FIRST)
            if wanted.mine:  # by way of the few that are claimed, not of all that wait
                asked = asked.where(holds.c.id.in_(_claimed(sql, wanted.person, now)))
            if after is not None:
                asked = _after(sql, asked, after)
            ids = [*sql.execute(asked.limit(PAGE + 1)).scalars()]
            held = and_(claims.c.hold == holds.c.id, claims.c.until > now)
            rows = select(holds, claims.c.person).outerjoin(claims, held)
            found = sql.execute(rows.where(holds.c.id.in_(ids)).order_by(*_WORST_FIRST))
            return tuple(_waiting(dict(row)) for row in found.mappings())

        return await self.transact(read)

    async def counts(self, wanted: Wanted, now: datetime) -> Counts:
        """Count what waits for somebody who may see what is wanted, whatever its filters."""
        waiting = _narrowed(_IDS, wanted.unfiltered, now)

        def read(sql: Connection) -> Counts:
            own = waiting.where(holds.c.id.in_(_claimed(sql, wanted.person, now)))
            late = waiting.where(holds.c.due_at <= now)
            few = (
                select(func.count()).select_from(each.limit(MOST_COUNTED).subquery())
                for each in (waiting, own, late)
            )
            return Counts(*(sql.execute(each).scalar_one() for each in few))

        return await self.transact(read)

    async def chosen(
        self, wanted: Wanted, now: datetime, ids: AbstractSet[UUID]
    ) -> tuple[Waiting, ...]:
        """Return what of these is there for somebody, in the queue's order."""
        held = and_(claims.c.hold == holds.c.id, claims.c.until > now)
        rows = select(holds, claims.c.person).outerjoin(claims, held).order_by(*_WORST_FIRST)
        query = _narrowed(rows, wanted.unfiltered, now).where(holds.c.id.in_(ids))
        return await self.transact(
            lambda sql: tuple(_waiting(dict(row)) for row in sql.execute(query).mappings())
        )


_IDS = select(holds.c.id)
_WORST_FIRST = (holds.c.severity.desc(), holds.c.due_at, holds.c.id)


def _after(
    sql: Connection, query: Select[*tuple[object, ...]], last: UUID
) -> Select[*tuple[object, ...]]:
    place = select(holds.c.severity, holds.c.due_at).where(holds.c.id == last)
    row = sql.execute(place).one_or_none()
    if row is None:
        return query
    severity, due_at = row
    later = holds.c.due_at > due_at
    equal = and_(holds.c.due_at == due_at, holds.c.id > last)
    return query.where(
        holds.c.severity <= severity,  # said on its own, it lets the index begin there
        or_(holds.c.severity < severity, later, equal),
    )


def _claimed(sql: Connection, person: str, now: datetime) -> list[UUID]:
    query = select(claims.c.hold).where(claims.c.person == person, claims.c.until > now)
    return [*sql.execute(query.limit(MOST_COUNTED)).scalars()]


def _narrowed(
    query: Select[*tuple[object, ...]], wanted: Wanted, now: datetime
) -> Select[*tuple[object, ...]]:
    query = query.where(
        holds.c.end.is_(None),
        holds.c.cause == Cause.SUSPICION,
        holds.c.expires_at > now,
        ~_exists(intents.c.hold == holds.c.id, intents.c.outcome.is_(None)),
    )
    families = set(wanted.without) | (set() if wanted.worst else {NEVER_RELEASED})
    for family in sorted(families):
        query = query.where(~holds.c.code.startswith(f"{family}.", autoescape=True))
    if not wanted.senior:
        query = query.where(holds.c.lane == Lane.ANY)
    if wanted.tenants:
        query = query.where(holds.c.tenant.in_(sorted(wanted.tenants)))
    return _filtered(query, wanted, now)


def _filtered(
    query: Select[*tuple[object, ...]], wanted: Wanted, now: datetime
) -> Select[*tuple[object, ...]]:
    if wanted.code.endswith("."):
        query = query.where(holds.c.code.startswith(wanted.code, autoescape=True))
    elif wanted.code:
        query = query.where(holds.c.code == wanted.code)
    if wanted.stage is not None:
        query = query.where(holds.c.stage == wanted.stage)
    for column, value in ((holds.c.tier, wanted.tier), (holds.c.language, wanted.language)):
        if value:
            query = query.where(column == value)
    if wanted.opened_before is not None:
        query = query.where(holds.c.opened_at < wanted.opened_before)
    if wanted.free:
        query = query.where(~_exists(claims.c.hold == holds.c.id, claims.c.until > now))
    return query


def _exists(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return select(1).where(*conditions).exists()


def _waiting(row: Mapping[str, object]) -> Waiting:
    values = {name: row[name] for name in Hold.__slots__}
    person = row["person"]
    return Waiting(Hold(**values), None if person is None else str(person))  # type: ignore[arg-type] # as in Holds
