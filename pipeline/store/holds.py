"""Holds: what waits for a person or for a machine, and how each wait ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Select,
    String,
    Table,
    Uuid,
    bindparam,
    func,
    insert,
    select,
    update,
)

from pipeline.items import Cause, Json, Stage
from pipeline.store.columns import Instant, metadata, word
from pipeline.store.prepared import Prepared
from pipeline.store.writer import Transact, changing


class End(StrEnum):
    """How a hold ended."""

    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    """Nobody ruled in time: it is withheld."""
    REEXAMINED = "reexamined"
    """A machine could look after all: what follows is its decision."""


class Lane(StrEnum):
    """Whom a hold waits for. What is of `CSE.*` waits for the child-safety team in either."""

    ANY = "any"
    SENIOR = "senior"
    """Somebody escalated it: it is for those who give second approvals."""


holds = Table(
    "holds",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant", ForeignKey("tenants.id"), nullable=False),
    Column("submission", Uuid, ForeignKey("submissions.id"), nullable=False, index=True),
    Column("stage", word(Stage), nullable=False),
    Column("index", Integer),
    Column("cause", word(Cause), nullable=False),
    Column("vault_id", String(32), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("code", String(64), nullable=False),
    Column("severity", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("tier", String(16), nullable=False),
    Column("language", String(35), nullable=False),
    Column("lane", word(Lane), nullable=False),
    Column("facts", JSON, nullable=False),  # the long one: what the queue asks for stands before it
    Column("end", word(End)),
    Column("ended_at", Instant),
    Column("ended_by", String(200)),
    Column("reason", String(2000)),
)
_ORDER = (holds.c.cause, holds.c.severity.desc(), holds.c.due_at, holds.c.id)
_NARROWED_BY = (
    holds.c.tenant,
    holds.c.code,
    holds.c.expires_at,
    holds.c.opened_at,
    holds.c.stage,
    holds.c.tier,
    holds.c.language,
    holds.c.lane,
)
"""By these the queue is narrowed without reading a row: of 100,000 that wait, few are shown."""
_OPEN_ONES = holds.c.end.is_(None)
_queue = Index("queue", *_ORDER, *_NARROWED_BY, sqlite_where=_OPEN_ONES)
_of_tenant = Index("queue_of_tenant", holds.c.tenant, *_ORDER, sqlite_where=_OPEN_ONES)


@dataclass(frozen=True, slots=True)
class Hold:
    """One item that waits, or waited."""

    id: UUID
    tenant: str
    submission: UUID
    stage: Stage
    index: int | None
    """Which sample; None when the request itself is held."""
    cause: Cause
    vault_id: str
    opened_at: datetime
    expires_at: datetime
    attempt: int = 0
    """After how many earlier looks it was held."""
    facts: Mapping[str, Json] = field(default_factory=dict, repr=False)
    """Rule ids, codes and scores for the reviewer. MUST NOT hold content."""
    end: End | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    """The person who ruled, or the part that ended it."""
    reason: str | None = field(default=None, repr=False)
    code: str = ""
    """What it is held for, as the decision says; a person's queue is ordered by its severity."""
    severity: int = 0
    """Greater is worse."""
    due_at: datetime | None = None
    """By when a person is to rule; by default when the hold expires."""
    tier: str = ""
    """Whom the tenant serves with the request, and in which language, as far as it said."""
    language: str = ""
    lane: Lane = Lane.ANY


@dataclass(frozen=True, slots=True)
class Worse:
    """What a hold turns out to be when it is escalated."""

    code: str
    severity: int
    due_at: datetime


_ALL_OPEN = select(holds).where(holds.c.end.is_(None)).order_by(holds.c.opened_at)
_OPEN = Prepared(_ALL_OPEN.limit(bindparam("limit", type_=Integer)))
_OPEN_FOR = Prepared(
    _ALL_OPEN.where(holds.c.cause == bindparam("why")).limit(bindparam("limit", type_=Integer))
)
_OVERDUE = Prepared(_ALL_OPEN.where(holds.c.expires_at <= bindparam("now")))


@dataclass(frozen=True, slots=True)
class Holds:
    """The table of holds."""

    transact: Transact

    async def open(self, hold: Hold) -> None:
        """Add a hold.

        Raises:
            ConflictError: it exists, or its submission does not.
        """
        values = {name: getattr(hold, name) for name in Hold.__slots__}
        values["facts"] = dict(hold.facts)
        values["due_at"] = hold.due_at or hold.expires_at
        await self.transact(changing(insert(holds).values(values)))

    async def get(self, tenant: str, hold: UUID) -> Hold | None:
        """Return a tenant's hold, or None if it has none of that id."""
        query = select(holds).where(holds.c.tenant == tenant, holds.c.id == hold)
        return await self._one(query)

    async def get_for_review(self, hold: UUID) -> Hold | None:
        """Return any tenant's hold. For reviewers, never for a tenant's request."""
        return await self._one(select(holds).where(holds.c.id == hold))

    async def of(self, tenant: str, submission: UUID) -> tuple[Hold, ...]:
        """Return the holds of a tenant's submission, oldest first, ended ones too."""
        query = select(holds).where(holds.c.tenant == tenant, holds.c.submission == submission)
        return await self._many(query)

    async def waiting(self, cause: Cause | None = None, limit: int = 100) -> tuple[Hold, ...]:
        """Return every tenant's open holds, oldest first. For reviewers and for machines."""
        query, values = (_OPEN, {}) if cause is None else (_OPEN_FOR, {"why": cause})
        return await self._prepared(query, {**values, "limit": limit})

    async def overdue(self, now: datetime) -> tuple[Hold, ...]:
        """Return every tenant's open holds whose time is over: they are to end as expired."""
        return await self._prepared(_OVERDUE, {"now": now})

    async def close(
        self, hold: Hold, end: End, now: datetime, ended_by: str, reason: str | None = None
    ) -> bool:
        """End an open hold; of two that try, one succeeds.

        Only `expired` ends a hold whose time is over: nobody approves what has expired.
        """
        change = (
            update(holds)
            .where(holds.c.tenant == hold.tenant, holds.c.id == hold.id, holds.c.end.is_(None))
            .where((holds.c.expires_at <= now) if end is End.EXPIRED else holds.c.expires_at > now)
            .values(end=end, ended_at=now, ended_by=ended_by, reason=reason)
        )
        return await self.transact(changing(change)) == 1

    async def escalate(self, hold: Hold, lane: Lane, worse: Worse | None = None) -> bool:
        """Give an open hold to those of a lane, as `worse` if it is; False if it has ended."""
        values: dict[str, object] = {"lane": lane}
        if worse is not None:
            values |= {"code": worse.code, "severity": worse.severity, "due_at": worse.due_at}
            values["facts"] = {**hold.facts, "code": worse.code}
        change = update(holds).where(holds.c.id == hold.id, holds.c.end.is_(None))
        return await self.transact(changing(change.values(values))) == 1

    async def waiting_for(self, tenant: str, most: int, now: datetime) -> int:
        """Count a tenant's holds that wait for a person; at most `most`."""
        few = (
            select(holds.c.id)
            .where(holds.c.tenant == tenant, holds.c.cause == Cause.SUSPICION)
            .where(holds.c.end.is_(None), holds.c.expires_at > now)
            .limit(most)
        )
        query = select(func.count()).select_from(few.subquery())
        return await self.transact(lambda sql: sql.execute(query).scalar_one())

    async def due_before(
        self, tenant: str, before: datetime, now: datetime, most: int
    ) -> tuple[tuple[UUID, datetime], ...]:
        """Return a tenant's holds on which a person is to rule before then, the first due first."""
        query = (
            select(holds.c.id, holds.c.due_at)
            .where(holds.c.tenant == tenant, holds.c.cause == Cause.SUSPICION)
            .where(holds.c.end.is_(None), holds.c.expires_at > now, holds.c.due_at <= before)
            .order_by(holds.c.due_at, holds.c.id)
            .limit(most)
        )
        return await self.transact(
            lambda sql: tuple((row.id, row.due_at) for row in sql.execute(query))
        )

    async def count(self) -> Mapping[Cause, int]:
        """Count every tenant's open holds by cause."""
        query = (
            select(holds.c.cause, func.count()).where(holds.c.end.is_(None)).group_by(holds.c.cause)
        )

        def read(sql: Connection) -> Mapping[Cause, int]:
            counted = dict.fromkeys(Cause, 0)
            for cause, number in sql.execute(query):
                counted[cause] = number
            return counted

        return await self.transact(read)

    async def _one(self, query: Select[*tuple[object, ...]]) -> Hold | None:
        return next(iter(await self._many(query)), None)

    async def _prepared(self, query: Prepared, values: Mapping[str, object]) -> tuple[Hold, ...]:
        return await self.transact(
            lambda sql: tuple(Hold(**row) for row in query.rows(sql, values))
        )

    async def _many(
        self, query: Select[*tuple[object, ...]], limit: int | None = None
    ) -> tuple[Hold, ...]:
        ordered = query.order_by(holds.c.opened_at).limit(limit)
        return await self.transact(
            lambda sql: tuple(Hold(**row) for row in sql.execute(ordered).mappings())
        )
