"""Work that waits for the database, and how all that waits is done in one transaction."""

import asyncio
import sqlite3
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from pipeline.errors import ConflictError, StoreUnavailableError
from pipeline.store.prepared import driver_of, is_sqlite

T = TypeVar("T")

FAULTS: Final = (SQLAlchemyError, sqlite3.Error, OSError)
"""What a database raises that does not work; a time that ran out is an `OSError`."""
_A_VALUE: Final = "22"
"""PostgreSQL's class of faults of a value that it will not have: its own caller's."""


class Job(Generic[T]):
    """One caller's work, and the answer that the caller awaits. Make it on the caller's loop."""

    def __init__(self, work: Callable[[Connection], T]) -> None:
        self._loop = asyncio.get_running_loop()
        self._work = work
        self._done: Callable[[asyncio.Future[T]], None] = _unavailable("stopped")
        self.answer: asyncio.Future[T] = self._loop.create_future()

    def run(self, sql: Connection, apart: AbstractContextManager[object]) -> None:
        """Do the work; what it raises is its own caller's, once `apart` has undone it.

        Raises:
            FAULTS: the database failed; nobody's work stands.
        """
        try:
            with apart:
                result = self._work(sql)
        except (IntegrityError, sqlite3.IntegrityError) as fault:
            self._done = _raise(conflict(fault))
        except FAULTS as fault:
            if not kind_of(fault).startswith(_A_VALUE):
                raise
            self.fail(kind_of(fault))
        except BaseException as fault:  # noqa: BLE001 - whatever it is, its own caller gets it
            self._done = _raise(fault)
        else:
            self._done = lambda answer: answer.set_result(result)

    def fail(self, reason: str) -> None:
        """Answer that the database did not do it."""
        self._done = _unavailable(reason)

    def tell(self) -> None:
        """Give the caller the answer, from whatever thread; one that left gets none."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        if not self.answer.done():
            self._done(self.answer)


def run_together(sql: Connection, jobs: Sequence[Job[Any]]) -> bool:
    """Do all jobs, each whole or not at all, and tell once they are durable: one sync for all.

    Return False if the database failed.
    """
    wanted = [job for job in jobs if not job.answer.cancelled()]
    try:
        if len(wanted) == 1:
            wanted[0].run(sql, sql.begin())
        elif wanted:
            with sql.begin():
                for job in wanted:
                    job.run(sql, _apart(sql))
    except FAULTS as fault:
        for job in wanted:
            job.fail(kind_of(fault))
        return False
    else:
        return True
    finally:
        for job in wanted:
            job.tell()


@contextmanager
def _apart(sql: Connection) -> Generator[None]:
    """Undo what is done within, and nothing else, if it fails."""
    if not is_sqlite(sql):
        with sql.begin_nested():
            yield
        return
    driver = driver_of(sql)
    driver.execute("SAVEPOINT apart")
    try:
        yield
    except BaseException:
        driver.execute("ROLLBACK TO apart")
        raise
    finally:
        driver.execute("RELEASE apart")


def conflict(fault: IntegrityError | sqlite3.IntegrityError) -> ConflictError:
    """Return that a row exists already, or names one that does not."""
    return ConflictError("store", "a new row with known references", kind_of(fault))


def unavailable(reason: str) -> StoreUnavailableError:
    """Return that the database does not work."""
    return StoreUnavailableError("store", "a working database", reason)


def kind_of(fault: BaseException) -> str:
    """Name a fault without its statement, its parameters or its rows."""
    cause = getattr(fault, "orig", fault)
    known = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    return str(known or type(fault).__name__)


def _unavailable(reason: str) -> Callable[[asyncio.Future[T]], None]:
    return _raise(unavailable(reason))


def _raise(fault: BaseException) -> Callable[[asyncio.Future[T]], None]:
    return lambda answer: answer.set_exception(fault)
