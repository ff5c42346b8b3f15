"""Legal holds: what must be kept, whoever wants it gone and however old it is."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Exists,
    String,
    Table,
    Uuid,
    and_,
    exists,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.columns import Instant, metadata
from pipeline.store.submissions import submissions
from pipeline.store.writer import Transact, changing

_MOST_NAMED = 500
"""How many ids one statement names."""

legal_holds = Table(
    "legal_holds",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant", String(63), nullable=False),  # no reference: it outlives its tenant's row
    Column("submission", Uuid),
    Column("subject", String(64)),
    Column("reason", String(500), nullable=False),
    Column("placed_at", Instant, nullable=False),
    Column("placed_by", String(200), nullable=False),
    Column("lifted_at", Instant),
    Column("lifted_by", String(200)),
)


@dataclass(frozen=True, slots=True)
class LegalHold:
    """One hold: on a submission, on a subject, or on all that a tenant's users did."""

    id: UUID
    tenant: str
    submission: UUID | None
    subject: str | None = field(repr=False)
    """The fingerprint (`access.subjects`), never a pseudonym."""
    reason: str = field(repr=False)
    placed_at: datetime
    placed_by: str
    lifted_at: datetime | None = None
    lifted_by: str | None = None


@dataclass(frozen=True, slots=True)
class LegalHolds:
    """The table of legal holds. What stands under one MUST NOT be erased or destroyed."""

    transact: Transact

    async def place(self, hold: LegalHold) -> None:
        """Add a hold; to add it twice is to add it once."""
        values = {name: getattr(hold, name) for name in LegalHold.__slots__}
        await self.transact(changing(insert(legal_holds).values(values).on_conflict_do_nothing()))

    async def lift(self, hold: UUID, at: datetime, by: str) -> bool:
        """End a hold; False if there is none of that id that stands."""
        change = (
            update(legal_holds)
            .where(legal_holds.c.id == hold, legal_holds.c.lifted_at.is_(None))
            .values(lifted_at=at, lifted_by=by)
        )
        return await self.transact(changing(change)) == 1

    async def get(self, hold: UUID) -> LegalHold | None:
        """Return a hold, lifted or not."""
        return next(iter(await self._many(legal_holds.c.id == hold)), None)

    async def all(self, *, lifted: bool = False) -> tuple[LegalHold, ...]:
        """Return every tenant's holds, oldest first; `lifted` ones too, or those that stand."""
        return await self._many(
            literal(value=True) if lifted else legal_holds.c.lifted_at.is_(None)
        )

    async def covers(self, tenant: str, submission: UUID | None, subject: str | None) -> bool:
        """Whether a hold stands over this submission, this subject, or all of this tenant."""
        # None matches nobody's: neither does a nil id or an empty fingerprint
        known = literal(submission or UUID(int=0), Uuid), literal(subject or "")
        query = select(_standing(literal(tenant), *known))
        return bool(await self.transact(lambda sql: sql.execute(query).scalar_one()))

    async def among(self, named: Collection[UUID]) -> frozenset[UUID]:
        """Return those of these submissions that stand under a hold."""
        found: set[UUID] = set()
        every = [*named]
        for at in range(0, len(every), _MOST_NAMED):
            found |= await self._submissions(every[at : at + _MOST_NAMED])
        return frozenset(found)

    async def requests(self) -> frozenset[str]:
        """Return the vault ids of the requests that stand under a hold, for the sweep."""
        query = select(submissions.c.vault_id).where(_OVER_SUBMISSION)
        return await self.transact(lambda sql: frozenset(sql.execute(query).scalars()))

    async def _submissions(self, named: Iterable[UUID]) -> frozenset[UUID]:
        query = select(submissions.c.id).where(submissions.c.id.in_([*named]), _OVER_SUBMISSION)
        return await self.transact(lambda sql: frozenset(sql.execute(query).scalars()))

    async def _many(self, which: ColumnElement[bool]) -> tuple[LegalHold, ...]:
        query = select(legal_holds).where(which).order_by(legal_holds.c.placed_at)
        return await self.transact(
            lambda sql: tuple(LegalHold(**row) for row in sql.execute(query).mappings())
        )


def _standing(
    tenant: ColumnElement[str], submission: ColumnElement[Any], subject: ColumnElement[str]
) -> Exists:
    whole = and_(legal_holds.c.submission.is_(None), legal_holds.c.subject.is_(None))
    over = whole | (legal_holds.c.submission == submission) | (legal_holds.c.subject == subject)
    return exists().where(legal_holds.c.lifted_at.is_(None), legal_holds.c.tenant == tenant, over)


_OVER_SUBMISSION = _standing(submissions.c.tenant, submissions.c.id, submissions.c.subject)
