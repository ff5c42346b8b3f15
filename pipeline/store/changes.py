"""Changes: what somebody proposed to put in force, and what two people did."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Integer,
    RowMapping,
    String,
    Table,
    Text,
    Uuid,
    func,
    insert,
    select,
    update,
)

from pipeline.store.columns import Instant, metadata, word
from pipeline.store.prepared import Prepared
from pipeline.store.writer import Transact, changing


class ChangeKind(StrEnum):
    """What is changed. All of it comes through one door; a kind that has none is refused there."""

    POLICY = "policy"
    BANK = "bank"
    MODEL = "model"
    LABELS = "labels"
    THRESHOLDS = "thresholds"
    TERMS = "terms"


changes = Table(
    "changes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", word(ChangeKind), nullable=False),
    Column("name", String(96), nullable=False),
    Column("before", String(64)),
    Column("after", String(64)),
    Column("body", Text),
    Column("before_body", Text),
    Column("everywhere", Boolean, nullable=False),
    Column("milder", Boolean, nullable=False),
    Column("basis", String(64), nullable=False),
    Column("report", JSON, nullable=False),
    Column("reason", String(2000), nullable=False),
    Column("person", String(200), nullable=False),
    Column("proposed_at", Instant, nullable=False),
    Column("rolls_back", Boolean, nullable=False),
    Column("activated_by", String(200)),
    Column("activated_at", Instant),
    Column("place", Integer, unique=True),
)


@dataclass(frozen=True, slots=True)
class Change:
    """One version that is to take the place of another, and what is known of it."""

    id: UUID
    kind: ChangeKind
    name: str
    """What is changed, as `harbour` of a policy set."""
    before: str | None
    """The digest of what is in force when it is proposed; None if there is nothing of that name."""
    after: str | None
    """The digest of what is to be in force; None if nothing is."""
    body: str | None = field(repr=False)
    """What is to be in force; None if nothing is."""
    before_body: str | None = field(repr=False)
    """What it takes the place of, so that there is a way back; None if that is nothing."""
    everywhere: bool
    """Whether it is laid on top for all, since nobody had anything of that name."""
    milder: bool
    """Whether it may stop less than what is in force."""
    basis: str
    """The digest of all that was in force when it was tried."""
    report: Mapping[str, Any]
    """What trying it came to: the numbers of a replay."""
    reason: str = field(repr=False)
    person: str
    proposed_at: datetime
    rolls_back: bool = False
    activated_by: str | None = None
    activated_at: datetime | None = None
    place: int | None = None
    """Its place in the order of activations; the greatest of a name is in force."""


_NEWEST = Prepared(select(func.coalesce(func.max(changes.c.place), 0).label("newest")))


@dataclass(frozen=True, slots=True)
class ChangeTable:
    """The table of changes."""

    transact: Transact

    async def propose(self, change: Change) -> None:
        """Add a change."""
        values = {name: getattr(change, name) for name in Change.__slots__}
        values["report"] = dict(change.report)
        await self.transact(changing(insert(changes).values(values)))

    async def get(self, change: UUID) -> Change | None:
        """Return a change, or None if there is none of that id."""
        query = select(changes).where(changes.c.id == change)

        def read(sql: Connection) -> Change | None:
            row = sql.execute(query).mappings().one_or_none()
            return None if row is None else _change(row)

        return await self.transact(read)

    async def pending(self) -> tuple[Change, ...]:
        """Return every change that was not activated, oldest first."""
        query = select(changes).where(changes.c.place.is_(None)).order_by(changes.c.proposed_at)
        return await self._all(query)

    async def activated(self) -> tuple[Change, ...]:
        """Return every change that was activated, in that order."""
        return await self._all(
            select(changes).where(changes.c.place.is_not(None)).order_by(changes.c.place)
        )

    async def names(self, kind: ChangeKind) -> frozenset[str]:
        """Return what of a kind was ever activated, by name."""
        return frozenset(each.name for each in await self.activated() if each.kind is kind)

    async def newest(self) -> int:
        """Return the place of the change that was activated last; 0 if none was."""
        found = await self.transact(lambda sql: _NEWEST.row(sql, {}))
        return 0 if found is None else int(found["newest"])

    async def activate(self, change: UUID, person: str, now: datetime) -> bool:
        """Note that a change is in force; False if it was activated before."""
        place = select(func.coalesce(func.max(changes.c.place), 0) + 1).scalar_subquery()
        made = update(changes).where(changes.c.id == change, changes.c.place.is_(None))
        values = {"activated_by": person, "activated_at": now, "place": place}
        return await self.transact(changing(made.values(values))) == 1

    async def _all(self, query: Any) -> tuple[Change, ...]:  # noqa: ANN401 - a Select of this table
        return await self.transact(
            lambda sql: tuple(_change(row) for row in sql.execute(query).mappings())
        )


def _change(row: RowMapping) -> Change:
    return Change(**row)
