"""Taints: what those prompts were like whose pictures came back with the worst in them."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    String,
    Table,
    delete,
    insert,
    select,
)

from pipeline.store.columns import Instant, metadata
from pipeline.store.writer import Transact

taints = Table(
    "taints",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("tenant", ForeignKey("tenants.id"), nullable=False),
    Column("likeness", String(16), nullable=False),
    Column("at", Instant, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class Taint:
    """What one such prompt was like, and when its pictures came."""

    likeness: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Taints:
    """The table of taints. It names no end user: the prompt is what is known again.

    Each tenant's are read once and kept, because every request asks. Only the store's one thread
    changes what is kept, within the transaction that reads or writes it. Where others write too
    nothing is kept: a taint that is not known yet would let its like through.
    """

    transact: Transact
    kept: dict[str, tuple[Taint, ...]] | None = field(repr=False)

    async def add(self, tenant: str, likeness: int, at: datetime) -> None:
        """Remember what a prompt was like (`classifiers.likeness`).

        Raises:
            ConflictError: there is no such tenant.
        """
        values = {"tenant": tenant, "likeness": f"{likeness:016x}", "at": at}

        def written(sql: Connection) -> None:
            if self.kept is not None:
                self.kept.pop(tenant, None)
            sql.execute(insert(taints).values(values))

        await self.transact(written)

    async def of(self, tenant: str, since: datetime) -> frozenset[int]:
        """Return what a tenant's tainted prompts were like, of those after `since`."""
        kept = None if self.kept is None else self.kept.get(tenant)
        if kept is None:
            kept = await self.transact(lambda sql: self._read(sql, tenant))
        return frozenset(taint.likeness for taint in kept if taint.at > since)

    async def purge(self, before: datetime) -> int:
        """Forget every tenant's of then and earlier; return how many."""

        def forgotten(sql: Connection) -> int:
            if self.kept is not None:
                self.kept.clear()
            return sql.execute(delete(taints).where(taints.c.at <= before)).rowcount

        return await self.transact(forgotten)

    def _read(self, sql: Connection, tenant: str) -> tuple[Taint, ...]:
        rows = sql.execute(select(taints).where(taints.c.tenant == tenant)).mappings()
        kept = tuple(Taint(int(row["likeness"], 16), row["at"]) for row in rows)
        if self.kept is not None:
            self.kept[tenant] = kept
        return kept
