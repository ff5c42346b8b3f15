"""API keys: made once, shown once, revoked for good."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from pydantic import SecretStr

from pipeline.access.permissions import FOR_API_KEYS, USUAL, Permission
from pipeline.access.secrets import hash_of, new_bearer
from pipeline.errors import AccessError
from pipeline.store.api_keys import ApiKey
from pipeline.store.store import Store


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made, with its secret, which nobody can see again."""

    key: ApiKey
    secret: SecretStr


@dataclass(frozen=True, slots=True)
class ApiKeys:
    """Creates, lists and revokes the API keys of tenants."""

    store: Store
    now: Callable[[], datetime]
    random: Callable[[int], bytes] = field(repr=False)

    async def create(
        self, tenant: str, label: str, permissions: Collection[Permission] = USUAL
    ) -> NewKey:
        """Make a key for a tenant.

        Raises:
            AccessError: a permission is not for keys.
            ConflictError: there is no such tenant.
        """
        foreign = sorted(set(permissions) - FOR_API_KEYS)
        if foreign:
            raise AccessError("permissions", f"some of {sorted(FOR_API_KEYS)}", foreign)
        secret = new_bearer(self.random)
        key = ApiKey(
            id=UUID(bytes=self.random(16), version=4),
            tenant=tenant,
            label=label,
            permissions=tuple(sorted(permissions)),
            created_at=self.now(),
        )
        await self.store.api_keys.add(key, hash_of(secret))
        return NewKey(key, secret)

    async def of(self, tenant: str) -> tuple[ApiKey, ...]:
        """Return a tenant's keys, oldest first, revoked ones too."""
        return await self.store.api_keys.of_tenant(tenant)

    async def revoke(self, tenant: str, key_id: UUID) -> bool:
        """Revoke a key, and with it every token it minted; return whether it was valid before."""
        return await self.store.api_keys.revoke(tenant, key_id, self.now())
