"""The store in a PostgreSQL database: one connection, and one transaction at a time among all.

Each transaction begins with the same lock, so what is right with SQLite's one writer is right
here: whoever reads and then writes sees nobody between the two. What waits shares a transaction.
Nothing is believed after a fault: the connection is dropped, and the next one is checked anew.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Self, TypeVar

import asyncpg
from sqlalchemy import Connection, MetaData, event, text
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from pipeline.errors import (
    StoreError,
    StoreUnavailableError,
    StoreVersionError,
)
from pipeline.store.job import Job, kind_of, run_together, unavailable
from pipeline.store.tables import statements

T = TypeVar("T")

SCHEMA: Final = "imprimatur"
FAULTS: Final = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
"""Everything that a lost or refusing database raises; a time that ran out is an `OSError`."""
_MOST_TOGETHER: Final = 64
_CONNECT_SECONDS: Final = 5
_ANSWER_SECONDS: Final = 15
_TURN, _KEEPER = 0x696D7001, 0x696D7002
"""Two advisory locks: of a transaction, and of the one process that keeps house."""
_SESSION: Final = {
    "application_name": "imprimatur store",
    "search_path": SCHEMA,
    "default_transaction_isolation": "read committed",  # under the lock, see what is newest
    "lock_timeout": "10s",
    # A process that stands still in the middle must not hold the others up for ever.
    "idle_in_transaction_session_timeout": "10s",
    "tcp_keepalives_idle": "3",  # a machine that is gone lets its locks go soon
    "tcp_keepalives_interval": "1",
    "tcp_keepalives_count": "3",
    "jit": "off",
}
_DURABLE: Final = text(
    "SELECT current_setting('fsync'), current_setting('full_page_writes'),"
    " current_setting('synchronous_commit') <> 'off', NOT pg_is_in_recovery()"
)
_KEEP: Final = text(f"SELECT pg_try_advisory_lock({_KEEPER})")
_IS_THERE: Final = text("SELECT to_regclass(:name) IS NOT NULL")
_LENGTH: Final = re.compile(r"VARCHAR\(\d+\)")


class PostgresWriter:
    """This process's way to the database, which others have open as well."""

    def __init__(self, engine: AsyncEngine, metadata: MetaData, version: int) -> None:
        self._engine = engine
        self._metadata = metadata
        self._version = version
        self._link: AsyncConnection | None = None
        self._waiting: deque[Job[Any]] = deque()
        self._running: asyncio.Task[None] | None = None
        self._is_closed = False
        self._keeps = False

    @classmethod
    async def open(cls, url: str, metadata: MetaData, version: int) -> Self:
        """Connect, and make the tables of `metadata` if there is nothing of ours.

        Raises:
            StoreVersionError: it holds another version of the schema.
            StoreUnavailableError: nobody answers, or what is committed would not last.
        """
        made = cls(_engine(url), metadata, version)
        try:
            await made._connected(first=True)
        except FAULTS as fault:
            await made.finish()
            raise unavailable(kind_of(fault)) from None
        except BaseException:
            await made.finish()
            raise
        return made

    async def __call__(self, work: Callable[[Connection], T], /) -> T:
        """Run `work`, as `Transact` says; what waits meanwhile shares the next transaction.

        Where the connection is lost while a transaction ends, nobody knows whether it stands: that
        is a `StoreUnavailableError` too. What happened is in the log, which start-up asks.
        """
        if self._is_closed:
            raise StoreUnavailableError("store", "an open one", "a closed one")
        job = Job(work)
        self._waiting.append(job)
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run_waiting())
        return await job.answer

    @property
    def is_shared(self) -> bool:
        """Yes: several processes, each in its turn."""
        return True

    async def keeps(self) -> bool:
        """Keep house, if nobody else does; what keeps it is the connection, and goes with it."""
        if self._link is None or not self._keeps:
            # Asked within the transaction's turn, and noted for the connection that asked.
            self._keeps = await self(lambda sql: bool(sql.execute(_KEEP).scalar_one()))
        return self._keeps

    async def finish(self) -> None:
        """Finish what was begun, disconnect, and let another process keep house."""
        self._is_closed = True
        if self._running is not None:
            await self._running
        await self._drop()
        await self._engine.dispose()

    async def _run_waiting(self) -> None:
        """Do what waits: while one batch is committed, the next gathers."""
        while self._waiting:
            count = min(len(self._waiting), _MOST_TOGETHER)
            jobs = [self._waiting.popleft() for _ in range(count)]
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    link = await self._connected()
                    whole = await link.run_sync(run_together, jobs)
            except (*FAULTS, StoreError) as fault:
                whole = False
                for job in jobs:
                    job.fail(_named(fault))
                    job.tell()
            except BaseException:
                for job in jobs:
                    job.tell()  # that nobody did it
                await self._drop()
                raise
            if not whole:
                await self._drop()

    async def _connected(self, *, first: bool = False) -> AsyncConnection:
        """Return a connection to a database that is ours and durable; make tables if `first`."""
        if self._link is None:
            self._link = await self._engine.connect()
            await self._link.run_sync(self._check, first)
        return self._link

    def _check(self, sql: Connection, first: bool) -> None:
        with sql.begin():
            durable = tuple(sql.execute(_DURABLE).one())
            if durable != ("on", "on", True, True):
                expected = "fsync, full_page_writes, synchronous_commit, and no standby"
                raise StoreUnavailableError("store", expected, durable)
            _prepare(sql, self._metadata, self._version, first=first)

    async def _drop(self) -> None:
        """Let go of the connection, whatever state it is in."""
        link, self._link, self._keeps = self._link, None, False
        if link is not None:
            with suppress(*FAULTS):
                async with asyncio.timeout(_CONNECT_SECONDS):
                    await link.invalidate()
                    await link.close()


def _named(fault: BaseException) -> str:
    return str(fault) if isinstance(fault, StoreError) else kind_of(fault)


def _engine(url: str) -> AsyncEngine:
    async def connect() -> asyncpg.Connection:
        try:
            return await asyncpg.connect(
                url,
                timeout=_CONNECT_SECONDS,
                command_timeout=_ANSWER_SECONDS,
                server_settings=_SESSION,
            )
        except (ValueError, asyncpg.ClientConfigurationError):  # it holds a password
            raise unavailable("its URL cannot be read") from None

    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=connect, poolclass=NullPool, hide_parameters=True
    )
    event.listen(engine.sync_engine, "begin", _take_turn)
    return engine


def _take_turn(sql: Connection) -> None:
    # In a statement of its own: the snapshot of a statement that waits is older than its lock.
    sql.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_TURN})")


def _prepare(sql: Connection, metadata: MetaData, version: int, *, first: bool) -> None:
    kept = f"{SCHEMA}.store_version"
    if sql.execute(_IS_THERE, {"name": kept}).scalar_one():
        found = sql.execute(text(f"SELECT max(version) FROM {kept}")).scalar_one()  # noqa: S608
        if found != version:
            raise StoreVersionError("store", f"schema version {version}", found)
        return
    if not first:
        raise unavailable("its tables are gone")
    sql.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")  # one that is somebody else's is a fault
    for statement in statements(metadata, _DIALECT):
        sql.exec_driver_sql(_LENGTH.sub("TEXT", statement))  # what fits in SQLite fits here
    sql.exec_driver_sql(f"CREATE TABLE {kept} (version integer PRIMARY KEY)")
    sql.exec_driver_sql(f"INSERT INTO {kept} VALUES ({version:d})")  # noqa: S608


_DIALECT: Final = PGDialect_asyncpg()  # type: ignore[no-untyped-call]  # it is SQLAlchemy's
