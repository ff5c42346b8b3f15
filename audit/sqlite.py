"""The log in one SQLite file: one process, one writer thread, one reading thread."""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import final
from uuid import UUID

from audit import tables
from audit.connection import Connect, lock
from audit.entry import OpenSubmission
from audit.errors import AuditError, NotDurableError
from audit.guard import Guard
from audit.opening import open_writer
from audit.reader import Reader
from audit.rotation import KeyChain
from audit.seal import Keyed, Sealed
from audit.signer import Keyring, Signer
from audit.sqlite_writer import Writer
from audit.store import Prepared, Row, Stored
from audit.threads import in_thread


@final
class SqliteStore:
    """A `Store` that has its file for itself."""

    def __init__(
        self, writer: Writer, worker: Executor, reader: Reader, opened: AsyncExitStack
    ) -> None:
        self._writer = writer
        self._worker = worker
        self._reader = reader
        self._opened = opened

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        signers: Sequence[Signer],
        guard: Guard,
        now: Callable[[], datetime],
        connect: Connect,
        known_checkpoints: Sequence[str],
    ) -> "SqliteStore":
        """Lock, check and open the file, and make it if there is none.

        Raises:
            UnusableError, UntrustedError: a check failed; the message says which.
        """
        loop = asyncio.get_running_loop()
        opening = partial(
            open_writer,
            path,
            signers=signers,
            guard=guard,
            now=now,
            connect=connect,
            known_checkpoints=known_checkpoints,
        )
        async with AsyncExitStack() as stack:  # closes in the opposite order, also half-way
            stack.callback(os.close, lock(path))
            worker = stack.enter_context(ThreadPoolExecutor(1, "audit-writer"))
            writer = await loop.run_in_executor(worker, opening)
            stack.push_async_callback(in_thread, worker, writer.close)
            reader = Reader(path)
            stack.push_async_callback(reader.close)
            return cls(writer, worker, reader, stack.pop_all())

    @property
    def signed(self) -> tuple[str, int]:
        """The newest signed checkpoint, and its size."""
        return self._writer.signed

    @property
    def unkept(self) -> bool:
        """Whether that checkpoint is not in the file yet."""
        return self._writer.unkept

    async def append(self, batch: Sequence[Prepared], /) -> Sequence[Stored | AuditError]:
        """Write the batch in the writer's thread; see `Store`."""
        return await in_thread(self._worker, self._writer.append, batch)

    async def keep_checkpoint(self) -> None:
        """Write the newest checkpoint into the file; see `Store`."""
        try:
            await in_thread(self._worker, self._writer.keep_checkpoint)
        except sqlite3.Error as fault:
            raise NotDurableError("checkpoint", f"not written: {fault}") from fault

    async def drop(self, record: UUID, start: int, count: int, /) -> int:
        """Drop entries in the writer's thread; see `Store`."""
        try:
            return await in_thread(self._worker, self._writer.drop, record, start, count)
        except sqlite3.Error as fault:
            raise NotDurableError("log", f"not dropped: {fault}") from fault

    async def newest(self) -> tuple[str, int]:
        """Return what `signed` says: nobody else writes."""
        return self._writer.signed

    async def row(self, entry_id: UUID, /) -> Row | None:
        """Return the entry with this id, if there is one."""
        return await self._reader.ask(tables.row_of, entry_id)

    async def rows(self, start: int, count: int, /) -> Sequence[Row]:
        """Return the entries with the indices from `start` up."""
        return await self._reader.ask(tables.rows, start, count)

    async def sealed(self, entry_id: UUID, /) -> Sealed | None:
        """Return what lies encrypted beside an entry, unless it was erased."""
        return await self._reader.ask(tables.sealed_of, entry_id)

    async def of_submission(self, submission: UUID, /) -> Sequence[Row]:
        """Return every entry that names this submission, in order."""
        return await self._reader.ask(tables.of_submission, submission)

    async def keyed(self, after: UUID | None, count: int, /) -> Sequence[Keyed]:
        """Return which keys the details behind `after` have, by entry id."""
        return await self._reader.ask(tables.keyed, after, count)

    async def path(self, index: int, size: int, /) -> tuple[bytes, ...]:
        """Return the hashes that prove entry `index` in the tree of `size`."""
        return await self._reader.ask(tables.path_of, index, size)

    async def tile(self, level: int, index: int, width: int, /) -> tuple[bytes, ...]:
        """Return the first `width` hashes of a tile, as far as they are there."""
        return await self._reader.ask(tables.tile_of, level, index, width)

    @property
    def keys(self) -> Keyring:
        """The keys that this process can sign with."""
        return self._writer.keys

    @property
    def chain(self) -> KeyChain:
        """What the log says of its keys."""
        return self._writer.chain

    async def consistency(self, first: int, second: int, /) -> tuple[bytes, ...]:
        """Return the hashes that prove the tree of size `first` a prefix of that of `second`."""
        return await self._reader.ask(tables.consistency_of, first, second)

    async def open_submissions(self, size: int, /) -> Sequence[OpenSubmission]:
        """Return what was admitted below `size` and has not come to its end."""
        return await self._reader.ask(tables.open_submissions, size)

    async def close(self) -> None:
        """Keep the newest checkpoint if that is possible, and let go of the file."""
        await self._opened.aclose()
