"""Ledgers: what each call may cost its account at NovelAI, and what NovelAI said was left there."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    String,
    Table,
    Uuid,
    bindparam,
    delete,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.columns import Instant, metadata
from pipeline.store.prepared import Prepared
from pipeline.store.submissions import State, submissions
from pipeline.store.writer import Transact

account_ledgers = Table(
    "account_ledgers",
    metadata,
    Column("token", String(64), primary_key=True),
    Column("opening", BigInteger),
    Column("left", BigInteger, nullable=False),
    Column("full", BigInteger, nullable=False),
    Column("opus", Boolean, nullable=False),
    Column("seen_at", Instant, nullable=False),
)
account_calls = Table(
    "account_calls",
    metadata,
    Column("submission", Uuid, primary_key=True),
    Column("token", String(64), nullable=False, index=True),
    Column("least", Integer, nullable=False),
    Column("most", Integer, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Call:
    """A call with an account that was begun, and not surely unpaid. In Anlas."""

    submission: UUID
    least: int
    most: int
    is_over: bool
    """Whether it was paid; else it is under way, or nobody knows."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is known of one account, in Anlas."""

    token: str = field(repr=False)
    """The digest of its token."""
    opening: int | None = None
    """What was on it before `calls`, by all that NovelAI said; None: it was never asked at rest."""
    left: int | None = None
    """What NovelAI said at last."""
    full: int | None = None
    """What was on it when it had last been filled up."""
    opus: bool | None = None
    """Whether its plan includes generations; None: nobody asked."""
    seen_at: datetime | None = None
    calls: tuple[Call, ...] = ()
    """Every call since `opening`."""


_CALL = Prepared(insert(account_calls), ("submission", "token", "least", "most"))
_DROP = Prepared(delete(account_calls).where(account_calls.c.submission == bindparam("of")))
_OPUS = Prepared(
    select(account_ledgers.c.opus).where(account_ledgers.c.token == bindparam("token"))
)
_CALLS = select(account_calls, submissions.c.state).join(
    submissions, submissions.c.id == account_calls.c.submission
)


@dataclass(frozen=True, slots=True)
class Ledgers:
    """The tables of ledgers. They are the operator's, and no tenant's."""

    transact: Transact

    async def begin(
        self, submission: UUID, token: str, price: int, included: tuple[int, int]
    ) -> None:
        """Count a call that is about to be made, for the first time or after a `drop`.

        `included` is what it costs, at least and at most, where the plan includes generations.
        """

        def work(sql: Connection) -> None:
            row = _OPUS.row(sql, {"token": token})
            if row is None:
                least, most = min(price, *included), max(price, *included)
            else:
                least, most = included if row["opus"] else (price, price)
            values = {"submission": submission, "token": token, "least": least, "most": most}
            if most:
                _CALL.count(sql, values)

        await self.transact(work)

    async def drop(self, submission: UUID) -> None:
        """Count a call no more: it was surely not paid for."""
        await self.transact(lambda sql: _DROP.count(sql, {"of": submission}))

    async def get(self, token: str) -> Ledger:
        """Return the ledger of an account: an empty one if nothing is known of it."""

        def read(sql: Connection) -> Ledger:
            query = select(account_ledgers).where(account_ledgers.c.token == token)
            row = sql.execute(query).mappings().one_or_none()
            calls = tuple(
                Call(each.submission, each.least, each.most, each.state is not State.CALLING)
                for each in sql.execute(_CALLS.where(account_calls.c.token == token))
            )
            known: dict[str, Any] = {"token": token, **(row or {})}
            return Ledger(**known, calls=calls)

        return await self.transact(read)

    async def all(self) -> tuple[Ledger, ...]:
        """Return every account of which NovelAI ever told what is left, without its calls."""
        query = select(account_ledgers)
        return await self.transact(
            lambda sql: tuple(Ledger(**row) for row in sql.execute(query).mappings())
        )

    async def see(self, ledger: Ledger, settled: Collection[UUID]) -> None:
        """Remember what NovelAI said: in its `opening` the calls are `settled` from now on."""
        names = ("opening", "left", "full", "opus", "seen_at")
        seen = {name: getattr(ledger, name) for name in names}

        def work(sql: Connection) -> None:
            first = insert(account_ledgers).values(token=ledger.token, **seen)
            sql.execute(first.on_conflict_do_update(index_elements=["token"], set_=seen))
            for submission in settled:
                _DROP.count(sql, {"of": submission})

        await self.transact(work)


def rotate(sql: Connection, old: str, new: str) -> None:
    """Keep an account's ledger under its new token, as a part of a transaction."""
    sql.execute(delete(account_ledgers).where(account_ledgers.c.token == new))
    for table in (account_ledgers, account_calls):
        sql.execute(update(table).where(table.c.token == old).values(token=new))
