"""Connections to PostgreSQL: what asyncpg gives, with types, and which of its faults mean what."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol, TypeAlias, cast

import asyncpg

from audit.errors import UnusableError

Record: TypeAlias = tuple[Any, ...]
Connect: TypeAlias = "Callable[[str], Awaitable[Connection]]"

FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""Everything that a connection raises; a time that ran out is an `OSError`."""

_CONNECT_SECONDS = 5
_ANSWER_SECONDS = 15
_SESSION = {
    "application_name": "imprimatur log",
    "search_path": "pg_catalog",  # every name of ours is written in full
    "default_transaction_isolation": "read committed",  # under the lock, see what is newest
    "lock_timeout": "5s",
    # A process that stands still in the middle of a batch must not hold the others up for ever.
    "idle_in_transaction_session_timeout": "10s",
    "jit": "off",
}
# An entry is at fault (and not the server), if what fails is its data, a constraint or a trigger.
_ENTRYS_FAULT = ("22", "23", "P0")


class Connection(Protocol):
    """What the log uses of `asyncpg.Connection`."""

    async def execute(self, query: str, /, *args: object) -> str:
        """Run a statement; return its command tag."""
        ...

    async def fetch(self, query: str, /, *args: object) -> Sequence[Record]:
        """Return every row."""
        ...

    async def fetchrow(self, query: str, /, *args: object) -> Record | None:
        """Return the first row."""
        ...

    async def close(self, *, timeout: float) -> None:  # noqa: ASYNC109 - asyncpg's own name
        """Say good-bye and disconnect."""
        ...

    def terminate(self) -> None:
        """Disconnect without a word."""
        ...

    def is_closed(self) -> bool:
        """Whether it is of no more use."""
        ...


async def connect_postgres(url: str) -> Connection:
    """Connect.

    Raises:
        UnusableError: the URL is none. It holds a password, and is not repeated.
        FAULTS: nobody answers, or it does not let us in.
    """
    try:
        connection = await asyncpg.connect(
            url, timeout=_CONNECT_SECONDS, command_timeout=_ANSWER_SECONDS, server_settings=_SESSION
        )
    except (ValueError, asyncpg.ClientConfigurationError):
        raise UnusableError("log", "its database URL cannot be read") from None
    return cast("Connection", connection)


def entrys_fault(fault: Exception) -> bool:
    """Say whether the database refused an entry for what it is."""
    return (getattr(fault, "sqlstate", None) or "").startswith(_ENTRYS_FAULT)


def told(fault: BaseException) -> str:
    """Say what went wrong, without anything that a row holds."""
    if isinstance(fault, asyncpg.PostgresError):
        return f"PostgreSQL: {fault.args[0] if fault.args else type(fault).__name__}"
    return f"PostgreSQL does not answer: {type(fault).__name__}"


class Link:
    """One connection, made again when it was lost."""

    def __init__(self, url: str, connect: Connect) -> None:
        self._url = url
        self._connect = connect
        self._connection: Connection | None = None

    async def get(self) -> Connection:
        """Return a connection that is open as far as anybody knows.

        Raises:
            FAULTS: there is none to be had.
        """
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._connect(self._url)
        return self._connection

    def drop(self) -> None:
        """Let go of the connection, whatever state it is in."""
        if self._connection is not None:
            self._connection.terminate()
        self._connection = None

    async def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            with suppress(*FAULTS):
                await self._connection.close(timeout=_CONNECT_SECONDS)
        self.drop()
