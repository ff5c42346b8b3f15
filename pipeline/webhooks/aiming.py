"""Sets where a tenant is told, with an entry, and the secret that is shown once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import SecretStr

from audit.entry import Entry, Kind
from audit.log import Log
from pipeline.store.webhooks import Target, Webhooks
from pipeline.webhooks.address import checked
from pipeline.webhooks.signing import Sealer, new_secret


@dataclass(frozen=True, slots=True)
class Aiming:
    """Sets addresses of tenants."""

    table: Webhooks
    log: Log
    sealer: Sealer
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    loopback: bool = False
    """Whether http to this machine goes: in development alone."""

    async def set(self, tenant: str, url: str, person: str) -> SecretStr:
        """Tell a tenant at `url` from now on; return the new secret, which nobody can read again.

        Raises:
            AddressError: it is not an address to which this gateway speaks.
            ConflictError: there is no such tenant.
            StoreError, AuditError: it was not set.
        """
        asked = checked(url, loopback=self.loopback)
        secret = new_secret(self.sealer.random)
        sealed = self.sealer.seal(tenant, secret)
        await self.table.aim(Target(tenant, url, sealed, self.now()))
        public = {"event": "webhook.set", "tenant": tenant}
        told = {"person": person, "value": asked.host}  # the path is often a secret
        await self.log.append(Entry(self.new_id(), Kind.CONFIG, self.now(), public, told))
        return secret
