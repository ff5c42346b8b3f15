"""Accounts at NovelAI, known by a digest of their token, and the cases that their pauses opened.

An account belongs to one process at a time. When that process died during a paid call, NovelAI may
still be generating with it: whoever takes it over lets it rest for as long as a generation takes.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Column, Connection, String, Table, Uuid, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from pipeline.store import ledgers
from pipeline.store.columns import Instant, metadata
from pipeline.store.prepared import Prepared
from pipeline.store.submissions import State, submissions
from pipeline.store.writer import Transact, changing

upstream_accounts = Table(
    "upstream_accounts",
    metadata,
    Column("token", String(64), primary_key=True),
    Column("since", Instant, nullable=False),
    Column("entitlement", String(2000), nullable=False),
    Column("declared_by", String(200), nullable=False),
    Column("paused", String(32), nullable=False),
    Column("owner", String(64), nullable=False),
    Column("rests_until", Instant, nullable=False),
)
_ALL = Prepared(select(upstream_accounts))

gate_misses = Table(
    "gate_misses",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("submission", Uuid),
    Column("tenant", String(63), nullable=False),
    Column("token", String(64), nullable=False),
    Column("cause", String(32), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("closed_by", String(200), nullable=False),
)


@dataclass(frozen=True, slots=True)
class AccountRow:
    """What is remembered of one account."""

    token: str = field(repr=False)
    """The sha256 of its token: it is 64 random characters, which nobody finds by trying."""
    since: datetime
    """Since when this token is in use here."""
    entitlement: str = field(default="", repr=False)
    """Why it may be used beside another account, in the words of whoever declared it."""
    declared_by: str = ""
    paused: str = ""
    """Why it does nothing until a person says so; empty if it does."""
    owner: str = ""
    rests_until: datetime = field(kw_only=True)
    """Until when another process may still be generating with it."""


@dataclass(frozen=True, slots=True)
class GateMiss:
    """NovelAI objected to something that was approved here: a case for a person."""

    id: UUID
    submission: UUID | None
    """What it objected to; None if it was the account alone."""
    tenant: str
    token: str = field(repr=False)
    cause: str
    opened_at: datetime
    closed_at: datetime | None = None
    closed_by: str = ""


@dataclass(frozen=True, slots=True)
class AccountTable:
    """The tables of accounts. They are the operator's, and no tenant's."""

    transact: Transact

    async def take(
        self,
        tokens: Sequence[str],
        owner: str,
        now: datetime,
        longest: timedelta,
        others: AbstractSet[str] = frozenset(),
    ) -> tuple[AccountRow, ...]:
        """Take accounts over for a process, and return how each stands.

        One with which a process that died had begun a paid call rests for `longest` after that; of
        `others`, which live, leases tell.
        """
        living = {"", owner, *others}
        return await self.transact(
            lambda sql: tuple(_taken(sql, token, owner, now, longest, living) for token in tokens)
        )

    async def get(self, token: str) -> AccountRow | None:
        """Return an account; None if it was never used here."""
        return await self.transact(lambda sql: _get(sql, token))

    async def all(self) -> Mapping[str, AccountRow]:
        """Return every account that was used here, by its token's digest."""
        rows = await self.transact(lambda sql: _ALL.rows(sql, {}))
        return {row["token"]: AccountRow(**row) for row in rows}

    async def put(self, row: AccountRow) -> None:
        """Remember an account as `row` says."""
        await self.transact(lambda sql: _put(sql, row))

    async def rotate(self, old: str, row: AccountRow) -> None:
        """Remember an account under its new token, its cases and its ledger as well."""

        def work(sql: Connection) -> None:
            sql.execute(delete(upstream_accounts).where(upstream_accounts.c.token == old))
            _put(sql, row)
            cases = update(gate_misses).where(gate_misses.c.token == old)
            sql.execute(cases.values(token=row.token))
            calls = update(submissions).where(submissions.c.state == State.CALLING)
            sql.execute(calls.where(submissions.c.account == old).values(account=row.token))
            ledgers.rotate(sql, old, row.token)

        await self.transact(work)

    async def pause(self, token: str, why: str, now: datetime) -> None:
        """Remember why an account does nothing; an empty `why` lets it do something again."""

        def work(sql: Connection) -> None:
            before = _get(sql, token) or AccountRow(token, now, rests_until=now)
            _put(sql, replace(before, paused=why))

        await self.transact(work)

    async def open(self, miss: GateMiss) -> None:
        """Open a case; the same one again is the same."""
        values = {name: getattr(miss, name) for name in GateMiss.__slots__}
        add = insert(gate_misses).values(values).on_conflict_do_nothing()
        await self.transact(lambda sql: sql.execute(add).rowcount)

    async def opened(self) -> tuple[GateMiss, ...]:
        """Return every case that is open, oldest first."""
        order = gate_misses.c.opened_at
        query = select(gate_misses).where(gate_misses.c.closed_at.is_(None)).order_by(order)
        return await self.transact(
            lambda sql: tuple(GateMiss(**row) for row in sql.execute(query).mappings())
        )

    async def close(self, token: str, person: str, at: datetime) -> None:
        """Close every case of an account."""
        change = update(gate_misses).where(gate_misses.c.token == token)
        change = change.where(gate_misses.c.closed_at.is_(None))
        await self.transact(changing(change.values(closed_at=at, closed_by=person)))


def _get(sql: Connection, token: str) -> AccountRow | None:
    query = select(upstream_accounts).where(upstream_accounts.c.token == token)
    row = sql.execute(query).mappings().one_or_none()
    return None if row is None else AccountRow(**row)


def _put(sql: Connection, row: AccountRow) -> None:
    values = {name: getattr(row, name) for name in AccountRow.__slots__}
    changed = {name: value for name, value in values.items() if name != "token"}
    add = insert(upstream_accounts).values(values)
    sql.execute(add.on_conflict_do_update(index_elements=["token"], set_=changed))


def _taken(
    sql: Connection,
    token: str,
    owner: str,
    now: datetime,
    longest: timedelta,
    living: AbstractSet[str],
) -> AccountRow:
    before = _get(sql, token) or AccountRow(token, now, rests_until=now)
    rests_until = before.rests_until
    if before.owner not in living:
        calling = (
            submissions.c.state == State.CALLING,
            submissions.c.owner == before.owner,
            submissions.c.account == token,
        )
        latest = sql.execute(select(func.max(submissions.c.changed_at)).where(*calling)).scalar()
        if latest is not None:
            rests_until = max(rests_until, latest + longest)
    row = replace(before, owner=owner, rests_until=rests_until)
    _put(sql, row)
    return row
