"""One of several processes that append to the log on PostgreSQL.

The one row of `log_state` is the lock: who holds it until COMMIT has the next indices. What each
failure means:

* before COMMIT    nothing happened: rolled back, the entries are refused, the log goes on
* during COMMIT    nobody knows: look on a new connection, once whoever had the lock let go of it
* after COMMIT     durable; without a signature there is still no receipt
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar, final
from uuid import UUID

import asyncpg

from audit.checkpoint import Checkpoint
from audit.entry import OpenSubmission
from audit.errors import (
    AuditError,
    ConflictError,
    NotDurableError,
    UntrustedError,
    UnusableError,
)
from audit.fields import write_time
from audit.guard import Guard
from audit.leaf import Leaf
from audit.merkle import Edge, leaf_hash
from audit.postgres import questions
from audit.postgres.connection import FAULTS, Connection, Link, entrys_fault, told
from audit.postgres.state import State
from audit.rotation import KeyChain, KeyChange
from audit.seal import Keyed, Sealed
from audit.shards import size_to_drop
from audit.signer import Keyring, changed
from audit.store import Prepared, Row, Stored

P = ParamSpec("P")
R = TypeVar("R")

COMMIT_SECONDS = 10.0  # how long a commit may take before its connection is given up
LOOK_SECONDS = 10.0  # how long a commit of unknown outcome is looked up before nobody knows
_PAUSE_SECONDS = 0.1
_LAST_UNSIGNED = ("", 0)

_WRITE = """
WITH entries AS (
  INSERT INTO audit.entry(idx, entry_id, leaf, leaf_hash)
  SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::bytea[], $4::bytea[])
), details AS (
  INSERT INTO audit.detail(entry_id, key_id, wrapped, nonce, ciphertext)
  SELECT * FROM unnest($5::uuid[], $6::text[], $7::bytea[], $8::bytea[], $9::bytea[])
), nodes AS (
  INSERT INTO audit.tile_node(level, idx, hash)
  SELECT * FROM unnest($10::int[], $11::bigint[], $12::bytea[])
), heads AS (
  INSERT INTO audit.head(size, root, committed_at) VALUES ($13, $14, $15)
), checkpoints AS (
  INSERT INTO audit.checkpoint(size, note)
  SELECT $19, $20 WHERE $19::bigint > 0 ON CONFLICT DO NOTHING
)
UPDATE audit.log_state SET size = $13, root = $14, edge = $16, seal = $17 WHERE size = $18
"""


class _Batch(NamedTuple):
    places: dict[UUID, tuple[int, bytes]]  # index and leaf of each entry, new or known
    edge: Edge  # what the log is with it
    chain: KeyChain


@final
class PostgresStore:
    """A `Store` beside others on one database. Make it with `open_postgres`."""

    def __init__(
        self,
        writer: Link,
        reader: Link,
        keys: Keyring,
        chain: KeyChain,
        guard: Guard,
        now: Callable[[], datetime],
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._reading = asyncio.Lock()
        self._keys = keys
        self._chain = chain
        self._state = State(keys)
        self._guard = guard
        self._signing = asyncio.Lock()
        self._now = now
        self._edge = Edge()  # the newest state that this process saw committed
        self._newest = _LAST_UNSIGNED
        self._kept = 0
        self._guarded: Checkpoint | None = None  # what the fork guard held when we last knew

    async def resume(self, edge: Edge, kept: int, guarded: Checkpoint | None) -> None:
        """Go on from a state that was checked.

        `kept` is its newest stored checkpoint's size; `guarded` is what the fork guard holds, which
        this state extends.
        """
        self._edge, self._kept, self._guarded = edge, kept, guarded
        await self._sign()

    @property
    def keys(self) -> Keyring:
        """The keys that this process can sign with."""
        return self._keys

    @property
    def chain(self) -> KeyChain:
        """What the log says of its keys, as far as this process has seen it."""
        return self._chain

    @property
    def signed(self) -> tuple[str, int]:
        """The newest checkpoint that this process signed, and its size."""
        return self._newest

    @property
    def unkept(self) -> bool:
        """Whether that checkpoint is not in the database yet."""
        return self._kept < self._newest[1]

    async def append(self, batch: Sequence[Prepared], /) -> Sequence[Stored | AuditError]:
        """Make the whole batch durable with one commit; see `Store`."""
        try:
            await self._sign()  # nothing is written while the last of ours has no signature
            await self._meet_guard()
            places = await self._commit(batch)
            await self._sign()
        except NotDurableError as fault:
            return [_refusal(str(fault), fault) for _ in batch]
        except (*FAULTS, UntrustedError) as fault:
            untrue = isinstance(fault, UntrustedError)
            if (untrue or entrys_fault(fault)) and len(
                batch
            ) > 1:  # in halves, until it stands alone
                middle = len(batch) // 2
                first, rest = batch[:middle], batch[middle:]
                return [*await self.append(first), *await self.append(rest)]
            return [_refusal(str(fault) if untrue else told(fault), fault) for _ in batch]
        return [self._stored(item, *places[item.entry_id]) for item in batch]

    async def keep_checkpoint(self) -> None:
        """Write the newest checkpoint down; see `Store`."""
        note, size = self._newest
        if size <= self._kept:
            return
        try:
            connection = await self._writer.get()
            await connection.execute(
                "INSERT INTO audit.checkpoint(size, note) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                size,
                note,
            )
        except FAULTS as fault:
            self._writer.drop()
            raise NotDurableError("checkpoint", told(fault)) from fault
        self._kept = size

    async def drop(self, record: UUID, start: int, count: int, /) -> int:
        """Drop entries by the one function that may; see `Store`."""
        row = await self._ask(questions.row_of, record)
        size_to_drop(b"" if row is None else row.leaf)
        try:
            return await self._ask(questions.drop, record, start, count)
        except UnusableError as fault:
            raise NotDurableError("log", f"not dropped: {fault}") from fault

    async def newest(self) -> tuple[str, int]:
        """Sign what the database holds now, whoever wrote it; see `Store`."""
        found = await self._ask(self._state.read, self._head(), self._chain)
        await self._ask(self._advance, found)
        await self._sign()
        return self._newest

    async def row(self, entry_id: UUID, /) -> Row | None:
        """Return the entry with this id, if there is one."""
        return await self._ask(questions.row_of, entry_id)

    async def rows(self, start: int, count: int, /) -> Sequence[Row]:
        """Return the entries with the indices from `start` up."""
        return await self._ask(questions.rows, start, count)

    async def sealed(self, entry_id: UUID, /) -> Sealed | None:
        """Return what lies encrypted beside an entry, unless it was erased."""
        return await self._ask(questions.sealed_of, entry_id)

    async def of_submission(self, submission: UUID, /) -> Sequence[Row]:
        """Return every entry that names this submission, in order."""
        return await self._ask(questions.of_submission, submission)

    async def keyed(self, after: UUID | None, count: int, /) -> Sequence[Keyed]:
        """Return which keys the details behind `after` have, by entry id."""
        return await self._ask(questions.keyed, after, count)

    async def path(self, index: int, size: int, /) -> tuple[bytes, ...]:
        """Return the hashes that prove entry `index` in the tree of `size`."""
        return await self._ask(questions.path_of, index, size)

    async def tile(self, level: int, index: int, width: int, /) -> tuple[bytes, ...]:
        """Return the first `width` hashes of a tile, as far as they are there."""
        return await self._ask(questions.tile_of, level, index, width)

    async def consistency(self, first: int, second: int, /) -> tuple[bytes, ...]:
        """Return the hashes that prove the tree of size `first` a prefix of that of `second`."""
        return await self._ask(questions.consistency_of, first, second)

    async def open_submissions(self, size: int, /) -> Sequence[OpenSubmission]:
        """Return what was admitted below `size` and has not come to its end."""
        return await self._ask(questions.open_submissions, size)

    async def close(self) -> None:
        """Keep the newest checkpoint if that is possible, and disconnect."""
        with suppress(NotDurableError):
            await self.keep_checkpoint()
        await self._writer.close()
        await self._reader.close()

    async def _commit(self, batch: Sequence[Prepared]) -> dict[UUID, tuple[int, bytes]]:
        """Write and commit; return the place of every entry of the batch, new or known.

        Nearly always all are new. To ask first would be one more question with the lock held.
        """
        if not any(item.changes_key for item in batch):
            with suppress(asyncpg.UniqueViolationError):
                return await self._attempt(batch, look=False)
        return await self._attempt(batch, look=True)

    async def _attempt(
        self, batch: Sequence[Prepared], *, look: bool
    ) -> dict[UUID, tuple[int, bytes]]:
        connection = await self._writer.get()
        note = self._newest if self.unkept else _LAST_UNSIGNED
        try:
            await connection.execute("BEGIN")
            written = await self._write(connection, batch, note, look=look)
        except (asyncpg.PostgresError, UntrustedError):
            await self._roll_back(connection)
            raise
        except BaseException:  # a lost connection, a broken log, a cancelled task: all start anew
            self._writer.drop()
            raise
        try:
            tag = await _say_commit(connection)
        except FAULTS as fault:
            self._writer.drop()
            await self._look_up(written.edge, fault)
        except BaseException:
            self._writer.drop()
            raise
        else:
            if tag != "COMMIT":
                raise NotDurableError("entry", f"PostgreSQL answered {tag!r} to COMMIT")
            self._edge, self._chain = written.edge, written.chain
        self._kept = max(self._kept, note[1])
        return written.places

    async def _write(
        self,
        connection: Connection,
        batch: Sequence[Prepared],
        note: tuple[str, int],
        *,
        look: bool,
    ) -> _Batch:
        old = await self._state.read(connection, self._head(), self._chain, lock=True)
        await self._advance(connection, old)
        places, fresh = _place(await _known(connection, batch) if look else {}, batch, old.size)
        if not fresh:
            return _Batch(places, old, self._chain)
        leaves = [item.leaf if item.changes_key else None for item in fresh]
        chain = changed(self._chain, self._keys, old.size, leaves)
        hashes = [leaf_hash(item.leaf) for item in fresh]
        edge, nodes = old.extended(hashes)
        details = [(item.entry_id, item.sealed) for item in fresh if item.sealed is not None]
        tag = await connection.execute(
            _WRITE,
            list(range(old.size, edge.size)),
            [item.entry_id for item in fresh],
            [item.leaf for item in fresh],
            hashes,
            [entry_id for entry_id, _ in details],
            [sealed.key_id for _, sealed in details],
            [sealed.wrapped for _, sealed in details],
            [sealed.nonce for _, sealed in details],
            [sealed.ciphertext for _, sealed in details],
            [node.level for node in nodes],
            [node.index for node in nodes],
            [node.hash for node in nodes],
            edge.size,
            edge.root(),
            write_time(self._now()),
            b"".join(edge.hashes),
            self._state.seal(edge, chain),
            old.size,
            note[1],
            note[0],
        )
        if tag != "UPDATE 1":
            raise UnusableError("log", "the state moved under its own lock")
        if erased := [each for item in fresh for each in item.erases]:
            await connection.execute(
                "DELETE FROM audit.detail WHERE entry_id = ANY($1::uuid[])", erased
            )
        return _Batch(places, edge, chain)

    async def _roll_back(self, connection: Connection) -> None:
        try:
            await connection.execute("ROLLBACK")
        except FAULTS:
            self._writer.drop()

    async def _look_up(self, made: Edge, fault: Exception) -> None:
        """Find out what became of a commit that did not answer.

        Whoever still works on it has the lock; so the answer is what is found behind the lock,
        on another connection. The root at this size says that just these entries are there.

        Raises:
            NotDurableError: it did not happen, or nobody knows.
        """
        until = asyncio.get_running_loop().time() + LOOK_SECONDS
        behind: tuple[Edge, bytes | None] | None = None
        while behind is None:
            try:
                behind = await self._behind_lock(made.size)
            except FAULTS:
                self._writer.drop()
                if asyncio.get_running_loop().time() > until:
                    raise NotDurableError("entry", f"nobody knows: {told(fault)}") from fault
                await asyncio.sleep(_PAUSE_SECONDS)
        _, there = behind
        if there != made.root():
            raise NotDurableError("entry", f"its COMMIT failed: {told(fault)}") from fault

    async def _behind_lock(self, size: int) -> tuple[Edge, bytes | None]:
        connection = await self._writer.get()
        await connection.execute("BEGIN")
        found = await self._state.read(connection, self._head(), self._chain, lock=True)
        await self._advance(connection, found)
        head = await connection.fetchrow("SELECT root FROM audit.head WHERE size = $1", size)
        await connection.execute("ROLLBACK")
        return found, None if head is None else head[0]

    async def _ask(
        self,
        question: Callable[Concatenate[Connection, P], Awaitable[R]],
        *args: P.args,
        **more: P.kwargs,
    ) -> R:
        async with self._reading:
            try:
                return await question(await self._reader.get(), *args, **more)
            except FAULTS as fault:
                self._reader.drop()
                raise UnusableError("log", f"it cannot be read: {told(fault)}") from fault

    def _head(self) -> Checkpoint:
        return Checkpoint(self._chain.first.name, self._edge.size, self._edge.root())

    async def _advance(self, connection: Connection, found: Edge) -> None:
        """Go on from a state that others committed, and follow what they did to the keys."""
        if found.size > self._edge.size:
            self._chain = await followed(connection, self._chain)
            if found.size > self._edge.size:  # another task may have gone further meanwhile
                self._edge = found

    async def _meet_guard(self) -> None:
        """Hold what the fork guard remembers to be of this history; go on from it if it is ahead.

        Raises:
            UnusableError: it is not. Nothing was written or signed.
        """
        held = await asyncio.to_thread(self._guard.newest)
        if held is not None and held != self._guarded:
            found = await self._ask(self._state.read, held, self._chain)
            await self._ask(self._advance, found)
        self._guarded = held

    async def _sign(self) -> None:
        """Sign the newest state that is committed, so that what is signed can never vanish."""
        async with self._signing:
            while self._newest[1] < self._edge.size:
                head, held = self._head(), self._guarded
                if held is None or held.size < head.size:
                    try:
                        await asyncio.to_thread(self._guard.swap, held, head)
                    except ConflictError:  # another process was faster
                        await self._meet_guard()
                        continue
                    self._guarded = head
                self._newest = (self._keys.note(self._chain, head), head.size)

    def _stored(self, item: Prepared, index: int, leaf: bytes) -> Stored:
        return Stored(index, leaf, self._newest[0], fresh=leaf == item.leaf)


async def followed(connection: Connection, chain: KeyChain) -> KeyChain:
    """Return the chain with the changes that it has not seen yet."""
    while (row := await questions.row_of(connection, chain.next_id)) is not None:
        chain = chain.after(KeyChange.read(row.index, Leaf.parse(row.leaf)))
    return chain


async def _say_commit(connection: Connection) -> str:
    """Commit; after a while hang up, and never cancel.

    A commit that is cancelled while it waits for a synchronous standby is done without it. One
    whose client has gone goes on waiting, and holds the lock.
    """
    timer = asyncio.get_running_loop().call_later(COMMIT_SECONDS, connection.terminate)
    try:
        return await connection.execute("COMMIT")
    finally:
        timer.cancel()


async def _known(
    connection: Connection, batch: Sequence[Prepared]
) -> dict[UUID, tuple[int, bytes]]:
    """Find the entries that the log holds already."""
    # A statement of its own, after the lock: it sees all that was committed before.
    found = await connection.fetch(
        "SELECT entry_id, idx, leaf FROM audit.entry WHERE entry_id = ANY($1::uuid[])",
        [item.entry_id for item in batch],
    )
    return {UUID(bytes=entry_id.bytes): (index, leaf) for entry_id, index, leaf in found}


def _place(
    known: dict[UUID, tuple[int, bytes]], batch: Sequence[Prepared], size: int
) -> tuple[dict[UUID, tuple[int, bytes]], list[Prepared]]:
    """Give the entries that are not known the next indices."""
    places = {**known}
    fresh: list[Prepared] = []
    for item in batch:
        if item.entry_id not in places:
            places[item.entry_id] = (size + len(fresh), item.leaf)
            fresh.append(item)
    return places, fresh


def _refusal(why: str, fault: Exception) -> NotDurableError:
    refusal = NotDurableError("entry", f"not written: {why}")
    refusal.__cause__ = fault
    return refusal
