"""What must hold before a log is appended to; anything else refuses to start.

The order is the point: nothing is signed before the state was checked.
"""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from audit.checkpoint import open_checkpoint
from audit.connection import Connect, create_file
from audit.errors import NotDurableError, UntrustedError, UnusableError
from audit.genesis import genesis
from audit.merkle import EMPTY_ROOT, Edge, leaf_hash
from audit.schema import APPLICATION_ID, SCHEMA, VERSION
from audit.signer import Signer
from audit.sqlite_writer import Writer
from audit.store import MAX_BATCH, Stored
from audit.tables import edge_of, root_at, rows


def open_writer(
    path: Path,
    *,
    signer: Signer,
    now: Callable[[], datetime],
    connect: Connect,
    known_checkpoints: Sequence[str],
) -> Writer:
    """Open the log file for writing, and make it if there is none. Needs the lock.

    Raises:
        UnusableError: a check failed; the message says which.
    """
    create_file(path)
    try:
        writer = Writer(path, connect, signer, now)
    except sqlite3.Error as fault:
        raise UnusableError(path.name, f"SQLite: {fault}") from fault
    try:
        _make_tables(writer.connection, signer)
        _check_identity(writer.connection, signer)
        edge = edge_of(writer.connection)
        _check_state(writer.connection, edge)
        kept = _check_signatures(writer.connection, edge, signer)
        _check_history(writer.connection, edge, signer, known_checkpoints)
        writer.resume(edge, kept)
        if edge.size == 0:
            _write_genesis(writer, signer, now())
    except sqlite3.Error as fault:
        writer.close()
        raise UnusableError(path.name, f"SQLite: {fault}") from fault
    except (UnusableError, UntrustedError, NotDurableError):
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
    elif version != VERSION:
        raise UnusableError("log", f"expected schema version {VERSION}, got {version}")


def _check_identity(connection: sqlite3.Connection, signer: Signer) -> None:
    found = connection.execute("SELECT origin, vkey FROM log").fetchall()
    if found != [(signer.vkey.name, signer.vkey.write())]:
        origins = [origin for origin, _ in found]
        raise UnusableError("log", f"it is of {origins} or of another key than the one given")


def _check_state(connection: sqlite3.Connection, edge: Edge) -> None:
    """Hold the state row to the entries: count, newest bytes, newest head, and the root."""
    count, last = connection.execute("SELECT count(*), max(idx) FROM entry").fetchone()
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


def _check_signatures(connection: sqlite3.Connection, edge: Edge, signer: Signer) -> int:
    """Return the newest signed size. One commit may lack its signature, never more."""
    found = connection.execute(
        "SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1"
    ).fetchone()
    signed, note = found or (0, None)
    if note is not None:
        checkpoint = open_checkpoint(note, signer.vkey)
        if (checkpoint.size, checkpoint.root) != (signed, root_at(connection, signed)):
            raise UnusableError("log", f"the checkpoint at {signed} is not of this history")
    (heads,) = connection.execute("SELECT count(*) FROM head WHERE size > ?", (signed,)).fetchone()
    if heads > 1 or edge.size - signed > MAX_BATCH:
        raise UnusableError("log", f"{edge.size - signed} entries were never signed")
    return int(signed)


def _check_history(
    connection: sqlite3.Connection, edge: Edge, signer: Signer, known: Sequence[str]
) -> None:
    """Refuse a file that is older than, or another than, what was seen outside (fork guard)."""
    for note in known:
        checkpoint = open_checkpoint(note, signer.vkey)
        if checkpoint.size > edge.size:
            raise UnusableError("log", f"rolled back: {checkpoint.size} entries were seen outside")
        if root_at(connection, checkpoint.size) != checkpoint.root:
            raise UnusableError(
                "log", f"forked: another tree of {checkpoint.size} was seen outside"
            )


def _write_genesis(writer: Writer, signer: Signer, at: datetime) -> None:
    (outcome,) = writer.append([genesis(signer, at)])
    if not isinstance(outcome, Stored):
        raise outcome
