"""Opening the log's SQLite file: locked, durable, and not at all if that cannot be had."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from audit.errors import UnusableError
from audit.keyfile import sync_folder

Connect = Callable[[Path], sqlite3.Connection]
FULL = 2
_BUSY_SECONDS = 5.0


def sqlite_concern(version: tuple[int, int, int] = sqlite3.sqlite_version_info) -> str | None:
    """Say what start-up should warn of, or None.

    SQLite before 3.51.3 can corrupt a WAL that two connections write or checkpoint at once. Here
    only one ever does, under a lock, so this is a warning and no refusal.
    """
    if version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45):
        return None
    written = ".".join(map(str, version))
    return f"SQLite {written} has the WAL-reset bug; 3.51.3 and later do not"


def connect_sqlite(path: Path) -> sqlite3.Connection:
    """Open the file for writing, in autocommit mode: transactions are begun by name."""
    return sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open the file for reading only; a reader never checkpoints.

    Falls back to `immutable` where nobody can be writing: a read-only folder without a WAL.
    """
    place = path.absolute().as_uri()
    try:
        return _reader(f"{place}?mode=ro")
    except sqlite3.OperationalError:
        if os.access(path.parent, os.W_OK) or path.with_name(f"{path.name}-wal").exists():
            raise
        return _reader(f"{place}?mode=ro&immutable=1")


def connect_writer(path: Path, connect: Connect) -> sqlite3.Connection:
    """Open the file so that COMMIT returns only when the entry is on the disk.

    Raises:
        UnusableError: SQLite would not say so of itself.
    """
    connection = connect(path)
    try:
        for setting in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "fullfsync = ON",
            "checkpoint_fullfsync = ON",
            "secure_delete = ON",
        ):
            connection.execute(f"PRAGMA {setting}")
        _require(connection, "journal_mode", "wal")
        _require(connection, "synchronous", FULL)
    except (sqlite3.Error, UnusableError):
        connection.close()
        raise
    return connection


def create_file(path: Path) -> None:
    """Make the empty database file for its owner alone; SQLite gives its WAL the same mode."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.close(descriptor)
    sync_folder(path.parent)


def lock(path: Path) -> int:
    """Take the log's lock file and return its descriptor; closing that gives the lock back.

    Raises:
        UnusableError: another process (or another `Log` of this one) holds it.
    """
    import fcntl  # noqa: PLC0415 - Windows has none; there the log is verified, and never written

    descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as fault:
        os.close(descriptor)
        raise UnusableError(path.name, "another process has the lock") from fault
    return descriptor


def _reader(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _require(connection: sqlite3.Connection, setting: str, expected: object) -> None:
    (got,) = connection.execute(f"PRAGMA {setting}").fetchone()
    if got != expected:
        raise UnusableError(setting, f"expected {expected!r}, got {got!r}")
