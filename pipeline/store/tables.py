"""What makes the tables of the store, in the words of either database."""

from functools import cache

from sqlalchemy import Dialect, Index, MetaData
from sqlalchemy.schema import CreateIndex, CreateTable


@cache  # to put them together takes ten times as long as to execute them
def statements(metadata: MetaData, dialect: Dialect) -> tuple[str, ...]:
    """Return what makes the tables of `metadata`, and their indexes."""
    tables = metadata.sorted_tables
    indexes = [index for table in tables for index in sorted(table.indexes, key=_name_of)]
    made: list[CreateTable | CreateIndex] = [*map(CreateTable, tables), *map(CreateIndex, indexes)]
    return tuple(str(each.compile(dialect=dialect)) for each in made)


def _name_of(index: Index) -> str:
    return str(index.name)
