"""Webhooks: what tenants are to be told, until they have heard it.

To tell a tenant something, enqueue it in the transaction of what it tells, from any layer above:

    await part.webhooks.enqueue(uuid5(submission, "ended"), tenant, "generation.ended", body, now())

`body` is a small JSON object: ids, states and codes, MUST NOT hold content, a pseudonym, or
anything that tips off a subject about `CSE.*`. To enqueue an id twice is to enqueue it once, and
for a tenant without an address nothing is enqueued.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    RowMapping,
    Select,
    String,
    Table,
    Uuid,
    bindparam,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.columns import Instant, metadata, word
from pipeline.store.prepared import Prepared
from pipeline.store.writer import Transact, changing

OF_ONE_TENANT: Final = 4
"""How many of one tenant's are tried together: whose receiver hangs keeps no other waiting."""
MOST_LISTED: Final = 1_000


class Delivery(StrEnum):
    """Where a webhook stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
    """It was tried as often as anything is: a person has it tried again."""


webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant", ForeignKey("tenants.id"), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("body", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("state", word(Delivery), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try", Instant, nullable=False),
    Column("answer", String(64), nullable=False),
)
_by_state = Index(None, webhooks.c.state, webhooks.c.next_try)

webhook_targets = Table(
    "webhook_targets",
    metadata,
    Column("tenant", ForeignKey("tenants.id"), primary_key=True),
    Column("url", String(2000), nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("set_at", Instant, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a tenant is told, and the secret by which it knows that it is us, encrypted."""

    tenant: str
    url: str = field(repr=False)
    """Paths of such addresses are often secrets."""
    sealed_secret: bytes = field(repr=False)
    set_at: datetime


@dataclass(frozen=True, slots=True)
class Webhook:
    """One thing that a tenant is told."""

    id: UUID
    tenant: str
    kind: str
    body: Mapping[str, object]
    created_at: datetime
    state: Delivery
    tries: int
    next_try: datetime
    answer: str
    """What came of the newest try: a status or the kind of a fault."""


_ANY_DUE = Prepared(
    select(webhooks.c.id)
    .where(webhooks.c.state == Delivery.PENDING, webhooks.c.next_try <= bindparam("now"))
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Webhooks:
    """The tables of webhooks and of their addresses."""

    transact: Transact

    async def enqueue(
        self, known_as: UUID, tenant: str, kind: str, body: Mapping[str, object], at: datetime
    ) -> None:
        """Have a tenant told, as this module says."""
        values = {
            "id": known_as,
            "tenant": tenant,
            "kind": kind,
            "body": dict(body),
            "created_at": at,
            "state": Delivery.PENDING,
            "tries": 0,
            "next_try": at,
            "answer": "",
        }

        def add(sql: Connection) -> None:
            if _target(sql, tenant) is not None:
                sql.execute(insert(webhooks).values(values).on_conflict_do_nothing())

        await self.transact(add)

    async def due(self, at: datetime, most: int) -> tuple[Webhook, ...]:
        """Return what is to be tried now, the longest due first; of each tenant only a few."""
        if await self.transact(lambda sql: _ANY_DUE.row(sql, {"now": at})) is None:
            return ()  # most often so, and asked each second
        order = webhooks.c.next_try
        row = func.row_number().over(partition_by=webhooks.c.tenant, order_by=order)
        pending = webhooks.c.state == Delivery.PENDING, webhooks.c.next_try <= at
        of_each = select(webhooks.c.id, row.label("place")).where(*pending).subquery()
        some = select(of_each.c.id).where(of_each.c.place <= OF_ONE_TENANT)
        query = select(webhooks).where(webhooks.c.id.in_(some)).order_by(order).limit(most)
        return await self.transact(lambda sql: _all(sql, query))

    async def tried(
        self, webhook: Webhook, state: Delivery, answer: str, next_try: datetime
    ) -> None:
        """Note what came of a try."""
        values = {
            "state": state,
            "tries": webhook.tries + 1,
            "answer": answer,
            "next_try": next_try,
        }
        change = update(webhooks).where(webhooks.c.id == webhook.id)
        await self.transact(changing(change.values(values)))

    async def all(
        self, tenant: str | None = None, state: Delivery | None = None
    ) -> tuple[Webhook, ...]:
        """Return the newest `MOST_LISTED`, of one tenant or of all, in one state or in any."""
        query = select(webhooks).order_by(webhooks.c.created_at.desc()).limit(MOST_LISTED)
        if tenant is not None:
            query = query.where(webhooks.c.tenant == tenant)
        if state is not None:
            query = query.where(webhooks.c.state == state)
        return await self.transact(lambda sql: _all(sql, query))

    async def retry(self, at: datetime, known_as: UUID | None = None) -> int:
        """Have what is dead tried again from the beginning, one or all; return how many."""
        change = update(webhooks).where(webhooks.c.state == Delivery.DEAD)
        if known_as is not None:
            change = change.where(webhooks.c.id == known_as)
        values = {"state": Delivery.PENDING, "tries": 0, "next_try": at}
        return await self.transact(changing(change.values(values)))

    async def purge(self, before: datetime) -> int:
        """Forget what was delivered, or given up, before then; return how many."""
        old = webhooks.c.state != Delivery.PENDING, webhooks.c.next_try < before
        return await self.transact(changing(delete(webhooks).where(*old)))

    async def aim(self, target: Target) -> None:
        """Tell a tenant at this address from now on, what waits for it as well.

        Raises:
            ConflictError: there is no such tenant.
        """
        values = {name: getattr(target, name) for name in Target.__slots__}
        add = insert(webhook_targets).values(values)
        again = {name: value for name, value in values.items() if name != "tenant"}
        change = add.on_conflict_do_update(index_elements=["tenant"], set_=again)
        await self.transact(lambda sql: sql.execute(change).rowcount)

    async def target(self, tenant: str) -> Target | None:
        """Return where a tenant is told, or None if it is not."""
        return await self.transact(lambda sql: _target(sql, tenant))


def _target(sql: Connection, tenant: str) -> Target | None:
    query = select(webhook_targets).where(webhook_targets.c.tenant == tenant)
    row = sql.execute(query).mappings().one_or_none()
    return None if row is None else Target(**row)


def _all(sql: Connection, query: Select[*tuple[object, ...]]) -> tuple[Webhook, ...]:
    return tuple(_webhook(row) for row in sql.execute(query).mappings())


def _webhook(row: RowMapping) -> Webhook:
    return Webhook(**{name: row[name] for name in Webhook.__slots__})
