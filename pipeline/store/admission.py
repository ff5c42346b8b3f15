"""Admission: a request becomes a submission, or joins the one that it repeats."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    PrimaryKeyConstraint,
    String,
    Table,
    Uuid,
    delete,
    insert,
    select,
)

from pipeline.store import submissions
from pipeline.store.columns import Instant, metadata
from pipeline.store.submissions import SubmissionRow
from pipeline.store.writer import Transact, changing

IDEMPOTENCY = timedelta(hours=24)
"""How long an idempotency key is remembered."""

idempotency = Table(
    "idempotency",
    metadata,
    Column("tenant", ForeignKey("tenants.id"), nullable=False),
    Column("key", String(400), nullable=False),
    Column("body_sha256", String(64), nullable=False),
    Column("submission", Uuid, ForeignKey("submissions.id"), nullable=False),
    Column("created_at", Instant, nullable=False, index=True),
    PrimaryKeyConstraint("tenant", "key"),
)


class Entrance(StrEnum):
    """How a request came in."""

    NEW = "new"
    JOINED = "joined"
    """The same request came before: wait for that one, or show what became of it."""
    CONFLICT = "conflict"
    """Its idempotency key was used for another body: refuse it."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """Which submission a request is, and how it came to be that."""

    entrance: Entrance
    submission: SubmissionRow


@dataclass(frozen=True, slots=True)
class Admission:
    """Adds submissions, each once."""

    transact: Transact

    async def admit(self, row: SubmissionRow, idempotency_key: str | None = None) -> Admitted:
        """Add `row`, or return the submission that it repeats.

        With an idempotency key, used by this tenant within 24 hours of `row.received_at`: that
        key's submission, in whatever state. Without: one in flight from the same API key with
        the same body, since its outcome is unknown and would be paid twice.

        Raises:
            ConflictError: there is no such tenant or API key, or the id is taken.
        """
        return await self.transact(lambda sql: _admit(sql, row, idempotency_key))

    async def purge(self, now: datetime) -> int:
        """Forget every tenant's idempotency keys that are out of time; return how many."""
        change = delete(idempotency).where(idempotency.c.created_at <= now - IDEMPOTENCY)
        return await self.transact(changing(change))


def _admit(sql: Connection, row: SubmissionRow, key: str | None) -> Admitted:
    earlier = submissions.same_in_flight(sql, row) if key is None else _used(sql, row, key)
    if earlier is not None:
        same = earlier.body_sha256 == row.body_sha256
        return Admitted(Entrance.JOINED if same else Entrance.CONFLICT, earlier)
    submissions.add(sql, row)
    if key is not None:
        _remember(sql, row, key)
    return Admitted(Entrance.NEW, row)


def _used(sql: Connection, row: SubmissionRow, key: str) -> SubmissionRow | None:
    query = select(idempotency.c.submission).where(
        idempotency.c.tenant == row.tenant,
        idempotency.c.key == key,
        idempotency.c.created_at > row.received_at - IDEMPOTENCY,
    )
    found = sql.execute(query).scalar_one_or_none()
    return None if found is None else submissions.find(sql, row.tenant, found)


def _remember(sql: Connection, row: SubmissionRow, key: str) -> None:
    old = delete(idempotency).where(idempotency.c.tenant == row.tenant, idempotency.c.key == key)
    sql.execute(old)
    values = {
        "tenant": row.tenant,
        "key": key,
        "body_sha256": row.body_sha256,
        "submission": row.id,
        "created_at": row.received_at,
    }
    sql.execute(insert(idempotency).values(values))
