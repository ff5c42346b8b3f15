"""Taints: what those prompts were like whose pictures came back with the worst in them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, ForeignKey, Integer, String, Table, bindparam, delete, insert, select

from pipeline.store.columns import Instant, metadata
from pipeline.store.prepared import Prepared
from pipeline.store.writer import Transact, changing

taints = Table(
    "taints",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("tenant", ForeignKey("tenants.id"), nullable=False),
    Column("likeness", String(16), nullable=False),
    Column("at", Instant, nullable=False, index=True),
)
_OF = Prepared(
    select(taints.c.likeness)
    .distinct()
    .where(taints.c.tenant == bindparam("of"), taints.c.at > bindparam("since"))
)


@dataclass(frozen=True, slots=True)
class Taints:
    """The table of taints. It names no end user: the prompt is what is known again."""

    transact: Transact

    async def add(self, tenant: str, likeness: int, at: datetime) -> None:
        """Remember what a prompt was like (`classifiers.likeness`).

        Raises:
            ConflictError: there is no such tenant.
        """
        values = {"tenant": tenant, "likeness": f"{likeness:016x}", "at": at}
        await self.transact(changing(insert(taints).values(values)))

    async def of(self, tenant: str, since: datetime) -> tuple[int, ...]:
        """Return what a tenant's tainted prompts were like, of those after `since`."""
        rows = await self.transact(lambda sql: _OF.rows(sql, {"of": tenant, "since": since}))
        return tuple(int(row["likeness"], 16) for row in rows)

    async def purge(self, before: datetime) -> int:
        """Forget every tenant's of then and earlier; return how many."""
        return await self.transact(changing(delete(taints).where(taints.c.at <= before)))
