"""Notices by which somebody demands that a picture is taken down, each with its clock."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    ForeignKey,
    RowMapping,
    String,
    Table,
    Uuid,
    insert,
    select,
    update,
)

from pipeline.store.columns import Instant, metadata, word
from pipeline.store.writer import Transact, changing

MOST_LISTED: Final = 1_000


class NoticeKind(StrEnum):
    """By which law a notice came."""

    TAKE_IT_DOWN = "take-it-down"
    """Of an intimate depiction that somebody did not consent to (PL 119-12)."""
    ARTICLE_16 = "article-16"
    """Of anything illegal (DSA)."""
    TRUSTED_FLAGGER = "trusted-flagger"
    """The same, by whom it is decided on first (DSA, Article 22)."""


class Taken(StrEnum):
    """What people decided on a notice."""

    DOWN = "down"
    NOT = "not"


takedowns = Table(
    "takedown_notices",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant", ForeignKey("tenants.id"), nullable=False, index=True),
    Column("kind", word(NoticeKind), nullable=False),
    Column("submission", Uuid),
    Column("received_at", Instant, nullable=False),
    Column("elements", JSON, nullable=False),
    Column("valid_at", Instant),
    Column("due_at", Instant),
    Column("hashes", JSON, nullable=False),
    Column("taken", word(Taken)),
    Column("decided_at", Instant),
    Column("decided_by", String(200)),
)


@dataclass(frozen=True, slots=True)
class Takedown:
    """One notice. Who sent it, and what they wrote, the platform keeps."""

    id: UUID
    tenant: str
    kind: NoticeKind
    submission: UUID | None
    """The generation that it names, if it came from here."""
    received_at: datetime
    elements: Sequence[str]
    """What the law asks for, as far as it is there."""
    valid_at: datetime | None
    """Since when all of it is there: the clock began."""
    due_at: datetime | None
    hashes: Sequence[tuple[str, str]] = field(repr=False)
    """Of the depictions: the type, and the digest in hex."""
    taken: Taken | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None


@dataclass(frozen=True, slots=True)
class Takedowns:
    """The table of notices."""

    transact: Transact

    async def add(self, notice: Takedown) -> None:
        """Keep a notice.

        Raises:
            ConflictError: there is no such tenant.
        """
        values = {name: getattr(notice, name) for name in Takedown.__slots__}
        values["elements"] = [*notice.elements]
        values["hashes"] = [[*each] for each in notice.hashes]
        await self.transact(changing(insert(takedowns).values(values)))

    async def get(self, known_as: UUID) -> Takedown | None:
        """Return a notice, whoever's. For people, never for a tenant's request."""
        return next(iter(await self._many(takedowns.c.id == known_as)), None)

    async def open(self) -> tuple[Takedown, ...]:
        """Return what waits for a person, what is due first at the top; without a clock last."""
        return await self._many(takedowns.c.taken.is_(None))

    async def down(self, tenant: str, kinds: Sequence[NoticeKind]) -> tuple[Takedown, ...]:
        """Return a tenant's notices of these kinds by which something was taken down."""
        own = (takedowns.c.tenant == tenant) & (takedowns.c.taken == Taken.DOWN)
        return await self._many(own & takedowns.c.kind.in_(kinds))

    async def complete(
        self, notice: Takedown, elements: Sequence[str], valid_at: datetime | None, due_at: object
    ) -> bool:
        """Note what else of a notice came; False if it was decided meanwhile."""
        values = {"elements": [*elements], "valid_at": valid_at, "due_at": due_at}
        change = update(takedowns).where(takedowns.c.id == notice.id, takedowns.c.taken.is_(None))
        return await self.transact(changing(change.values(values))) == 1

    async def decide(self, notice: Takedown, taken: Taken, person: str, at: datetime) -> bool:
        """Note what was decided; False if it was decided before."""
        change = update(takedowns).where(takedowns.c.id == notice.id, takedowns.c.taken.is_(None))
        values = {"taken": taken, "decided_by": person, "decided_at": at}
        return await self.transact(changing(change.values(values))) == 1

    async def _many(self, which: ColumnElement[bool]) -> tuple[Takedown, ...]:
        order = takedowns.c.due_at.is_(None), takedowns.c.due_at, takedowns.c.received_at
        query = select(takedowns).where(which).order_by(*order).limit(MOST_LISTED)
        return await self.transact(
            lambda sql: tuple(_notice(row) for row in sql.execute(query).mappings())
        )


def _notice(row: RowMapping) -> Takedown:
    values = {name: row[name] for name in Takedown.__slots__}
    values["elements"] = tuple(row["elements"])
    values["hashes"] = tuple((str(kind), str(digest)) for kind, digest in row["hashes"])
    return Takedown(**values)
