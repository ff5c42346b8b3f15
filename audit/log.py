"""The log as the rest of the house sees it: append, and ask. It does not know its database."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import cast
from uuid import UUID

from audit.batcher import Batcher
from audit.checkpoint import Checkpoint
from audit.connection import Connect, connect_sqlite
from audit.entry import Entry, Json, Kind, OpenSubmission, Receipt
from audit.errors import AbsentError, ConflictError, UnusableError
from audit.guard import Guard, MemoryGuard
from audit.leaf import Leaf, leaf_of, written_detail
from audit.merkle import TILE_LEVELS
from audit.note import Note
from audit.proof import Proof
from audit.rotation import KeyChain, KeyEvent
from audit.seal import Detail, Keyed, Sealing, fresh_salts
from audit.signer import Signer
from audit.sqlite import SqliteStore
from audit.store import Prepared, Store
from audit.vkey import VerifierKey

_PAGE = 1000


class Log:
    """An append-only log that can prove what it holds.

    `append` is the only way in. Build it over an opened store, inside a running loop.
    """

    def __init__(self, store: Store, keys: Sealing) -> None:
        self._store = store
        self._batcher = Batcher(store)
        self._keys = keys

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        origin: str,
        signer: Signer,
        more_signers: Sequence[Signer] = (),
        keys: Sealing,
        now: Callable[[], datetime],
        connect: Connect = connect_sqlite,
        guard: Guard | None = None,
        known_checkpoints: Sequence[str] = (),
    ) -> "Log":
        """Open the log in an SQLite file, and make it (with its genesis) if there is none.

        `signer` and `more_signers` hold the keys that the log says sign it; others are not used.
        `guard` and `known_checkpoints` are what is remembered outside: the file MUST extend each
        of them, or it is a restored backup or another history.

        Raises:
            UnusableError: another process has it, it would not be durable, it is of another
                origin or key, or its state is not consistent.
            UntrustedError: a checkpoint is not signed by this key.
        """
        if origin != signer.vkey.name:
            raise UnusableError("log", f"origin {origin!r}, but the key is {signer.vkey.name!r}")
        store = await SqliteStore.open(
            path,
            signers=(signer, *more_signers),
            guard=MemoryGuard() if guard is None else guard,
            now=now,
            connect=connect,
            known_checkpoints=known_checkpoints,
        )
        return cls(store, keys)

    async def append(self, entry: Entry) -> Receipt:
        """Write an entry; return only when it is durable and a signed checkpoint covers it.

        Callers MUST NOT let the recorded outcome take effect before this returns. A known
        entry id returns its stored receipt: then kind, public keys (but for the times and
        `duration_us`) and personal values MUST be the same, else `ConflictError`. An `erase`
        entry deletes the details of the `entries` it names, in the same transaction.

        Raises:
            MalformedError: the entry breaks the leaf's rules; nothing was tried.
            Busy: too many wait; nothing was tried.
            NotDurableError: it is not known to be durable.
            ConflictError: this id was written before, with other content.
        """
        salts = fresh_salts(entry)
        written = written_detail(entry)
        leaf = leaf_of(entry, salts, written)
        sealed = self._keys.seal(entry, salts, written) if leaf.sealed else None
        changes_key = leaf.kind is Kind.KEY_CHANGE
        prepared = Prepared(
            entry.entry_id, leaf.write(), sealed, _erased_by(leaf), changes_key=changes_key
        )
        stored = await self._batcher.submit(prepared)
        if not stored.fresh:
            await self._require_same(entry, Leaf.parse(stored.leaf))
        return Receipt(entry.entry_id, stored.index, stored.leaf, stored.checkpoint)

    async def receipt(self, entry_id: UUID) -> Receipt | None:
        """Return the receipt of an entry, or None if the log does not hold it (yet)."""
        checkpoint, size = await self._store.newest()  # nothing beyond it is shown
        row = await self._store.row(entry_id)
        if row is None or row.index >= size:
            return None
        return Receipt(entry_id, row.index, row.leaf, checkpoint)

    async def proof(self, entry_id: UUID) -> str:
        """Return the `c2sp.org/tlog-proof@v1` text that proves an entry to anybody, offline.

        Raises:
            AbsentError: there is no such entry.
        """
        receipt = await self.receipt(entry_id)
        if receipt is None:
            raise AbsentError("entry", f"{entry_id} is not in the log")
        size = Checkpoint.parse(Note.parse(receipt.checkpoint).text).size
        path = await self._store.path(receipt.index, size)
        return Proof(receipt.index, path, receipt.checkpoint).write()

    async def tile(self, level: int, index: int, width: int) -> bytes:
        """Return a tile of the tree (C2SP tlog-tiles): its hashes, one after the other.

        Raises:
            AbsentError: the signed log has no such tile, or not so much of it.
        """
        _, size = await self._store.newest()  # nothing beyond it is shown
        last = (index << TILE_LEVELS) + width
        if last << (TILE_LEVELS * level) > size:
            raise AbsentError("tile", f"a log of {size} has none of level {level} at {index}")
        return b"".join(await self._store.tile(level, index, width))

    async def detail(self, entry_id: UUID) -> Detail:
        """Decrypt what an entry commits to, held to its commitments. Auditors only.

        The caller MUST write an `access` entry first.

        Raises:
            AbsentError: no such entry, no detail, or erased.
            UntrustedError: the detail is not what the leaf commits to.
        """
        row = await self._store.row(entry_id)
        sealed = await self._store.sealed(entry_id)
        if row is None:
            raise AbsentError("entry", f"{entry_id} is not in the log")
        if sealed is None:
            raise AbsentError("detail", f"{entry_id} has none, or it was erased")
        return self._keys.open(sealed, Leaf.parse(row.leaf))

    async def has_detail(self, entry_id: UUID) -> bool:
        """Whether something lies encrypted beside this entry; it may be that nothing opens it."""
        return await self._store.sealed(entry_id) is not None

    async def living(self) -> AsyncIterator[Sequence[Keyed]]:
        """Yield which keys the details have that are not erased, in pages, by entry id."""
        after: UUID | None = None
        while page := await self._store.keyed(after, _PAGE):
            yield page
            after = page[-1].entry_id

    async def of_submission(self, submission: UUID) -> Sequence[Receipt]:
        """Return every entry that names this submission, oldest first."""
        checkpoint, size = await self._store.newest()
        found = await self._store.of_submission(submission)
        return [
            Receipt(UUID(bytes=row.entry_id), row.index, row.leaf, checkpoint)
            for row in found
            if row.index < size
        ]

    async def entries(self, start: int, count: int) -> Sequence[Receipt]:
        """Return up to `count` entries from index `start` up, oldest first.

        Those that went with their shard are passed over: go on behind the last one's `index`.
        """
        checkpoint, size = await self._store.newest()
        found = await self._store.rows(start, count)
        return [
            Receipt(UUID(bytes=row.entry_id), row.index, row.leaf, checkpoint)
            for row in found
            if row.index < size
        ]

    async def tail(self, count: int) -> Sequence[Receipt]:
        """Return the newest `count` entries, oldest first."""
        _, size = await self._store.newest()
        return await self.entries(max(0, size - count), count)

    async def open_submissions(self) -> Sequence[OpenSubmission]:
        """Return what was admitted and has no outcome: resume it, or close it as interrupted.

        A submission ends with `halted`, or with as many different samples released or withheld
        as its `admit` entry's `samples` says (one, if it says nothing).
        """
        _, size = await self._store.newest()
        return await self._store.open_submissions(size)

    async def add_key(
        self, signer: Signer, at: datetime, personal: Mapping[str, str | bytes]
    ) -> Receipt:
        """Have one more key sign, beside those that do; every process needs it from now on.

        Raises:
            NotDurableError: as `append`; also where the log cannot follow the change.
            ConflictError: somebody else changed a key at the same time.
        """
        self._store.keys.hold(signer)
        return await self._change_key(KeyEvent.ADDED, signer.vkey, at, personal)

    async def retire_key(
        self, vkey: VerifierKey, at: datetime, personal: Mapping[str, str | bytes]
    ) -> Receipt:
        """Have a key sign nothing more. It MUST have a successor; see `add_key`."""
        return await self._change_key(KeyEvent.RETIRED, vkey, at, personal)

    async def _change_key(
        self, event: KeyEvent, vkey: VerifierKey, at: datetime, personal: Mapping[str, str | bytes]
    ) -> Receipt:
        public = {"event": event.value, "vkey": vkey.write()}
        entry_id = (await self.keys()).next_id
        return await self.append(Entry(entry_id, Kind.KEY_CHANGE, at, public, personal))

    async def drop(self, record: UUID, start: int, count: int) -> int:
        """Drop entries of a shard, of which `record` says that it is dropped; see `Store.drop`."""
        return await self._store.drop(record, start, count)

    async def keys(self) -> KeyChain:
        """Return what the log says of its keys."""
        await self._store.newest()
        return self._store.chain

    async def consistency(self, first: int, second: int) -> tuple[bytes, ...]:
        """Return the hashes that prove the tree of size `first` a prefix of that of `second`."""
        return await self._store.consistency(first, second)

    async def newest(self) -> str:
        """Return a signed checkpoint over all that is durable now, whichever process wrote it."""
        checkpoint, _ = await self._store.newest()
        return checkpoint

    @property
    def checkpoint(self) -> str:
        """The newest signed checkpoint: for witnesses, and for whoever wants to remember."""
        return self._store.signed[0]

    @property
    def fault(self) -> BaseException | None:
        """Why the log stopped of itself, if it did: nothing can be appended until a restart."""
        return self._batcher.fault

    async def close(self) -> None:
        """Write what waits, then give everything back."""
        await self._batcher.close()
        await self._store.close()

    async def _require_same(self, entry: Entry, leaf: Leaf) -> None:
        """Refuse a second entry that only borrows the id of an earlier one."""
        same = entry.kind is leaf.kind and _lasting(entry.public) == _lasting(leaf.public)
        same = same and entry.personal.keys() == leaf.personal.keys()
        if same and entry.personal:
            with suppress(AbsentError):  # erased since: what is left to compare is the same
                same = (await self.detail(entry.entry_id)).personal == dict(entry.personal)
        if not same:
            raise ConflictError("entry", f"{entry.entry_id} is in the log with other content")


def _erased_by(leaf: Leaf) -> tuple[UUID, ...]:
    if leaf.kind is not Kind.ERASE:
        return ()
    return tuple(map(UUID, cast("Sequence[str]", leaf.public.get("entries", []))))


def _lasting(public: Mapping[str, Json]) -> dict[str, Json]:
    """Drop what may differ when the same step is written twice: when, and how long."""
    passing = {"duration_us", "received_at", "decided_at", "expires_at", "due_at"}
    return {key: _plain(value) for key, value in public.items() if key not in passing}


def _plain(value: Json) -> Json:
    return list(value) if isinstance(value, tuple) else value
