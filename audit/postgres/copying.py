"""Copies a log from PostgreSQL into the SQLite form, byte for byte: to verify it, or to keep it.

There is one verifier, and it needs a file and a public key; so what it says of the copy holds for
the log. The copy is one moment of the log, while others append to it.
"""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from uuid import UUID

from audit.connection import connect_sqlite, create_file
from audit.errors import UnusableError
from audit.postgres.connection import FAULTS, Connect, Connection, Record, connect_postgres, told
from audit.schema import APPLICATION_ID, DROPPED, TABLES, TRIGGERS, VERSION

_ROWS = 5000
_SECONDS = 5.0
# each table, its columns, and a key by which it can be read in pieces
_TABLES = (
    ("log", "id, origin, vkey", "id"),
    ("log_state", "id, size, root, edge", "id"),
    ("entry", "idx, entry_id, leaf, leaf_hash", "idx"),
    ("dropped", "idx, leaf_hash", "idx"),
    ("tile_node", "level, idx, hash", "level, idx"),
    ("head", "size, root, committed_at", "size"),
    ("checkpoint", "size, note", "size"),
    ("detail", "entry_id, key_id, wrapped, nonce, ciphertext", "entry_id"),
)


async def copy_log(url: str, path: Path, connect: Connect = connect_postgres) -> int:
    """Write the log as a new file that only its owner can read; return how many rows it has.

    Raises:
        FileExistsError: there is something at `path`.
        UnusableError: the database does not answer.
    """
    try:
        connection = await connect(url)
    except FAULTS as fault:
        raise UnusableError("log", told(fault)) from fault
    try:
        _create(path)
        with closing(connect_sqlite(path)) as file:
            return await _copy(connection, file)
    except FAULTS as fault:
        raise UnusableError("log", told(fault)) from fault
    finally:
        with suppress(*FAULTS):
            await connection.close(timeout=_SECONDS)


def _create(path: Path) -> None:
    path.touch(0o600, exist_ok=False)
    create_file(path)


async def _copy(connection: Connection, file: sqlite3.Connection) -> int:
    await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    file.executescript(f"BEGIN EXCLUSIVE; {TABLES} {DROPPED}")
    count = 0
    for table, columns, key in _TABLES:
        await connection.execute(
            f"DECLARE {table}_rows NO SCROLL CURSOR FOR"  # noqa: S608 - names of our own
            f" SELECT {columns} FROM audit.{table} ORDER BY {key}"
        )
        marks = ", ".join("?" for _ in columns.split(","))
        while rows := await connection.fetch(f"FETCH {_ROWS} FROM {table}_rows"):
            statement = f"INSERT INTO {table}({columns}) VALUES ({marks})"  # noqa: S608 - the same
            file.executemany(statement, [_plain(row) for row in rows])
            count += len(rows)
    for trigger in TRIGGERS.split("END;\n")[:-1]:  # a script would commit what is not whole yet
        file.execute(f"{trigger}END;")
    file.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    file.execute(f"PRAGMA user_version = {VERSION}")
    file.execute("COMMIT")
    await connection.execute("ROLLBACK")
    return count


def _plain(row: Record) -> list[object]:
    return [each.bytes if isinstance(each, UUID) else each for each in row]
