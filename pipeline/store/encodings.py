"""Encodings: which opaque bytes were made here, of what, and what was seen in that.

No bytes are kept, neither of the encoding nor of its picture: an encoding is known by its digest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import (
    JSON,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Uuid,
    delete,
    insert,
    select,
)

from pipeline.store.columns import Instant, metadata
from pipeline.store.writer import Transact, changing

Seen: TypeAlias = Mapping[str, str | float]
"""One finding of the picture, as `pipeline.encodings` writes it."""

encodings = Table(
    "encodings",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("tenant", ForeignKey("tenants.id"), nullable=False),
    Column("submission", Uuid, nullable=False, index=True),
    Column("sha256", String(64), nullable=False),
    Column("model", String(64), nullable=False),
    Column("information_extracted", Float, nullable=False),
    Column("seen", JSON, nullable=False),
    Column("until", Instant, nullable=False, index=True),
)
_same = Index(None, encodings.c.tenant, encodings.c.sha256)


@dataclass(frozen=True, slots=True)
class Minted:
    """One encoding that was made here."""

    tenant: str
    submission: UUID
    sha256: str = field(repr=False)
    """Of its bytes."""
    model: str
    information_extracted: float
    seen: Sequence[Seen]
    """What was found in the picture that it was made of."""
    until: datetime
    """How long it is taken back."""


@dataclass(frozen=True, slots=True)
class Encodings:
    """The table of encodings."""

    transact: Transact

    async def keep(self, minted: Minted) -> None:
        """Keep what an encoding was made of.

        Raises:
            ConflictError: there is no such tenant.
        """
        values = {name: getattr(minted, name) for name in Minted.__slots__}
        values["seen"] = [dict(each) for each in minted.seen]
        await self.transact(changing(insert(encodings).values(values)))

    async def of(self, tenant: str, sha256: str, at: datetime) -> tuple[Minted, ...]:
        """Return all that a tenant had made with these bytes and may still use; mostly one."""
        own = (encodings.c.tenant == tenant, encodings.c.sha256 == sha256)
        query = (
            select(*(encodings.c[name] for name in Minted.__slots__))
            .where(*own, encodings.c.until > at)
            .order_by(encodings.c.id)
        )
        return await self.transact(
            lambda sql: tuple(Minted(**row) for row in sql.execute(query).mappings())
        )

    async def purge(self, at: datetime) -> int:
        """Forget every tenant's that is out of time; return how many."""
        query = delete(encodings).where(encodings.c.until <= at)
        return await self.transact(lambda sql: sql.execute(query).rowcount)
