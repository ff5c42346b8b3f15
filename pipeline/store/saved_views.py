"""Saved views: parts of the queue that somebody looks at often, by names of their own."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import JSON, Column, Connection, String, Table, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.columns import metadata
from pipeline.store.writer import Transact, changing

MOST = 20
"""How many one person keeps."""

saved_views = Table(
    "saved_views",
    metadata,
    Column("person", String(64), primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("filters", JSON, nullable=False),
)


@dataclass(frozen=True, slots=True)
class SavedViews:
    """The table of saved views; each is its person's alone."""

    transact: Transact

    async def save(self, person: str, name: str, filters: Mapping[str, str]) -> bool:
        """Keep a view under a name, in place of what had it; False if there are too many."""
        add = insert(saved_views).values(person=person, name=name, filters=dict(filters))
        again = add.on_conflict_do_update(
            index_elements=["person", "name"], set_={"filters": dict(filters)}
        )
        others = select(func.count()).where(
            saved_views.c.person == person, saved_views.c.name != name
        )

        def keep(sql: Connection) -> bool:
            if sql.execute(others).scalar_one() >= MOST:
                return False
            sql.execute(again)
            return True

        return await self.transact(keep)

    async def of(self, person: str) -> Mapping[str, Mapping[str, str]]:
        """Return somebody's views by name, in the order of the names."""
        query = select(saved_views.c.name, saved_views.c.filters)
        query = query.where(saved_views.c.person == person).order_by(saved_views.c.name)
        return await self.transact(
            lambda sql: {row.name: row.filters for row in sql.execute(query)}
        )

    async def drop(self, person: str, name: str) -> None:
        """Forget one of somebody's own."""
        own = (saved_views.c.person == person, saved_views.c.name == name)
        await self.transact(changing(delete(saved_views).where(*own)))
