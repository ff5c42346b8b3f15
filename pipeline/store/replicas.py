"""Replicas: which gateways live, and which of them generates with which account.

A gateway says each second that it lives. One that has not said so for `GONE` is gone, for good:
others take up what it left. If it only stood still it is given no lease any more, and finds out
that it has to begin again under another name.

A lease outlives its owner by the longest generation: it is renewed while the call lasts, and
whoever dies in the middle keeps the account from the others until NovelAI has surely ended.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Column, Connection, String, Table, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.columns import Instant, metadata
from pipeline.store.writer import Transact, changing

BEAT_SECONDS: Final = 1.0
GONE: Final = timedelta(seconds=10)
"""After so long without a word a gateway is taken for dead."""

processes = Table(
    "processes",
    metadata,
    Column("owner", String(64), primary_key=True),
    Column("seen_at", Instant, nullable=False),
)
account_leases = Table(
    "account_leases",
    metadata,
    Column("token", String(64), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("until", Instant, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Replicas:
    """The tables of processes and of their leases."""

    transact: Transact

    async def join(self, owner: str, now: datetime) -> None:
        """Say that a process begins. Its name MUST be new."""
        await self.transact(changing(insert(processes).values(owner=owner, seen_at=now)))

    async def beat(self, owner: str, now: datetime) -> bool:
        """Say that a process lives; False if it was taken for dead, and MUST end."""
        change = update(processes).where(processes.c.owner == owner).values(seen_at=now)
        return await self.transact(changing(change)) == 1

    async def leave(self, owner: str) -> None:
        """Say that a process ends: what it left is taken up at once."""
        await self.transact(changing(delete(processes).where(processes.c.owner == owner)))

    async def others(self, owner: str, now: datetime) -> frozenset[str]:
        """Return every process that lives beside this one; those long gone are forgotten."""

        def read(sql: Connection) -> frozenset[str]:
            sql.execute(delete(processes).where(processes.c.seen_at <= now - GONE))
            query = select(processes.c.owner).where(processes.c.owner != owner)
            return frozenset(sql.execute(query).scalars())

        return await self.transact(read)

    async def lease(self, token: str, owner: str, now: datetime, until: datetime) -> bool:
        """Lease an account, or renew that; False if another has it, or this is taken for dead."""
        values = {"owner": owner, "until": until}
        add = insert(account_leases).values(token=token, **values)
        free = or_(account_leases.c.owner == owner, account_leases.c.until <= now)
        taken = add.on_conflict_do_update(index_elements=["token"], set_=values, where=free)
        living = select(processes.c.owner).where(processes.c.owner == owner)

        def work(sql: Connection) -> bool:
            return sql.execute(living).first() is not None and sql.execute(taken).rowcount == 1

        return await self.transact(work)

    async def release(self, token: str, owner: str, until: datetime) -> None:
        """End a lease; until then the account rests, for this process as well."""
        change = update(account_leases).where(account_leases.c.token == token)
        change = change.where(account_leases.c.owner == owner).values(owner="", until=until)
        await self.transact(changing(change))
