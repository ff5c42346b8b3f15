"""Erasures: what was asked to be erased, what of it still waits, and when it was complete."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Integer,
    RowMapping,
    String,
    Table,
    Uuid,
    case,
    insert,
    select,
    update,
)

from pipeline.store.columns import Instant, metadata
from pipeline.store.writer import Transact, changing

erasures = Table(
    "erasures",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant", String(63), nullable=False),
    Column("subject", String(64)),
    Column("ground", String(96), nullable=False),
    Column("person", String(200), nullable=False),
    Column("ordered_at", Instant, nullable=False),
    Column("waiting", JSON, nullable=False),
    Column("erased", Integer, nullable=False),
    Column("last", Integer),
    Column("completed_at", Instant),
)

retention_marks = Table(
    "retention_marks",
    metadata,
    Column("class", String(32), primary_key=True),
    Column("next", Integer, nullable=False),
)


@dataclass(frozen=True, slots=True)
class ErasureRow:
    """One erasure, and how far it is.

    `waiting` names what is still to be erased: submissions, and entries that belong to none.
    """

    id: UUID
    tenant: str
    subject: str | None = field(repr=False)
    """The fingerprint (`access.subjects`), never a pseudonym."""
    ground: str
    person: str
    ordered_at: datetime
    waiting: tuple[UUID, ...]
    erased: int = 0
    """How many details were deleted."""
    last: int | None = None
    """The index of its newest `erase` entry."""
    completed_at: datetime | None = None
    """When the keys of what was erased were destroyed."""


@dataclass(frozen=True, slots=True)
class Erasures:
    """The table of erasures. A projection of the log's `erase` entries, but for what waits."""

    transact: Transact

    async def order(self, row: ErasureRow) -> None:
        """Add an erasure before anything of it is done: a crash leaves it waiting."""
        values = {name: getattr(row, name) for name in ErasureRow.__slots__}
        values["waiting"] = [*map(str, row.waiting)]
        await self.transact(changing(insert(erasures).values(values)))

    async def done(self, erasure: UUID, what: UUID, index: int, details: int) -> None:
        """Note that one of those that waited is erased, and by which entry."""

        def change(sql: Connection) -> None:
            query = select(erasures.c.waiting).where(erasures.c.id == erasure)
            left = [each for each in sql.execute(query).scalar_one() if each != str(what)]
            values = {
                "waiting": left,
                "erased": erasures.c.erased + details,
                "last": case((erasures.c.last > index, erasures.c.last), else_=index),
            }
            sql.execute(update(erasures).where(erasures.c.id == erasure).values(values))

        await self.transact(change)

    async def complete(self, before: int, at: datetime) -> int:
        """Note that all that was erased before the entry at index `before` is gone; count them."""

        def change(sql: Connection) -> int:
            due = [
                row.id
                for row in _all(sql)
                if row.completed_at is None and not row.waiting and (row.last or 0) < before
            ]
            sql.execute(update(erasures).where(erasures.c.id.in_(due)).values(completed_at=at))
            return len(due)

        return await self.transact(change)

    async def all(self) -> Sequence[ErasureRow]:
        """Return every tenant's erasures, oldest first."""
        return await self.transact(_all)

    async def marks(self) -> dict[str, int]:
        """Return up to which entry retention has walked, for each class that it has walked for."""
        query = select(retention_marks.c["class"], retention_marks.c.next)
        return await self.transact(lambda sql: {row[0]: row[1] for row in sql.execute(query)})

    async def mark(self, name: str, at: int) -> None:
        """Remember from which entry on retention has to walk for a class next time."""

        def change(sql: Connection) -> None:
            here = retention_marks.c["class"] == name
            if not sql.execute(update(retention_marks).where(here).values(next=at)).rowcount:
                sql.execute(insert(retention_marks).values({"class": name, "next": at}))

        await self.transact(change)


def _all(sql: Connection) -> tuple[ErasureRow, ...]:
    rows = sql.execute(select(erasures).order_by(erasures.c.ordered_at)).mappings()
    return tuple(map(_row, rows))


def _row(found: RowMapping) -> ErasureRow:
    values: dict[str, Any] = dict(found)
    values["waiting"] = tuple(map(UUID, values["waiting"]))
    return ErasureRow(**values)
