"""Makes the tables of the log, or brings them up to date: as their owner, never as who serves.

Alembic writes the SQL; it is sent in one transaction, or printed for whoever sends it by hand.
"""

from contextlib import suppress
from io import StringIO

from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from audit.errors import UnusableError
from audit.postgres.connection import FAULTS, connect_postgres, told
from audit.postgres.schema import grants

_SECONDS = 5.0


def migration_sql(writer: str, since: str | None = None) -> str:
    """Write what makes the tables newest from revision `since` (None: from nothing).

    Raises:
        UnusableError: nobody here knows that revision.
    """
    written = StringIO()
    config = Config(output_buffer=written, stdout=StringIO())
    config.set_main_option("script_location", "audit.postgres:migrations")
    config.set_main_option("path_separator", "os")
    try:
        command.upgrade(config, f"{since or 'base'}:head", sql=True)
    except CommandError as fault:
        raise UnusableError("log", f"its tables are of another version: {fault}") from fault
    return f"BEGIN;\n{written.getvalue()}\n{grants(writer)}COMMIT;\n"


async def migrate(url: str, writer: str) -> str:
    """Bring the tables of the log up to date, and give `writer` its rights; return the SQL.

    `url` is of the role that owns the tables; `writer` is another, and serves.

    Raises:
        UnusableError: PostgreSQL refused; nothing was changed.
    """
    try:
        connection = await connect_postgres(url)
    except FAULTS as fault:
        raise UnusableError("log", told(fault)) from fault
    try:
        there = await connection.fetchrow("SELECT to_regclass('audit.alembic_version')::text")
        row = None
        if there is not None and there[0] is not None:
            row = await connection.fetchrow("SELECT version_num FROM audit.alembic_version")
        sql = migration_sql(writer, None if row is None else str(row[0]))
        await connection.execute(sql)
    except FAULTS as fault:
        raise UnusableError("log", told(fault)) from fault
    finally:
        with suppress(*FAULTS):
            await connection.close(timeout=_SECONDS)
    return sql
