"""One connection to one SQLite file, used by one thread, locked against other processes."""

import asyncio
import fcntl
import os
import sqlite3
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import (
    URL,
    Connection,
    Delete,
    Insert,
    MetaData,
    Update,
    create_engine,
    event,
    text,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from pipeline.errors import StoreLockedError, StoreUnavailableError, StoreVersionError
from pipeline.store.job import Job, kind_of, run_together, unavailable
from pipeline.store.prepared import driver_of
from pipeline.store.tables import statements

T = TypeVar("T")

_MOST_TOGETHER = 64
_SQLITE = sqlite.dialect()

_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF")


class Transact(Protocol):
    """Runs `work` in one transaction: all of it is durable once this returns, or none is.

    Raises:
        ConflictError: a row exists already, or names one that does not.
        StoreUnavailableError: the database is read-only, full, damaged or closed.
    """

    async def __call__(self, work: Callable[[Connection], T], /) -> T:
        """Run `work`; it MUST NOT keep the connection."""
        ...


class Held(Transact, Protocol):
    """A database that this process has open."""

    @property
    def is_shared(self) -> bool:
        """Whether other processes may have it open as well."""
        ...

    async def keeps(self) -> bool:
        """Whether this process, of all, is the one that does what has to be done once.

        Raises:
            StoreUnavailableError: nobody knows.
        """
        ...

    async def finish(self) -> None:
        """Finish what was begun, and let the next process have it."""
        ...


def changing(
    statement: Insert | Update | Delete, values: Mapping[str, object] | None = None
) -> Callable[[Connection], int]:
    """Return the work that executes one statement, and says how many rows it changed.

    What every request executes is built once, with a `bindparam` for each of `values`: to build a
    statement costs more than to execute it.
    """
    return lambda connection: connection.execute(statement, values).rowcount


class Writer:
    """The only thread that speaks to the database, and the lock that keeps other processes out."""

    def __init__(self, path: Path, metadata: MetaData, version: int) -> None:
        """Open the file, or make it (0600) with the tables of `metadata`.

        Raises:
            StoreLockedError: another process has it open.
            StoreVersionError: it holds another version of the schema.
            StoreUnavailableError: it cannot be opened.
        """
        self._waiting: deque[Job[Any]] = deque()
        self._lock = _lock(path)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"store {path.name}")
        try:
            self._sql = self._thread.submit(_open, path, metadata, version).result()
        except BaseException:
            self._thread.shutdown()
            os.close(self._lock)
            raise

    async def __call__(self, work: Callable[[Connection], T], /) -> T:
        """Run `work`, as `Transact` says; what waits meanwhile shares the next transaction.

        A caller that is cancelled does not undo what the thread has begun.
        """
        job = Job(work)
        try:
            self._waiting.append(job)
            self._thread.submit(self._run_waiting)
        except RuntimeError:
            self._waiting.remove(job)
            raise StoreUnavailableError("store", "an open one", "a closed one") from None
        return await job.answer

    def _run_waiting(self) -> None:
        """Do what waits: while one batch is synced, the next gathers."""
        count = min(len(self._waiting), _MOST_TOGETHER)
        run_together(self._sql, [self._waiting.popleft() for _ in range(count)])

    @property
    def is_shared(self) -> bool:
        """No: a file has one process."""
        return False

    async def keeps(self) -> bool:
        """Yes: there is no other."""
        return True

    async def finish(self) -> None:
        """Do as `close`, and keep nobody waiting meanwhile."""
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        """Finish what was begun, close the file, and let the next process have it."""
        self._thread.submit(_close, self._sql).result()
        self._thread.shutdown()
        os.close(self._lock)


def _lock(path: Path) -> int:
    try:
        descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as fault:
        raise StoreUnavailableError(path.name, "a folder it can be in", type(fault).__name__) from (
            fault
        )
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise StoreLockedError(
            path.name, "to be its only process", "another that has it open: stop that one first"
        ) from None
    return descriptor


def _open(path: Path, metadata: MetaData, version: int) -> Connection:
    """Return the one connection. It stays open: fetching one costs more than a transaction."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite would make it readable
    except OSError as fault:
        raise StoreUnavailableError(path.name, "a writable file", type(fault).__name__) from fault
    engine = create_engine(
        URL.create("sqlite", database=str(path)), poolclass=StaticPool, hide_parameters=True
    )
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    try:
        connection = engine.connect()
        with connection.begin():
            _prepare(connection, path.name, metadata, version)
    except (SQLAlchemyError, sqlite3.Error) as fault:
        engine.dispose()
        raise unavailable(kind_of(fault)) from None
    except BaseException:
        engine.dispose()
        raise
    return connection


def _close(connection: Connection) -> None:
    connection.close()
    connection.engine.dispose()


def _configure(connection: DBAPIConnection, _record: object) -> None:
    assert isinstance(connection, sqlite3.Connection)  # noqa: S101 - tells the type checkers what the URL says
    connection.isolation_level = None  # the driver starts no transactions of its own: we do
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    driver_of(connection).execute(
        "BEGIN IMMEDIATE"
    )  # every transaction begins so: without SQLAlchemy's wrapping


def _prepare(connection: Connection, name: str, metadata: MetaData, version: int) -> None:
    found = connection.execute(text("PRAGMA user_version")).scalar_one()
    tables = connection.execute(text("SELECT count(*) FROM sqlite_schema")).scalar_one()
    if found == 0 and tables == 0:
        for statement in statements(metadata, _SQLITE):
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"PRAGMA user_version = {version:d}")
    elif found != version:
        raise StoreVersionError(name, f"schema version {version}", found)
