"""Attempts to sign in that did not succeed, by the name that was typed, whether anybody has it.

They outlast a restart, and say nothing of which names exist.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, Integer, String, Table, delete, select
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.columns import Instant, metadata
from pipeline.store.writer import Transact, changing

FREE = 5
"""How many may fail before one has to wait."""
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
"""An attacker can make somebody wait, so it is not for long."""
FORGOTTEN = timedelta(hours=24)

sign_in_attempts = Table(
    "sign_in_attempts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("wait_until", Instant, nullable=False),
    Column("last_at", Instant, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Whether one may try now, and until when the next has to wait if this one fails."""

    allowed: bool
    wait_until: datetime


@dataclass(frozen=True, slots=True)
class SignInAttempts:
    """The table of attempts."""

    transact: Transact

    async def begin(self, name: str, at: datetime) -> Attempt:
        """Count an attempt as failed before it is looked at, so that many at once count too.

        Whatever then succeeds MUST be cleared. Who has to wait is not counted.
        """
        return await self.transact(lambda sql: _begin(sql, name, at))

    async def clear(self, name: str) -> None:
        """Forget what failed: somebody has shown who they are."""
        change = delete(sign_in_attempts).where(sign_in_attempts.c.name == name)
        await self.transact(changing(change))

    async def purge(self, at: datetime) -> int:
        """Forget what is a day old; return how many names."""
        change = delete(sign_in_attempts).where(sign_in_attempts.c.last_at < at - FORGOTTEN)
        return await self.transact(changing(change))


def _begin(sql: Connection, name: str, at: datetime) -> Attempt:
    query = select(sign_in_attempts).where(sign_in_attempts.c.name == name)
    row = sql.execute(query).mappings().one_or_none()
    if row is not None and at < row["wait_until"]:
        return Attempt(allowed=False, wait_until=row["wait_until"])
    before = 0 if row is None or at - row["last_at"] > FORGOTTEN else row["count"]
    wait_until = at + _wait(before + 1)
    values = {"count": before + 1, "wait_until": wait_until, "last_at": at}
    change = insert(sign_in_attempts).values(name=name, **values)
    sql.execute(change.on_conflict_do_update(index_elements=["name"], set_=values))
    return Attempt(allowed=True, wait_until=wait_until)


def _wait(count: int) -> timedelta:
    """Return how long whoever has failed so often has to wait: twice as long each time."""
    if count < FREE:
        return timedelta()
    return min(FIRST_WAIT * (1 << min(count - FREE, 16)), LONGEST_WAIT)
