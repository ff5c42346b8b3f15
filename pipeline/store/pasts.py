"""Pasts: what became of what an end user asked for before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, func, select

from pipeline.store.holds import holds
from pipeline.store.submissions import State, submissions
from pipeline.store.writer import Transact

MOST_SHOWN = 10
MOST_COUNTED = 1_000
"""Of the newest so many it is told what became of them."""


@dataclass(frozen=True, slots=True)
class Before:
    """One earlier request, and what it was held for, if it was."""

    received_at: datetime
    state: State
    code: str


@dataclass(frozen=True, slots=True)
class Past:
    """What somebody asked for before."""

    counts: Mapping[State, int]
    stopped: tuple[Before, ...]
    """The newest that were not simply released."""


@dataclass(frozen=True, slots=True)
class Pasts:
    """Reads submissions by whose they are, always within a tenant."""

    transact: Transact

    async def of(self, tenant: str, subject: str, but: UUID) -> Past:
        """Return the past of an end user, by fingerprint, without one submission."""
        own = (
            select(submissions.c.id, submissions.c.received_at, submissions.c.state)
            .where(submissions.c.tenant == tenant, submissions.c.subject == subject)
            .where(submissions.c.id != but)
            .order_by(submissions.c.received_at.desc())
            .limit(MOST_COUNTED)
            .subquery()
        )
        counts = select(own.c.state, func.count().label("number")).group_by(own.c.state)
        stopped = (
            select(own.c.id, own.c.received_at, own.c.state)
            .where(own.c.state.in_((State.HELD, State.WITHHELD, State.HALTED)))
            .order_by(own.c.received_at.desc())
            .limit(MOST_SHOWN)
        )

        def read(sql: Connection) -> Past:
            rows = sql.execute(stopped).all()
            held = select(holds.c.submission, holds.c.code).where(
                holds.c.submission.in_([row.id for row in rows])
            )
            codes = {
                row.submission: row.code for row in sql.execute(held.order_by(holds.c.severity))
            }
            return Past(
                {row.state: row.number for row in sql.execute(counts)},
                tuple(Before(row.received_at, row.state, codes.get(row.id, "")) for row in rows),
            )

        return await self.transact(read)
