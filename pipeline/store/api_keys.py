"""API keys: who may speak for a tenant. Only the hash of a secret is kept."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    Column,
    ForeignKey,
    Result,
    RowMapping,
    String,
    Table,
    Uuid,
    bindparam,
    insert,
    select,
    update,
)

from pipeline.store.columns import Instant, metadata
from pipeline.store.prepared import Prepared, Row
from pipeline.store.writer import Transact, changing

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant", ForeignKey("tenants.id"), nullable=False, index=True),
    Column("secret_sha256", String(64), nullable=False, unique=True),
    Column("label", String(200), nullable=False),
    Column("permissions", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key: everything but its secret."""

    id: UUID
    tenant: str
    label: str
    permissions: tuple[str, ...]
    created_at: datetime
    revoked_at: datetime | None = None


_shown = [column for column in api_keys.c if column.name != "secret_sha256"]
_OF_SECRET = Prepared(select(*_shown).where(api_keys.c.secret_sha256 == bindparam("secret")))


@dataclass(frozen=True, slots=True)
class ApiKeyTable:
    """The table of API keys."""

    transact: Transact

    async def add(self, key: ApiKey, secret_sha256: str) -> None:
        """Add a key.

        Raises:
            ConflictError: there is no such tenant, or the key exists.
        """
        values = {
            "id": key.id,
            "tenant": key.tenant,
            "secret_sha256": secret_sha256,
            "label": key.label,
            "permissions": list(key.permissions),
            "created_at": key.created_at,
            "revoked_at": key.revoked_at,
        }
        await self.transact(changing(insert(api_keys).values(values)))

    async def of_secret(self, secret_sha256: str) -> ApiKey | None:
        """Return the key whose secret has this hash, revoked or not."""
        query = {"secret": secret_sha256}
        row = await self.transact(lambda sql: _OF_SECRET.row(sql, query))
        return None if row is None else _key(row)

    async def get(self, tenant: str, key_id: UUID) -> ApiKey | None:
        """Return a tenant's key, revoked or not, or None if it has none of that id."""
        query = select(*_shown).where(api_keys.c.tenant == tenant, api_keys.c.id == key_id)
        return await self.transact(lambda sql: _one(sql.execute(query)))

    async def of_tenant(self, tenant: str) -> tuple[ApiKey, ...]:
        """Return a tenant's keys, oldest first, revoked ones too."""
        query = select(*_shown).where(api_keys.c.tenant == tenant).order_by(api_keys.c.created_at)
        return await self.transact(
            lambda sql: tuple(_key(row) for row in sql.execute(query).mappings())
        )

    async def revoke(self, tenant: str, key_id: UUID, now: datetime) -> bool:
        """Revoke a tenant's key; return whether there was one that was not revoked."""
        change = (
            update(api_keys)
            .where(api_keys.c.tenant == tenant, api_keys.c.id == key_id)
            .where(api_keys.c.revoked_at.is_(None))
            .values(revoked_at=now)
        )
        return await self.transact(changing(change)) == 1


def _one(found: Result[*tuple[object, ...]]) -> ApiKey | None:
    row = found.mappings().one_or_none()
    return None if row is None else _key(row)


def _key(row: RowMapping | Row) -> ApiKey:
    values: dict[str, Any] = dict(row)
    values["permissions"] = tuple(row["permissions"])
    return ApiKey(**values)
