"""Refusals: how often somebody was refused on a day, and what the refused texts were like.

Nobody is to map the rules by trying: whoever is refused often waits, and who writes a refused
request again in a disguise is known by it.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    and_,
    bindparam,
    delete,
    select,
    update,
)
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.columns import Instant, metadata
from pipeline.store.prepared import Prepared
from pipeline.store.writer import Transact, changing

REMEMBERED = timedelta(hours=24)
"""How long it is remembered what a refused text was like."""
_MOST_TEXTS = 64
"""Of how many refused texts of one subject at most, the latest."""

refusals = Table(
    "refusals",
    metadata,
    Column("tenant", ForeignKey("tenants.id"), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("day", Date, nullable=False, index=True),
    Column("count", Integer, nullable=False),
    Column("last_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "subject", "day"),
)

refused_texts = Table(
    "refused_texts",
    metadata,
    Column("tenant", ForeignKey("tenants.id"), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("likeness", String(16), nullable=False),
    Column("disguised", Boolean, nullable=False),
    Column("at", Instant, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How often somebody was refused today, and when last."""

    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class RefusedText:
    """What a refused text was like (`classifiers.likeness`), and whether it was in a disguise."""

    likeness: int
    disguised: bool


_STANDING = Prepared(
    select(refusals.c.count, refusals.c.last_at)
    .where(refusals.c.tenant == bindparam("of_tenant"), refusals.c.day == bindparam("on"))
    .where(refusals.c.subject == bindparam("of"))
)


@dataclass(frozen=True, slots=True)
class Refusals:
    """The table of refusals. `subject` is a fingerprint (`access.subjects`), never a pseudonym."""

    transact: Transact

    async def add(self, tenant: str, subject: str, at: datetime, weight: int = 1) -> int:
        """Count one more, or `weight` more, and return how many that makes today.

        Raises:
            ConflictError: there is no such tenant.
        """
        return await self.transact(lambda sql: _add(sql, tenant, subject, at, weight))

    async def reserve(self, tenant: str, subject: str, at: datetime, most: int) -> bool:
        """Count one more before it is known, unless there are `most` today; say whether it was.

        Whatever then turns out to be no refusal MUST be given back.

        Raises:
            ConflictError: there is no such tenant.
        """

        def take(sql: Connection) -> bool:
            standing = _standing(sql, tenant, subject, at)
            if standing is not None and standing.count >= most:
                return False
            _add(sql, tenant, subject, at, 1)
            return True

        return await self.transact(take)

    async def give_back(self, tenant: str, subject: str, at: datetime) -> None:
        """Count one less: what was reserved was no refusal."""
        change = (
            update(refusals)
            .where(_of(tenant, subject, at.date()), refusals.c.count > 0)
            .values(count=refusals.c.count - 1)
        )
        await self.transact(changing(change))

    async def standing(self, tenant: str, subject: str, at: datetime) -> Standing | None:
        """Return how somebody stands on the day of `at`; None if they were not refused."""
        return await self.transact(lambda sql: _standing(sql, tenant, subject, at))

    async def count(self, tenant: str, subject: str, at: datetime) -> int:
        """Return how many there were on the day of `at`."""
        standing = await self.standing(tenant, subject, at)
        return 0 if standing is None else standing.count

    async def remember(self, tenant: str, subject: str, text: RefusedText, at: datetime) -> None:
        """Remember what a refused text was like.

        Raises:
            ConflictError: there is no such tenant.
        """
        values = {
            "tenant": tenant,
            "subject": subject,
            "likeness": f"{text.likeness:016x}",
            "disguised": text.disguised,
            "at": at,
        }
        await self.transact(changing(plain_insert(refused_texts).values(values)))

    async def texts(self, tenant: str, subject: str, at: datetime) -> tuple[RefusedText, ...]:
        """Return what somebody's latest refused texts were like, of the 24 hours before `at`."""
        query = (
            select(refused_texts.c.likeness, refused_texts.c.disguised)
            .where(refused_texts.c.tenant == tenant, refused_texts.c.subject == subject)
            .where(refused_texts.c.at > at - REMEMBERED)
            .order_by(refused_texts.c.at.desc())
            .limit(_MOST_TEXTS)
        )
        return await self.transact(
            lambda sql: tuple(
                RefusedText(int(like, 16), disguised) for like, disguised in sql.execute(query)
            )
        )

    async def purge(self, at: datetime) -> int:
        """Forget every tenant's counts of earlier days, and texts out of time; return how many."""

        def forget(sql: Connection) -> int:
            days = sql.execute(delete(refusals).where(refusals.c.day < at.date()))
            old = refused_texts.c.at <= at - REMEMBERED
            return days.rowcount + sql.execute(delete(refused_texts).where(old)).rowcount

        return await self.transact(forget)


def _of(tenant: str, subject: str, day: date) -> ColumnElement[bool]:
    return and_(refusals.c.tenant == tenant, refusals.c.subject == subject, refusals.c.day == day)


def _standing(sql: Connection, tenant: str, subject: str, at: datetime) -> Standing | None:
    query = {"of_tenant": tenant, "of": subject, "on": at.date()}
    row = _STANDING.row(sql, query)
    return None if row is None else Standing(**row)


def _add(sql: Connection, tenant: str, subject: str, at: datetime, weight: int) -> int:
    change = (
        insert(refusals)
        .values(tenant=tenant, subject=subject, day=at.date(), count=weight, last_at=at)
        .on_conflict_do_update(
            index_elements=["tenant", "subject", "day"],
            set_={"count": refusals.c.count + weight, "last_at": at},
        )
        .returning(refusals.c.count)
    )
    count: int = sql.execute(change).scalar_one()
    return count
