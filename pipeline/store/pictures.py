"""Pictures: where each sample of a submission stands, and until when it is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Uuid,
    bindparam,
    insert,
    select,
    update,
)

from pipeline.store.columns import Instant, metadata, word
from pipeline.store.prepared import Prepared
from pipeline.store.writer import Transact, changing


class PictureState(StrEnum):
    """Where a picture stands. One on which nothing was decided yet stands in the vault alone."""

    CLEARED = "cleared"
    HELD = "held"
    RELEASED = "released"
    WITHHELD = "withheld"
    DESTROYED = "destroyed"


BEFORE: Mapping[PictureState, frozenset[PictureState]] = {
    PictureState.CLEARED: frozenset({PictureState.HELD}),
    PictureState.HELD: frozenset({PictureState.CLEARED}),
    PictureState.RELEASED: frozenset({PictureState.CLEARED}),
    PictureState.WITHHELD: frozenset(PictureState)
    - {PictureState.WITHHELD, PictureState.DESTROYED},
    PictureState.DESTROYED: frozenset(PictureState) - {PictureState.DESTROYED},
}
"""From which states each can be reached. What was withheld is destroyed and never released."""

pictures = Table(
    "pictures",
    metadata,
    Column("tenant", ForeignKey("tenants.id"), nullable=False),
    Column("submission", Uuid, ForeignKey("submissions.id"), nullable=False),
    Column("index", Integer, nullable=False),
    Column("vault_id", String(32), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("state", word(PictureState), nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    PrimaryKeyConstraint("submission", "index"),
)


@dataclass(frozen=True, slots=True)
class Picture:
    """What is remembered of one sample; its bytes are in the vault until it is destroyed."""

    tenant: str
    submission: UUID
    index: int
    vault_id: str
    sha256: str = field(repr=False)
    state: PictureState
    expires_at: datetime


_ADD = Prepared(insert(pictures), Picture.__slots__)
_OF = Prepared(
    select(pictures)
    .where(pictures.c.tenant == bindparam("tenant"), pictures.c.submission == bindparam("of"))
    .order_by(pictures.c.index)
)


@dataclass(frozen=True, slots=True)
class Pictures:
    """The table of pictures."""

    transact: Transact

    async def add(self, rows: Sequence[Picture]) -> None:
        """Add the pictures of a submission, all or none.

        Raises:
            ConflictError: one exists, or its submission does not.
        """
        values = [{name: getattr(row, name) for name in Picture.__slots__} for row in rows]

        def add(sql: Connection) -> None:
            for each in values:
                _ADD.count(sql, each)

        if values:
            await self.transact(add)

    async def of(self, tenant: str, submission: UUID) -> tuple[Picture, ...]:
        """Return the pictures of a tenant's submission, by index."""
        query = {"tenant": tenant, "of": submission}
        return await self.transact(
            lambda sql: tuple(Picture(**row) for row in _OF.rows(sql, query))
        )

    async def move(
        self, picture: Picture, to: PictureState, expires_at: datetime | None = None
    ) -> bool:
        """Move a picture on, if it stands where `to` can be reached from; once only.

        `expires_at` replaces the time until which it is kept.
        """
        values: dict[str, object] = {"state": to}
        if expires_at is not None:
            values["expires_at"] = expires_at
        change = (
            update(pictures)
            .where(pictures.c.tenant == picture.tenant)
            .where(pictures.c.submission == picture.submission)
            .where(pictures.c.index == picture.index, pictures.c.state.in_(BEFORE[to]))
            .values(values)
        )
        return await self.transact(changing(change)) == 1

    async def expired(self, now: datetime) -> tuple[Picture, ...]:
        """Return every tenant's pictures to destroy: released or withheld, and out of time.

        What is still on its way, or held, waits for its end, whatever its own time says.
        """
        query = (
            select(pictures)
            .where(pictures.c.expires_at <= now)
            .where(pictures.c.state.in_({PictureState.RELEASED, PictureState.WITHHELD}))
            .order_by(pictures.c.expires_at)
        )
        return await self.transact(
            lambda sql: tuple(Picture(**row) for row in sql.execute(query).mappings())
        )

    async def newest_released(self, limit: int) -> tuple[Picture, ...]:
        """Return every tenant's released pictures that are still kept, those that go last first."""
        query = (
            select(pictures)
            .where(pictures.c.state == PictureState.RELEASED)
            .order_by(pictures.c.expires_at.desc())
            .limit(limit)
        )
        return await self.transact(
            lambda sql: tuple(Picture(**row) for row in sql.execute(query).mappings())
        )

    async def kept(self) -> frozenset[str]:
        """Return the vault ids of every tenant's pictures that are not destroyed, for the sweep."""
        query = select(pictures.c.vault_id).where(pictures.c.state != PictureState.DESTROYED)
        return await self.transact(lambda sql: frozenset(sql.execute(query).scalars()))
