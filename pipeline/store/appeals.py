"""Appeals: what end users contest, grouped by cause, and what people decided on it.

Beside them is why each request was refused, so that appeals of one cause can be told to be that;
and of which requests the child-safety team has lifted what MUST NOT be told.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    RowMapping,
    Select,
    String,
    Table,
    Uuid,
    delete,
    func,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from classifiers.likeness import is_near
from pipeline.store.columns import Instant, metadata, word
from pipeline.store.writer import Transact, changing

MOST_LISTED: Final = 200
MOST_COMPARED: Final = 1_000
"""With how many open cases of the same rule, code and policy at most one is compared."""


class Outcome(StrEnum):
    """What a person decided on an appeal."""

    UPHELD = "upheld"
    REVERSED = "reversed"


appeals = Table(
    "appeals",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant", ForeignKey("tenants.id"), nullable=False),
    Column("submission", Uuid, nullable=False, unique=True),
    Column("entry", Uuid, nullable=False),
    Column("code", String(64), nullable=False),
    Column("worst", Boolean, nullable=False),
    Column("rule", String(200), nullable=False),
    Column("policy_digest", String(64), nullable=False),
    Column("likeness", String(16), nullable=False),
    Column("language", String(35), nullable=False),
    Column("case", Uuid, nullable=False, index=True),
    Column("received_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False, index=True),
    Column("outcome", word(Outcome)),
    Column("ruled_code", String(64)),
    Column("decided_at", Instant),
    Column("decided_by", String(200)),
)
causes = Table(
    "refusal_causes",
    metadata,
    Column("submission", Uuid, primary_key=True),
    Column("rule", String(200), nullable=False),
    Column("likeness", String(16), nullable=False),
    Column("language", String(35), nullable=False),
    Column("at", Instant, nullable=False, index=True),
)
lifts = Table(
    "notice_lifts",
    metadata,
    Column("submission", Uuid, primary_key=True),
    Column("tenant", ForeignKey("tenants.id"), nullable=False),
    Column("person", String(200), nullable=False),
    Column("at", Instant, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a request was refused: the rule, and what its words were like (0: nobody knows)."""

    rule: str = ""
    likeness: int = field(default=0, repr=False)
    language: str = ""
    """Of whoever asked, as the platform states it; empty if it does not."""


@dataclass(frozen=True, slots=True)
class Appeal:
    """One appeal. What it says lies sealed in the log, under the same id."""

    id: UUID
    tenant: str
    submission: UUID
    entry: UUID
    """The decision that it contests."""
    code: str
    worst: bool
    """Whether it is for the child-safety team alone."""
    rule: str
    policy_digest: str
    likeness: int = field(repr=False)
    case: UUID
    """The first appeal of the same cause: they are decided together."""
    received_at: datetime
    due_at: datetime
    language: str = ""
    """Of the end user, as the platform states it."""
    outcome: Outcome | None = None
    ruled_code: str | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """Open appeals of one cause, as the list shows them."""

    id: UUID
    tenant: str
    code: str
    count: int
    received_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose appeals somebody may see: of some tenants, or of all if there are none."""

    tenants: frozenset[str] = frozenset()
    worst: bool = False
    """Whether those of `CSE.*` too."""


@dataclass(frozen=True, slots=True)
class Appeals:
    """The tables of appeals, of causes and of lifts."""

    transact: Transact

    async def add(self, appeal: Appeal) -> Appeal:
        """Keep an appeal, in the open case of its cause if there is one; return it as it stands.

        To add one of the same submission twice is to add it once.
        """

        def write(sql: Connection) -> Appeal:
            values = {name: getattr(appeal, name) for name in Appeal.__slots__}
            values["likeness"] = f"{appeal.likeness:016x}"
            values["case"] = _case_of(sql, appeal)
            sql.execute(insert(appeals).values(values).on_conflict_do_nothing())
            found = select(appeals).where(appeals.c.submission == appeal.submission)
            return _appeal(sql.execute(found).mappings().one())

        return await self.transact(write)

    async def of(self, tenant: str, submission: UUID) -> Appeal | None:
        """Return the appeal against what was decided on a tenant's submission."""
        own = appeals.c.tenant == tenant, appeals.c.submission == submission
        return next(iter(await self._all(select(appeals).where(*own))), None)

    async def case(self, known_as: UUID, scope: Scope) -> tuple[Appeal, ...]:
        """Return the appeals of a case that somebody may see, the oldest first."""
        query = select(appeals).where(appeals.c.case == known_as, _seen(scope))
        return await self._all(query.order_by(appeals.c.received_at))

    async def open(self, scope: Scope) -> tuple[Case, ...]:
        """Return the cases that wait, what is due first at the top."""
        query = (
            select(
                appeals.c.case,
                appeals.c.tenant,
                func.min(appeals.c.code),
                func.count(),
                func.min(appeals.c.received_at, type_=Instant),
                func.min(appeals.c.due_at, type_=Instant).label("due"),
            )
            .where(appeals.c.outcome.is_(None), _seen(scope))
            .group_by(appeals.c.case, appeals.c.tenant)
            .order_by("due")
            .limit(MOST_LISTED)
        )
        return await self.transact(lambda sql: tuple(Case(*row) for row in sql.execute(query)))

    async def counts(self, scope: Scope) -> Mapping[tuple[str, Outcome], int]:
        """Count what was decided, by the code that was contested and the outcome."""
        query = (
            select(appeals.c.code, appeals.c.outcome, func.count())
            .where(appeals.c.outcome.is_not(None), _seen(scope))
            .group_by(appeals.c.code, appeals.c.outcome)
        )
        return await self.transact(
            lambda sql: {(code, outcome): number for code, outcome, number in sql.execute(query)}
        )

    async def decide(
        self, appeal: Appeal, outcome: Outcome, code: str, person: str, at: datetime
    ) -> bool:
        """Keep what was decided; False if it was before."""
        change = (
            update(appeals)
            .where(appeals.c.id == appeal.id, appeals.c.outcome.is_(None))
            .values(outcome=outcome, ruled_code=code, decided_by=person, decided_at=at)
        )
        return await self.transact(changing(change)) == 1

    async def cause(self, submission: UUID) -> Cause:
        """Return why a request was refused, as far as that is remembered."""
        of = (causes.c.rule, causes.c.likeness, causes.c.language)
        query = select(*of).where(causes.c.submission == submission)

        def read(sql: Connection) -> Cause:
            row = sql.execute(query).one_or_none()
            return Cause() if row is None else Cause(row[0], int(row[1], 16), row[2])

        return await self.transact(read)

    async def remember(self, submission: UUID, cause: Cause, at: datetime) -> None:
        """Remember why a request was refused; the newest reason counts."""
        said = {"rule": cause.rule, "likeness": f"{cause.likeness:016x}", "at": at}
        said["language"] = cause.language
        change = insert(causes).values(submission=submission, **said)
        again = change.on_conflict_do_update(index_elements=["submission"], set_=said)
        await self.transact(lambda sql: sql.execute(again).rowcount)

    async def purge(self, before: datetime) -> int:
        """Forget why requests were refused before then: nobody can contest it any more."""
        return await self.transact(changing(delete(causes).where(causes.c.at < before)))

    async def lift(self, tenant: str, submission: UUID, person: str, at: datetime) -> None:
        """Let be told what was decided on a submission; to lift it twice is to lift it once."""
        values = {"submission": submission, "tenant": tenant, "person": person, "at": at}
        add = insert(lifts).values(values).on_conflict_do_nothing()
        await self.transact(lambda sql: sql.execute(add).rowcount)

    async def is_lifted(self, tenant: str, submission: UUID) -> bool:
        """Whether even `CSE.*` is told of a tenant's submission."""
        own = lifts.c.tenant == tenant, lifts.c.submission == submission
        query = select(lifts.c.submission).where(*own)
        return await self.transact(lambda sql: sql.execute(query).first() is not None)

    async def _all(self, query: Select[*tuple[object, ...]]) -> tuple[Appeal, ...]:
        return await self.transact(
            lambda sql: tuple(_appeal(row) for row in sql.execute(query).mappings())
        )


def _seen(scope: Scope) -> ColumnElement[bool]:
    own = appeals.c.tenant.in_(sorted(scope.tenants)) if scope.tenants else true()
    return own if scope.worst else own & appeals.c.worst.is_(False)


def _case_of(sql: Connection, appeal: Appeal) -> UUID:
    """Return the open case of the same cause, or the appeal's own id."""
    query = (
        select(appeals.c.case, appeals.c.likeness)
        .where(appeals.c.tenant == appeal.tenant, appeals.c.worst.is_(appeal.worst))
        .where(appeals.c.rule == appeal.rule, appeals.c.code == appeal.code)
        .where(appeals.c.policy_digest == appeal.policy_digest, appeals.c.outcome.is_(None))
        .order_by(appeals.c.received_at)
        .limit(MOST_COMPARED)
    )
    for case, like in sql.execute(query):
        if is_near(int(like, 16), appeal.likeness):
            found: UUID = case
            return found
    return appeal.id


def _appeal(row: RowMapping) -> Appeal:
    values = {name: row[name] for name in Appeal.__slots__}
    values["likeness"] = int(row["likeness"], 16)
    return Appeal(**values)
