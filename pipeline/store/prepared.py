"""Statements that every request executes, compiled once.

SQLAlchemy builds them, and says how each type is written and read. What else it does at each
execution takes ten times as long as SQLite takes for the statement.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, Delete, Insert, Select, Update
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.types import TypeEngine

_DIALECT: Final = SQLiteDialect_pysqlite()

Row = dict[str, Any]
_Convert = Callable[[Any], Any]


class Prepared:
    """One statement, with a `bindparam` for each value that differs from time to time."""

    def __init__(
        self,
        statement: Select[*tuple[Any, ...]] | Insert | Update | Delete,
        given: Iterable[str] | None = None,
    ) -> None:
        """Compile `statement`; of an `Insert`, `given` are the columns whose values are given."""
        compiled = statement.compile(
            dialect=_DIALECT, column_keys=None if given is None else list(given)
        )
        names = compiled.positiontup or ()
        binds = [(name, compiled.binds[name]) for name in names]
        self._statement = statement
        self._sql = str(compiled)
        self._binds = [(name, bind.value, _writing(bind.type)) for name, bind in binds]
        shown = statement.selected_columns if isinstance(statement, Select) else ()
        self._shown = [(column.name, _reading(column.type)) for column in shown]

    def rows(self, sql: Connection, values: Mapping[str, object]) -> list[Row]:
        """Return what it selects: each row by the names of its columns.

        Raises:
            sqlite3.Error: the database failed.
        """
        if not is_sqlite(sql):
            return [dict(row) for row in sql.execute(self._statement, values).mappings()]
        return [
            {
                name: value if read is None or value is None else read(value)
                for (name, read), value in zip(self._shown, row, strict=True)
            }
            for row in self._executed(sql, values)
        ]

    def row(self, sql: Connection, values: Mapping[str, object]) -> Row | None:
        """Return the first row that it selects, if there is one; as `rows`."""
        found = self.rows(sql, values)
        return found[0] if found else None

    def count(self, sql: Connection, values: Mapping[str, object]) -> int:
        """Change what it changes, and return how many rows that were.

        Raises:
            sqlite3.IntegrityError: a row exists already, or names one that does not.
            sqlite3.Error: the database failed.
        """
        if not is_sqlite(sql):
            return sql.execute(self._statement, values).rowcount
        return self._executed(sql, values).rowcount

    def _executed(self, sql: Connection, values: Mapping[str, object]) -> sqlite3.Cursor:
        written = [
            value if write is None else write(value)
            for value, write in (
                (values.get(name, fixed), write) for name, fixed, write in self._binds
            )
        ]
        return driver_of(sql).execute(self._sql, written)


def is_sqlite(sql: Connection) -> bool:
    """Whether the driver beneath is SQLite's: to PostgreSQL, SQLAlchemy speaks."""
    return sql.dialect.name == "sqlite"


def driver_of(sql: Connection) -> sqlite3.Connection:
    """Return the connection beneath SQLAlchemy's."""
    driven = sql.connection.driver_connection
    assert isinstance(driven, sqlite3.Connection)  # noqa: S101 - tells the type checkers what the URL says
    return driven


def _writing(of: TypeEngine[Any]) -> _Convert | None:
    return of.dialect_impl(_DIALECT).bind_processor(_DIALECT)


def _reading(of: TypeEngine[Any]) -> _Convert | None:
    return of.dialect_impl(_DIALECT).result_processor(_DIALECT, None)
