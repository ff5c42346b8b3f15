"""The one writer: entries, tree, details and head go into one SQLite transaction.

Everything here runs in one thread. What each failure means:

* before COMMIT    nothing happened: rolled back, the entries are refused, the log goes on
* during COMMIT    nobody knows: reconnect, put the WAL into the file, and look by entry id
* after COMMIT     durable; without a signature there is still no receipt
"""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from uuid import UUID

from audit.checkpoint import Checkpoint
from audit.connection import Connect, connect_writer
from audit.errors import (
    AuditError,
    ConflictError,
    NotDurableError,
    UntrustedError,
    UnusableError,
)
from audit.fields import write_time
from audit.guard import Guard
from audit.merkle import Edge, leaf_hash
from audit.rotation import KeyChain
from audit.shards import size_to_drop
from audit.signer import Keyring, changed
from audit.store import Prepared, Stored
from audit.tables import edge_of, known, row_of, to_drop

Places = dict[UUID, tuple[int, bytes, bool]]  # index, leaf, and whether this batch wrote it


class Writer:
    """Appends batches to an opened and checked log file."""

    def __init__(
        self,
        path: Path,
        connect: Connect,
        keys: Keyring,
        guard: Guard,
        now: Callable[[], datetime],
    ) -> None:
        self._path = path
        self._connect = connect
        self.keys = keys
        self._guard = guard
        self._now = now
        self.connection = connect_writer(path, connect)
        self._edge = Edge()
        self._newest = ("", 0)  # the newest checkpoint, and the size that it covers
        self._kept = 0  # the size up to which checkpoints are in the file
        # what a COMMIT of unknown outcome would have made
        self._unsure: tuple[Edge, KeyChain] | None = None
        self._guarded: Checkpoint | None = None  # what the fork guard held when we last knew

    def resume(self, edge: Edge, kept: int, chain: KeyChain, guarded: Checkpoint | None) -> None:
        """Go on from a state that was checked.

        `kept` is its newest stored checkpoint's size; `guarded` is what the fork guard holds, which
        this state extends.
        """
        self._edge, self._kept = edge, kept
        self.chain = chain
        self._guarded = guarded
        self._sign()

    @property
    def signed(self) -> tuple[str, int]:
        """The newest signed checkpoint, and its size."""
        return self._newest

    @property
    def unkept(self) -> bool:
        """Whether the newest checkpoint is not in the file yet."""
        return self._kept < self._newest[1]

    def append(self, batch: Sequence[Prepared]) -> list[Stored | AuditError]:
        """Make the whole batch durable with one commit; answer for each entry in order.

        An entry that SQLite refuses for what it is does not take its neighbours with it.

        Raises:
            UnusableError: the file or the fork guard changed behind us. The log MUST NOT go on.
        """
        try:
            self._settle()
            self._sign()  # never more than one head without a signature
            self._require_guard()
            places = self._commit(batch)
            self._sign()
        except (sqlite3.IntegrityError, sqlite3.DataError, UntrustedError) as fault:
            if len(batch) > 1:
                return [each for item in batch for each in self.append([item])]
            return [_refusal(fault)]
        except (sqlite3.Error, NotDurableError) as fault:
            return [_refusal(fault) for _ in batch]
        return [self._stored(item, places[item.entry_id]) for item in batch]

    def keep_checkpoint(self) -> None:
        """Write the newest checkpoint into the file, where the next batch would have put it.

        Raises:
            sqlite3.Error: it could not; the next batch will.
        """
        if self._unsure is None and self.unkept:
            self._insert_checkpoint()
            self._kept = self._newest[1]

    def drop(self, record: UUID, start: int, count: int) -> int:
        """Put hashes in the place of entries; see `audit.store.Store`.

        Raises:
            MalformedError: there is no such record.
            NotDurableError, sqlite3.Error: do it again.
        """
        self._settle()
        row = row_of(self.connection, record)
        size = size_to_drop(b"" if row is None else row.leaf)
        gone = to_drop(self.connection, size, start, count)
        if gone:
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                self.connection.executemany("INSERT INTO dropped VALUES (?, ?)", gone)
                self.connection.executemany(
                    "DELETE FROM entry WHERE idx = ? AND leaf_hash = ?", gone
                )
                self.connection.execute("COMMIT")
            except sqlite3.Error:
                self._roll_back()
                raise
        return len(gone)

    def close(self) -> None:
        """Keep the newest checkpoint if that is possible, and let go of the file."""
        with suppress(sqlite3.Error):
            self.keep_checkpoint()
        self.connection.close()

    def _commit(self, batch: Sequence[Prepared]) -> Places:
        """Write and commit; return the place of every entry of the batch, new or known."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            places, edge, chain = self._write(batch)
        except (sqlite3.Error, UnusableError, UntrustedError):
            self._roll_back()
            raise
        grows = edge != self._edge
        self._unsure = (edge, chain)
        try:
            self.connection.execute("COMMIT")
        except sqlite3.Error:
            self._settle()
            if self._edge != edge:
                raise
        self._unsure, self._edge, self.chain = None, edge, chain
        if grows:
            self._kept = self._newest[1]  # the batch carried the checkpoint before it
        return places

    def _write(self, batch: Sequence[Prepared]) -> tuple[Places, Edge, KeyChain]:
        if edge_of(self.connection) != self._edge:  # fork guard: nobody else may have written
            raise UnusableError("log", "the file changed behind its writer")
        places, fresh = self._place(batch)
        leaves = [item.leaf if item.changes_key else None for item in fresh]
        chain = changed(self.chain, self.keys, self._edge.size, leaves)
        hashes = [leaf_hash(item.leaf) for item in fresh]
        edge, nodes = self._edge.extended(hashes)
        insert = self.connection.executemany
        insert(
            "INSERT INTO entry(idx, entry_id, leaf, leaf_hash) VALUES (?, ?, ?, ?)",
            [
                (self._edge.size + place, item.entry_id.bytes, item.leaf, each)
                for place, (item, each) in enumerate(zip(fresh, hashes, strict=True))
            ],
        )
        insert(
            "INSERT INTO detail(entry_id, key_id, wrapped, nonce, ciphertext)"
            " VALUES (?, ?, ?, ?, ?)",
            [
                (
                    item.entry_id.bytes,
                    sealed.key_id,
                    sealed.wrapped,
                    sealed.nonce,
                    sealed.ciphertext,
                )
                for item in fresh
                if (sealed := item.sealed) is not None
            ],
        )
        insert(
            "DELETE FROM detail WHERE entry_id = ?",
            [(erased.bytes,) for item in fresh for erased in item.erases],
        )
        insert(
            "INSERT INTO tile_node(level, idx, hash) VALUES (?, ?, ?)",
            [(node.level, node.index, node.hash) for node in nodes],
        )
        if fresh:
            self._move_head(edge)
        return places, edge, chain

    def _place(self, batch: Sequence[Prepared]) -> tuple[Places, list[Prepared]]:
        """Find the entries that the log holds already; give the others the next indices."""
        places: Places = {
            UUID(bytes=row.entry_id): (row.index, row.leaf, False)
            for row in known(self.connection, [item.entry_id for item in batch])
        }
        fresh: list[Prepared] = []
        for item in batch:
            if item.entry_id not in places:
                places[item.entry_id] = (self._edge.size + len(fresh), item.leaf, True)
                fresh.append(item)
        return places, fresh

    def _move_head(self, edge: Edge) -> None:
        root = edge.root()
        moved = self.connection.execute(
            "UPDATE log_state SET size = ?, root = ?, edge = ? WHERE size = ?",
            (edge.size, root, b"".join(edge.hashes), self._edge.size),
        )
        if moved.rowcount != 1:
            raise UnusableError("log", "the state moved under its own lock")
        self.connection.execute(
            "INSERT INTO head(size, root, committed_at) VALUES (?, ?, ?)",
            (edge.size, root, write_time(self._now())),
        )
        if self.unkept:
            self._insert_checkpoint()

    def _insert_checkpoint(self) -> None:
        # The same text may be there already, from a commit whose outcome was unknown.
        self.connection.execute(
            "INSERT OR IGNORE INTO checkpoint(size, note) VALUES (?, ?)",
            self._newest[::-1],
        )

    def _sign(self) -> None:
        """Sign the durable head: after its commit, so that what is signed can never vanish."""
        if self._newest[1] == self._edge.size:
            return
        head = Checkpoint(self.chain.first.name, self._edge.size, self._edge.root())
        if head != self._guarded:
            try:
                self._guard.swap(self._guarded, head)
            except ConflictError as fault:
                raise _forked() from fault
            self._guarded = head
        self._newest = (self.keys.note(self.chain, head), head.size)

    def _require_guard(self) -> None:
        """Refuse to write where the fork guard holds what this process did not put there."""
        if self._guard.newest() != self._guarded:
            raise _forked()

    def _roll_back(self) -> None:
        try:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._unsure = (
                self._edge,
                self.chain,
            )  # this connection is done for: look again before going on

    def _settle(self) -> None:
        """Find out what became of a commit that did not answer.

        A failed sync may leave frames in the WAL that are readable and not durable. So the WAL
        is first copied into the file and synced: what is found after that is on the disk.
        """
        if self._unsure is None:
            return
        with suppress(sqlite3.Error):
            self.connection.close()
        self.connection = connect_writer(self._path, self._connect)
        busy, frames, copied = self.connection.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
        if busy or frames != copied:
            raise NotDurableError("log", "the WAL could not be brought into the file")
        found = edge_of(self.connection)
        if found == self._unsure[0]:
            self._edge, self.chain = self._unsure
        elif found != self._edge:
            raise UnusableError("log", "after a lost commit the file holds a third state")
        self._unsure = None

    def _stored(self, item: Prepared, place: tuple[int, bytes, bool]) -> Stored:
        index, leaf, fresh = place
        # One id twice in one batch: only the entry whose bytes went in is fresh.
        return Stored(index, leaf, self._newest[0], fresh and leaf == item.leaf)


def _forked() -> UnusableError:
    return UnusableError(
        "log", "forked: the fork guard holds a checkpoint that another log under this key put there"
    )


def _refusal(fault: Exception) -> NotDurableError:
    refusal = NotDurableError("entry", f"not written: {fault}")
    refusal.__cause__ = fault
    return refusal
