"""Sessions of the console, by the hash of their token: the token itself is only in a browser."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, ForeignKey, String, Table, delete, insert, select, update

from pipeline.store.columns import Instant, metadata
from pipeline.store.reviewers import Reviewer, reviewer_of, reviewers
from pipeline.store.writer import Transact, changing

console_sessions = Table(
    "console_sessions",
    metadata,
    Column("token_sha256", String(64), primary_key=True),
    Column("reviewer", ForeignKey("reviewers.id"), nullable=False, index=True),
    Column("begun_at", Instant, nullable=False, index=True),
    Column("seen_at", Instant, nullable=False),
)


@dataclass(frozen=True, slots=True)
class ConsoleSession:
    """A session, and whose it is."""

    token_sha256: str
    reviewer: Reviewer
    begun_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class ConsoleSessions:
    """The table of sessions. One that ended is no longer there."""

    transact: Transact

    async def begin(self, token_sha256: str, reviewer: UUID, at: datetime) -> None:
        """Add a session.

        Raises:
            ConflictError: there is no such account.
        """
        values = {
            "token_sha256": token_sha256,
            "reviewer": reviewer,
            "begun_at": at,
            "seen_at": at,
        }
        await self.transact(changing(insert(console_sessions).values(values)))

    async def of_token(self, token_sha256: str) -> ConsoleSession | None:
        """Return a session, unless its account is disabled or to be set up anew."""
        mine = console_sessions.c
        query = (
            select(reviewers, mine.begun_at, mine.seen_at)
            .join(reviewers, reviewers.c.id == mine.reviewer)
            .where(mine.token_sha256 == token_sha256)
            .where(reviewers.c.disabled_at.is_(None), reviewers.c.enrolment_sha256.is_(None))
        )
        row = await self.transact(lambda sql: sql.execute(query).mappings().one_or_none())
        if row is None:
            return None
        return ConsoleSession(token_sha256, reviewer_of(row), row["begun_at"], row["seen_at"])

    async def seen(self, token_sha256: str, at: datetime) -> None:
        """Note that a session was used."""
        change = update(console_sessions).where(console_sessions.c.token_sha256 == token_sha256)
        await self.transact(changing(change.values(seen_at=at)))

    async def end(self, token_sha256: str) -> bool:
        """End a session; False if there was none."""
        change = delete(console_sessions).where(console_sessions.c.token_sha256 == token_sha256)
        return await self.transact(changing(change)) == 1

    async def end_of(self, reviewer: UUID) -> int:
        """End every session of an account; return how many there were."""
        change = delete(console_sessions).where(console_sessions.c.reviewer == reviewer)
        return await self.transact(changing(change))

    async def purge(self, begun_before: datetime) -> int:
        """Forget sessions that began before a time; return how many."""
        change = delete(console_sessions).where(console_sessions.c.begun_at < begun_before)
        return await self.transact(changing(change))
