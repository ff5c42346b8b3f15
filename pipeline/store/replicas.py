"""Replicas: which gateways live, and which of them generates with which account.

A gateway says each second that it lives. One that has not said so for `GONE` is gone, for good:
others take up what it left. If it only stood still it is given no lease any more, and finds out
that it has to begin again under another name.

A lease outlives its owner by the longest generation: it is renewed while the call lasts, and
whoever dies in the middle keeps the account from the others until NovelAI has surely ended. Whoever
asks in vain is noted, and has the next turn: a busy gateway keeps no other from an account.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Column, Connection, Select, String, Table, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.accounts import upstream_accounts
from pipeline.store.columns import Instant, metadata
from pipeline.store.writer import Transact, changing

BEAT_SECONDS: Final = 1.0
GONE: Final = timedelta(seconds=10)
"""After so long without a word a gateway is taken for dead."""
ASKED: Final = timedelta(seconds=1)
"""For so long who asked in vain is waited for: it asks again much sooner, if it still wants."""

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
    Column("wanted_by", String(64), nullable=False),
    Column("wanted_at", Instant, nullable=False),
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
        """Lease an account, or renew that; False if another has it or comes before.

        Nobody has one that is paused in the store, or is taken for dead.
        """

        def work(sql: Connection) -> bool:
            living = select(processes.c.owner).where(processes.c.owner == owner)
            if sql.execute(living).first() is None or sql.execute(_paused(token)).first():
                return False
            return _leased(sql, token, owner, now, until)

        return await self.transact(work)

    async def release(self, token: str, owner: str, until: datetime) -> None:
        """End a lease; until then the account rests, for this process as well."""
        change = update(account_leases).where(account_leases.c.token == token)
        change = change.where(account_leases.c.owner == owner).values(owner="", until=until)
        await self.transact(changing(change))


def _paused(token: str) -> Select[tuple[str]]:
    of = upstream_accounts.c
    return select(of.token).where(of.token == token, of.paused != "")


def _leased(sql: Connection, token: str, owner: str, now: datetime, until: datetime) -> bool:
    own = account_leases.c.token == token
    before = sql.execute(select(account_leases).where(own)).mappings().one_or_none()
    values = {"owner": owner, "until": until, "wanted_by": "", "wanted_at": now}
    if before is None:
        sql.execute(insert(account_leases).values(token=token, **values))
        return True
    if before["owner"] == owner:
        sql.execute(update(account_leases).where(own).values(until=until))
        return True
    is_anothers = before["wanted_by"] not in {"", owner} and before["wanted_at"] > now - ASKED
    if before["until"] <= now and not is_anothers:
        sql.execute(update(account_leases).where(own).values(values))
        return True
    if not is_anothers:
        wanted = {"wanted_by": owner, "wanted_at": now}
        sql.execute(update(account_leases).where(own).values(wanted))
    return False
