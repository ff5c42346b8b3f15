"""Jobs: the submissions for which nobody waits. They outlive a crash, and their end is told."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Table,
    Uuid,
    bindparam,
    insert,
    select,
    update,
)

from pipeline.items import PublicCode
from pipeline.store.columns import Instant, metadata
from pipeline.store.prepared import Prepared
from pipeline.store.submissions import State, SubmissionRow, submissions
from pipeline.store.webhooks import Webhooks
from pipeline.store.writer import Transact, changing

ENDED: Final = "generation.ended"
"""The kind of the webhook that tells it."""

jobs = Table(
    "jobs",
    metadata,
    Column("submission", Uuid, ForeignKey("submissions.id"), primary_key=True),
    Column("asked_at", Instant, nullable=False),
    Column("suspect", Boolean, nullable=False),
)
_IS_ONE = Prepared(select(jobs.c.submission).where(jobs.c.submission == bindparam("of")))


@dataclass(frozen=True, slots=True)
class Jobs:
    """The table of jobs. What each is stands with its submission."""

    transact: Transact

    async def ask(self, submission: UUID, at: datetime) -> None:
        """Note that nobody waits for a submission; in the transaction that admits it.

        Raises:
            ConflictError: there is no such submission, or it is one already.
        """
        values = {"submission": submission, "asked_at": at, "suspect": False}
        await self.transact(changing(insert(jobs).values(values)))

    async def has(self, submission: UUID) -> bool:
        """Whether a submission is a job."""
        row = await self.transact(lambda sql: _IS_ONE.row(sql, {"of": submission}))
        return row is not None

    async def suspect(self, tenant: str, subject: str) -> None:
        """Have a person look at what an end user's jobs ask for, of those not begun yet."""
        theirs = select(submissions.c.id).where(
            submissions.c.tenant == tenant,
            submissions.c.subject == subject,
            submissions.c.state == State.ADMITTED,
        )
        change = update(jobs).where(jobs.c.submission.in_(theirs)).values(suspect=True)
        await self.transact(changing(change))

    async def is_suspect(self, submission: UUID) -> bool:
        """Whether a person has to look at a job before it is begun."""
        query = select(jobs.c.suspect).where(jobs.c.submission == submission)
        return await self.transact(lambda sql: bool(sql.execute(query).scalar_one_or_none()))

    async def waiting(self) -> tuple[SubmissionRow, ...]:
        """Return every tenant's of which nothing was paid yet, whoever carries it, oldest first."""
        query = select(submissions).join(jobs, jobs.c.submission == submissions.c.id)
        query = query.where(submissions.c.state == State.ADMITTED)
        query = query.order_by(submissions.c.received_at)
        return await self.transact(
            lambda sql: tuple(SubmissionRow(**row) for row in sql.execute(query).mappings())
        )

    async def tell(
        self, tenant: str, submission: UUID, state: State, code: PublicCode | None, at: datetime
    ) -> None:
        """Have its tenant told where a submission stands, once for each state, if it is a job."""
        if await self.has(submission):
            body = {"generation": str(submission), "state": state, "code": code}
            known_as = uuid5(submission, f"webhook/{state}")
            await Webhooks(self.transact).enqueue(known_as, tenant, ENDED, body, at)
