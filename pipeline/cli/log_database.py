"""The log on PostgreSQL: make its tables, and copy it into a file that can be read."""

import asyncio
import os
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.context import data_dir_of
from pipeline.cli.logfile import LOG, MOMENT_SECONDS
from pipeline.cli.output import AsJson, note, say_json, stop, told
from pipeline.settings import load

OWNER = "IMPRIMATUR_LOG_OWNER"
_EXTRA = "this needs what `pip install -e '.[postgres]'` installs"


def migrate(
    writer: Annotated[
        str, typer.Option("--writer", help="The role that serves; the database has it already.")
    ] = "imprimatur_log",
    sql: Annotated[
        bool, typer.Option("--sql", help="Print what makes a new log, and send nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make the log's tables in PostgreSQL, or bring them up to date, as the role that owns them.

    IMPRIMATUR_LOG_OWNER holds the URL of that role, which MUST be another than the one that
    serves. Run it before a new version is started; what is done already is not done again.

    Exits with 0, or 2 (PostgreSQL refused: nothing was changed).

    Examples:
      imprimatur audit migrate
      imprimatur audit migrate --writer gateway --sql
    """
    try:
        from audit.postgres import migrating  # noqa: PLC0415 - it comes with an extra
    except ModuleNotFoundError:
        stop(_EXTRA)
    if sql:
        said = migrating.migration_sql(writer)
    else:
        url = os.environ.get(OWNER) or stop(f"{OWNER}: set it to the URL of the tables' owner")
        with told():
            said = asyncio.run(migrating.migrate(url, writer))
    if as_json:
        say_json({"sent": not sql, "writer": writer, "sql": said})
    elif sql:
        typer.echo(said)
    else:
        note(f"the log's tables are up to date, and {writer} may append to them")


def copy(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="The new file; it must not be there yet.")],
    as_json: AsJson = False,
) -> None:
    """Copy the log from PostgreSQL into a file: one moment of it, byte for byte.

    The other commands, and `python -m audit.verify`, read that file as they read `log.db`.

    Exits with 0, or 2 (it could not be copied).

    Examples:
      imprimatur audit copy today.db
      imprimatur audit verify today.db
    """
    rows = copied_log(data_dir_of(ctx), file)
    if as_json:
        say_json({"file": str(file), "rows": rows})
    else:
        note(f"copied {rows} rows into {file}")


def copied_log(data_dir: Path, file: Path) -> int:
    """Copy the log into a new file, and return how many rows it has; or say why not, and end."""
    try:
        from audit.postgres.copying import copy_log  # noqa: PLC0415 - it comes with an extra
    except ModuleNotFoundError:
        stop(_EXTRA)
    with told():
        url = load(data_dir, os.environ).log_database
    if url is None:
        stop("the settings name no database for the log: it is log.db, a file already")
    with told():
        try:
            return asyncio.run(copy_log(url.get_secret_value(), file))
        except FileExistsError:
            stop(f"{file}: it is there already")


@contextmanager
def log_file(data_dir: Path) -> Generator[Path]:
    """Give the log's file, or a copy of the log in PostgreSQL."""
    if (data_dir / LOG).is_file():
        yield data_dir / LOG
        return
    time.sleep(MOMENT_SECONDS)  # the server writes a signature a moment after its entry
    with tempfile.TemporaryDirectory() as folder:
        copied_log(data_dir, Path(folder) / LOG)
        yield Path(folder) / LOG
