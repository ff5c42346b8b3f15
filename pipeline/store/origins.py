"""Origins: what pictures that left here were made from, so that it is known when one comes back.

Only pictures with something to tell are kept. What is kept is a picture's hashes and the scores of
what was seen in its request: no text, and nothing of the picture.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    JSON,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Uuid,
    delete,
    insert,
    select,
)

from pipeline.store.columns import Instant, metadata
from pipeline.store.writer import Transact, changing

origins = Table(
    "origins",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("tenant", ForeignKey("tenants.id"), nullable=False, index=True),
    Column("submission", Uuid, nullable=False, index=True),
    Column("sha256", String(64), nullable=False, index=True),
    Column("pdq", LargeBinary(32)),
    Column("scores", JSON, nullable=False),
    Column("until", Instant, nullable=False, index=True),
    sqlite_autoincrement=True,  # no id is given twice: what is new comes after what is known
)


@dataclass(frozen=True, slots=True)
class Origin:
    """One picture that left."""

    tenant: str
    submission: UUID
    sha256: str = field(repr=False)
    """Of the bytes that left."""
    pdq: bytes | None = field(repr=False)
    """None of a picture that is too flat to be known again by its looks."""
    scores: Mapping[str, float]
    until: datetime
    """How long it is kept."""


@dataclass(frozen=True, slots=True)
class Origins:
    """The table of origins."""

    transact: Transact

    async def keep(self, origin: Origin) -> None:
        """Keep what one picture was made from.

        Raises:
            ConflictError: there is no such tenant.
        """
        values = {
            "tenant": origin.tenant,
            "submission": origin.submission,
            "sha256": origin.sha256,
            "pdq": origin.pdq,
            "scores": dict(origin.scores),
            "until": origin.until,
        }
        await self.transact(changing(insert(origins).values(values)))

    async def hashes(self, tenant: str, after: int) -> tuple[tuple[int, bytes], ...]:
        """Return id and PDQ of what was kept after the id `after`, in that order."""
        query = (
            select(origins.c.id, origins.c.pdq)
            .where(origins.c.tenant == tenant, origins.c.id > after, origins.c.pdq.is_not(None))
            .order_by(origins.c.id)
        )
        return await self.transact(
            lambda sql: tuple((number, pdq) for number, pdq in sql.execute(query))
        )

    async def scores(
        self, tenant: str, sha256: str, ids: Iterable[int]
    ) -> tuple[Mapping[str, float], ...]:
        """Return what is known of a picture by its digest, and of those with one of `ids`."""
        known = (origins.c.sha256 == sha256) | origins.c.id.in_([*ids])
        query = select(origins.c.scores).where(origins.c.tenant == tenant, known)
        return await self.transact(lambda sql: tuple(sql.execute(query).scalars()))

    async def purge(self, at: datetime) -> int:
        """Forget every tenant's that is out of time; return how many."""
        query = delete(origins).where(origins.c.until <= at)
        return await self.transact(lambda sql: sql.execute(query).rowcount)
