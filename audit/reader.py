"""Asks the log's tables without standing in the writer's way: read-only, in its own thread."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from audit.connection import connect_reader
from audit.errors import UnusableError
from audit.threads import in_thread

P = ParamSpec("P")
R = TypeVar("R")


class Reader:
    """One read-only connection; it sees what is committed and nothing else."""

    def __init__(self, path: Path) -> None:
        self._connection = connect_reader(path)
        self._worker = ThreadPoolExecutor(1, "audit-reader")

    async def ask(
        self,
        question: Callable[Concatenate[sqlite3.Connection, P], R],
        *args: P.args,
        **more: P.kwargs,
    ) -> R:
        """Answer a question of `audit.tables`.

        Raises:
            UnusableError: the file cannot be read.
        """
        try:
            return await in_thread(self._worker, question, self._connection, *args, **more)
        except sqlite3.Error as fault:
            raise UnusableError("log", f"it cannot be read: {fault}") from fault

    async def close(self) -> None:
        """Let go of the file."""
        await in_thread(self._worker, self._connection.close)
        self._worker.shutdown()
