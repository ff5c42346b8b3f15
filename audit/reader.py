"""Asks the log's tables without standing in the writer's way: read-only, in its own thread."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from audit.connection import connect_reader
from audit.errors import UnusableError

P = ParamSpec("P")
R = TypeVar("R")


async def in_thread(worker: Executor, work: Callable[P, R], *args: P.args, **more: P.kwargs) -> R:
    """Run `work` in the worker's thread, and wait for it."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(worker, partial(work, *args, **more))


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
