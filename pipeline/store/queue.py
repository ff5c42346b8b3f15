"""The queue: what waits for a person, the worst first, and of equals what has least time left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Select, and_, func, select

from pipeline.items import NEVER_RELEASED, Cause
from pipeline.store.claims import claims
from pipeline.store.holds import Hold, holds
from pipeline.store.writer import Transact

PAGE = 50
MOST_COUNTED = 1_000
"""Of more, nobody wants to know how many exactly, and everybody would wait for the answer."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of the queue somebody looks at."""

    tenants: frozenset[str] = frozenset()
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


@dataclass(frozen=True, slots=True)
class Queue:
    """Reads holds that wait for a person."""

    transact: Transact

    async def page(self, wanted: Wanted, now: datetime, number: int = 0) -> Sequence[Waiting]:
        """Return up to `PAGE` of what is wanted, and one more if there is a next page."""
        ordered = (holds.c.severity.desc(), holds.c.due_at, holds.c.id)
        query = select(holds, claims.c.person).order_by(*ordered)

        def read(sql: Connection) -> list[Waiting]:
            asked = _narrowed(query, wanted, now)
            if wanted.mine:  # by way of the few that are claimed, not of all that wait
                asked = asked.where(holds.c.id.in_(_claimed(sql, wanted.person, now)))
            found = sql.execute(asked.limit(PAGE + 1).offset(number * PAGE))
            return [_waiting(dict(row)) for row in found.mappings()]

        return await self.transact(read)

    async def counts(self, wanted: Wanted, now: datetime) -> Counts:
        """Count what waits for somebody who may see what is wanted, whatever its filters."""
        every = Wanted(wanted.tenants, person=wanted.person, worst=wanted.worst)
        waiting = _narrowed(select(holds.c.id), every, now)

        def read(sql: Connection) -> Counts:
            own = waiting.where(holds.c.id.in_(_claimed(sql, wanted.person, now)))
            few = (
                select(func.count()).select_from(each.limit(MOST_COUNTED).subquery())
                for each in (waiting, own)
            )
            return Counts(*(sql.execute(each).scalar_one() for each in few))

        return await self.transact(read)


def _claimed(sql: Connection, person: str, now: datetime) -> list[UUID]:
    query = select(claims.c.hold).where(claims.c.person == person, claims.c.until > now)
    return [*sql.execute(query.limit(MOST_COUNTED)).scalars()]


def _narrowed(
    query: Select[*tuple[object, ...]], wanted: Wanted, now: datetime
) -> Select[*tuple[object, ...]]:
    held = and_(claims.c.hold == holds.c.id, claims.c.until > now)
    query = query.outerjoin(claims, held).where(
        holds.c.end.is_(None), holds.c.cause == Cause.SUSPICION, holds.c.expires_at > now
    )
    if not wanted.worst:
        query = query.where(holds.c.code.notlike(f"{NEVER_RELEASED}.%"))
    if wanted.tenants:
        query = query.where(holds.c.tenant.in_(sorted(wanted.tenants)))
    if wanted.code.endswith("."):
        query = query.where(holds.c.code.startswith(wanted.code, autoescape=True))
    elif wanted.code:
        query = query.where(holds.c.code == wanted.code)
    if wanted.free:
        query = query.where(claims.c.person.is_(None))
    return query


def _waiting(row: Mapping[str, object]) -> Waiting:
    values = {name: row[name] for name in Hold.__slots__}
    person = row["person"]
    return Waiting(Hold(**values), None if person is None else str(person))  # type: ignore[arg-type] # as in Holds
