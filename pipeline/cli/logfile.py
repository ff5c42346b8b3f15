"""The log's file as commands read it: without writing, without keys, beside a running server."""

import sqlite3
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from audit.connection import connect_reader
from audit.errors import MalformedError, UnusableError
from audit.vkey import VerifierKey
from pipeline.cli.context import data_dir_of
from pipeline.cli.output import stop, told

LOG, VKEY = "log.db", Path("keys") / "log.vkey"
MOMENT_SECONDS = 0.1
_TRIES = 10

Key = Annotated[
    str,
    typer.Option(
        "--vkey",
        help="The log's verifier key, name+id+base64, or a file that holds it.",
        show_default="keys/log.vkey in the data directory",
    ),
]


@contextmanager
def reading(path: Path) -> Generator[sqlite3.Connection]:
    """Open the log for reading; say what is wrong if it is none, and end."""
    require_log(path)
    try:
        with told(), closing(connect_reader(path)) as connection:
            yield connection
    except sqlite3.Error as fault:
        stop(f"{path}: it cannot be read as a log: {fault}")


def require_log(path: Path) -> None:
    """Return if there is a file; say where one is looked for if not, and end."""
    if not path.is_file():
        stop(f"{path}: there is no such log: name it, or say `imprimatur --data-dir DIR audit ...`")


def newest(connection: sqlite3.Connection) -> tuple[int, str]:
    """Return the newest checkpoint in the file: its size and its text; 0 and none at first."""
    found = connection.execute("SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1")
    for size, checkpoint in found:
        return int(size), str(checkpoint)
    return 0, ""


def signed_beyond(connection: sqlite3.Connection, index: int) -> tuple[int, str]:
    """Return the size and the text of the newest checkpoint, which covers the entry at `index`.

    A server signs before it answers, and writes the signature into the file a moment later.

    Raises:
        UnusableError: no signature covers the entry.
    """
    for _ in range(_TRIES):
        size, checkpoint = newest(connection)
        if index < size:
            return size, checkpoint
        time.sleep(MOMENT_SECONDS)
    raise UnusableError("log", f"no signature covers entry {index} yet: its server may have died")


def read_key(ctx: typer.Context, given: str) -> VerifierKey:
    """Read the first of `read_keys`: from one key of a log all others can be followed."""
    return read_keys(ctx, given)[0]


def read_keys(ctx: typer.Context, given: str) -> list[VerifierKey]:
    """Read the verifier keys: as given, from the file that was given, or the installation's own.

    Raises:
        MalformedError: a line is no verifier key.
    """
    path = Path(given) if given else data_dir_of(ctx) / VKEY
    if given and not path.is_file():
        return [VerifierKey.parse(given)]
    if not path.is_file():
        stop(f"{path}: there is no verifier key: give it with --vkey, the key itself or its file")
    return [VerifierKey.parse(line) for line in read_text(path).splitlines() or [""]]


def read_text(path: Path) -> str:
    """Read a file of text, to the byte.

    Raises:
        MalformedError: it is not text.
        OSError: it cannot be read.
    """
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError:
        raise MalformedError(str(path), "UTF-8 text", "something else") from None
