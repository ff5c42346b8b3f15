"""Prepared statements: they write and read as SQLAlchemy does."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Integer,
    MetaData,
    String,
    Table,
    Uuid,
    bindparam,
    insert,
    select,
    update,
)

from pipeline.errors import ConflictError
from pipeline.store.columns import Instant, word
from pipeline.store.prepared import Prepared
from pipeline.store.writer import Writer

SUMMER = datetime(2031, 7, 4, 14, 30, tzinfo=timezone(timedelta(hours=2)))


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


TABLE = Table(
    "things",
    metadata := MetaData(),
    Column("id", Uuid, primary_key=True),
    Column("name", String(20), nullable=False),
    Column("at", Instant),
    Column("on", Date),
    Column("colour", word(Colour)),
    Column("sure", Boolean),
    Column("parts", JSON),
    Column("count", Integer),
)
ROW = {
    "id": UUID(int=7),
    "name": "a thing",
    "at": SUMMER,
    "on": date(2031, 7, 4),
    "colour": Colour.GREEN,
    "sure": True,
    "parts": ["one", "two"],
    "count": 3,
}
NOTHING = {**dict.fromkeys(ROW), "id": UUID(int=8), "name": "nothing"}


ADD = Prepared(insert(TABLE), ROW)
OF = Prepared(select(TABLE).where(TABLE.c.id == bindparam("of")))


@pytest.fixture
async def writer(tmp_path: Path) -> AsyncIterator[Writer]:
    """A real database with one table, of every type that the store has."""
    opened = Writer(tmp_path / "things.db", metadata, 1)
    yield opened
    await asyncio.to_thread(opened.close)


@pytest.mark.parametrize("row", [ROW, NOTHING], ids=["values", "nulls"])
async def test_values_are_written_and_read_as_by_sqlalchemy(
    writer: Writer, row: dict[str, object]
) -> None:
    """A time written by one way that the other reads an hour later would keep what is to go."""
    added = await writer(lambda sql: ADD.count(sql, row))
    by_sqlalchemy = await writer(lambda sql: sql.execute(select(TABLE)).mappings().one())
    prepared = await writer(lambda sql: OF.row(sql, {"of": row["id"]}))

    assert added == 1
    assert prepared == dict(by_sqlalchemy) == row


async def test_fixed_and_given_values_find_what_they_change(writer: Writer) -> None:
    """A submission moves on only from where it stands: the count says whether it did."""
    change = Prepared(
        update(TABLE)
        .where(TABLE.c.id == bindparam("of"), TABLE.c.colour == Colour.GREEN)
        .values(colour=Colour.RED, at=bindparam("now"))
    )
    await writer(lambda sql: ADD.count(sql, ROW))
    values = {"of": ROW["id"], "now": SUMMER + timedelta(days=1)}

    counts = [await writer(lambda sql: change.count(sql, values)) for _ in range(2)]

    assert counts == [1, 0]
    after = await writer(lambda sql: OF.row(sql, {"of": ROW["id"]}))
    assert after == ROW | {"colour": Colour.RED, "at": SUMMER + timedelta(days=1)}


async def test_nothing_found_is_no_row(writer: Writer) -> None:
    """What is not there is None, not an empty row."""
    assert await writer(lambda sql: OF.row(sql, {"of": UUID(int=1)})) is None


async def test_a_row_that_exists_is_a_conflict_of_its_own_caller(writer: Writer) -> None:
    """Of those who share a transaction only the one in conflict is told so."""
    other = ROW | {"id": UUID(int=9)}

    first, second, third = await asyncio.gather(
        writer(lambda sql: ADD.count(sql, ROW)),
        writer(lambda sql: ADD.count(sql, ROW)),
        writer(lambda sql: ADD.count(sql, other)),
        return_exceptions=True,
    )

    assert (first, third) == (1, 1)
    assert isinstance(second, ConflictError)
    rows = await writer(lambda sql: sql.execute(select(TABLE.c.id)).scalars().all())
    assert sorted(rows) == [ROW["id"], other["id"]]


async def test_a_word_that_is_not_one_of_ours_is_refused(writer: Writer) -> None:
    """The types' own checks, and those of the table, still stand."""
    with pytest.raises(ConflictError, match="CHECK"):
        await writer(lambda sql: ADD.count(sql, ROW | {"colour": "blue"}))
    with pytest.raises(ValueError, match="aware"):
        await writer(lambda sql: ADD.count(sql, ROW | {"at": datetime(2031, 1, 1)}))  # noqa: DTZ001 - a naive one is the point
