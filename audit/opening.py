"""What must hold before a log is appended to; anything else refuses to start.

The order is the point: nothing is signed before the state was checked.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from audit.checkpoint import Checkpoint
from audit.connection import Connect, create_file
from audit.errors import AuditError, UnusableError
from audit.genesis import genesis
from audit.guard import Guard
from audit.merkle import EMPTY_ROOT, Edge, leaf_hash
from audit.rotation import KeyChain, follow
from audit.schema import APPLICATION_ID, DROPPED, SCHEMA, TRIGGERS, VERSION
from audit.signer import Keyring, Signer
from audit.sqlite_writer import Writer
from audit.store import MAX_BATCH, Stored
from audit.tables import edge_of, root_at, row_of, rows
from audit.vkey import VerifierKey

_WITHOUT_SHARDS = 1
"""The version of the tables before entries could be dropped."""


def open_writer(
    path: Path,
    *,
    signers: Sequence[Signer],
    guard: Guard,
    now: Callable[[], datetime],
    connect: Connect,
    known_checkpoints: Sequence[str],
) -> Writer:
    """Open the log file for writing, and make it if there is none. Needs the lock.

    A new log begins with the first of `signers`.

    Raises:
        UnusableError: a check failed; the message says which.
    """
    guarded = guard.newest()  # asked first: without it nothing is made
    create_file(path)
    keys = Keyring(signers)
    try:
        writer = Writer(path, connect, keys, guard, now)
    except sqlite3.Error as fault:
        raise UnusableError(path.name, f"SQLite: {fault}") from fault
    try:
        _make_tables(writer.connection, signers[0])
        first = _check_identity(writer.connection, signers[0])
        edge = edge_of(writer.connection)
        _check_state(writer.connection, edge)
        chain = _read_chain(writer.connection, first)
        keys.require(chain, edge.size)
        kept = _check_signatures(writer.connection, edge, chain)
        seen = [*map(chain.open, known_checkpoints), *([guarded] if guarded else ())]
        require_reached(seen, first.name, edge.size)
        for checkpoint in seen:
            require_root(checkpoint, root_at(writer.connection, checkpoint.size))
        writer.resume(edge, kept, chain, guarded)
        if edge.size == 0:
            _write_genesis(writer, signers[0], now())
    except sqlite3.Error as fault:
        writer.close()
        raise UnusableError(path.name, f"SQLite: {fault}") from fault
    except AuditError:
        writer.close()
        raise
    return writer


def _make_tables(connection: sqlite3.Connection, signer: Signer) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if version == 0 and tables == 0:
        connection.executescript(f"BEGIN EXCLUSIVE; {SCHEMA}")
        identity = (signer.vkey.name, signer.vkey.write())
        connection.execute("INSERT INTO log VALUES (1, ?, ?)", identity)
        connection.execute("INSERT INTO log_state VALUES (1, 0, ?, x'')", (EMPTY_ROOT,))
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    elif version == _WITHOUT_SHARDS:
        _bring_up_to_date(connection)
    elif version != VERSION:
        raise UnusableError("log", f"expected schema version {VERSION}, got {version}")


def _bring_up_to_date(connection: sqlite3.Connection) -> None:
    found = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    old = "".join(f'DROP TRIGGER "{name}";' for (name,) in found)
    connection.executescript(f"BEGIN EXCLUSIVE; {old} {DROPPED} {TRIGGERS}")
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def _check_identity(connection: sqlite3.Connection, signer: Signer) -> VerifierKey:
    """Return the log's first key."""
    found = connection.execute("SELECT origin, vkey FROM log").fetchall()
    return first_key(found, signer)


def first_key(found: Sequence[tuple[str, str]], signer: Signer) -> VerifierKey:
    """Return the first key of the log that says so of itself.

    Raises:
        UnusableError: it is another log than the signer's.
    """
    if len(found) != 1 or found[0][0] != signer.vkey.name:
        origins = [origin for origin, _ in found]
        raise UnusableError("log", f"it is of {origins}, and the key is of {signer.vkey.name!r}")
    return VerifierKey.parse(found[0][1])


def _read_chain(connection: sqlite3.Connection, first: VerifierKey) -> KeyChain:
    def find(entry_id: UUID) -> tuple[int, bytes] | None:
        row = row_of(connection, entry_id)
        return None if row is None else (row.index, row.leaf)

    return follow(first, find)


def _check_state(connection: sqlite3.Connection, edge: Edge) -> None:
    """Hold the state row to the entries: count, newest bytes, newest head, and the root."""
    count, last, gone = connection.execute(
        "SELECT count(*), max(idx), (SELECT count(*) FROM dropped) FROM entry"
    ).fetchone()
    count += gone
    if count != edge.size or (count and last != count - 1):
        raise UnusableError("log", f"the state says {edge.size} entries, there are {count}")
    for row in rows(connection, max(0, edge.size - MAX_BATCH), MAX_BATCH):
        if leaf_hash(row.leaf) != row.leaf_hash:
            raise UnusableError("log", f"entry {row.index} is not what was hashed")
    head = connection.execute("SELECT size, root FROM head ORDER BY size DESC LIMIT 1").fetchone()
    if (head or (0, EMPTY_ROOT)) != (edge.size, edge.root()):
        raise UnusableError("log", "the newest head is not the state")
    if root_at(connection, edge.size) != edge.root():
        raise UnusableError("log", "the stored hashes do not lead to the state's root")


def _check_signatures(connection: sqlite3.Connection, edge: Edge, chain: KeyChain) -> int:
    """Return the newest signed size. One commit may lack its signature, never more."""
    found = connection.execute(
        "SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1"
    ).fetchone()
    signed, note = found or (0, None)
    if note is not None:
        checkpoint = chain.open(note)
        if (checkpoint.size, checkpoint.root) != (signed, root_at(connection, signed)):
            raise UnusableError("log", f"the checkpoint at {signed} is not of this history")
    (heads,) = connection.execute("SELECT count(*) FROM head WHERE size > ?", (signed,)).fetchone()
    if heads > 1 or edge.size - signed > MAX_BATCH:
        raise UnusableError("log", f"{edge.size - signed} entries were never signed")
    return int(signed)


def require_reached(seen: Iterable[Checkpoint], origin: str, size: int) -> None:
    """Refuse a log that is shorter than what was seen outside, or another one.

    Raises:
        UnusableError: it was rolled back, or the fork guard is another log's.
    """
    for checkpoint in seen:
        if checkpoint.origin != origin:
            raise UnusableError("fork guard", f"it is that of {checkpoint.origin!r}")
        if checkpoint.size > size:
            raise UnusableError("log", f"rolled back: {checkpoint.size} entries were seen outside")


def require_root(checkpoint: Checkpoint, root: bytes) -> None:
    """Refuse a log that had another root at this size than was seen outside (fork guard).

    Raises:
        UnusableError: it is another history.
    """
    if root != checkpoint.root:
        raise UnusableError("log", f"forked: another tree of {checkpoint.size} was seen outside")


def _write_genesis(writer: Writer, signer: Signer, at: datetime) -> None:
    (outcome,) = writer.append([genesis(signer, at)])
    if not isinstance(outcome, Stored):
        raise outcome
