"""Paging: a tenant is told by its webhook when rulings are due, late, or more than its people do.

It is told once an hour, for as long as it is so: how many, and the ids of the cases that have least
time left. What they are about is for the console.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from audit.fields import write_time
from pipeline.store.store import Store
from pipeline.store.tenants import Tenant

DUE: Final = "review.due"
FULL: Final = "review.full"
NEAR: Final = timedelta(hours=2)
"""How long before a ruling is due its tenant is told first."""
MOST_NAMED: Final = 20
MOST_COUNTED: Final = 1_000


@dataclass(frozen=True, slots=True)
class Paging:
    """Looks at what waits for people, of every tenant."""

    store: Store
    now: Callable[[], datetime]

    async def look(self) -> None:
        """Tell whom it concerns.

        Raises:
            StoreError: nobody knows; it is told the next time.
        """
        for tenant in await self.store.tenants.all():
            await self._due(tenant)
            await self._full(tenant)

    async def _due(self, tenant: Tenant) -> None:
        now = self.now()
        due = await self.store.holds.due_before(tenant.id, now + NEAR, now, MOST_COUNTED)
        if not due:
            return
        late = sum(at <= now for _, at in due)
        body: dict[str, object] = {
            "late": late,
            "near": len(due) - late,
            "first_due_at": write_time(due[0][1]),
            "cases": [str(known_as) for known_as, _ in due[:MOST_NAMED]],
        }
        await self._tell(tenant, DUE, body)

    async def _full(self, tenant: Tenant) -> None:
        most = tenant.profile.reviews_a_day
        if most is None:
            return
        waiting = await self.store.holds.waiting_for(tenant.id, most, self.now())
        if waiting >= most:
            await self._tell(tenant, FULL, {"reviews_a_day": most})

    async def _tell(self, tenant: Tenant, kind: str, body: Mapping[str, object]) -> None:
        now = self.now()
        known_as = uuid5(NAMESPACE_URL, f"{kind}/{tenant.id}/{now:%Y-%m-%dT%H}")
        await self.store.webhooks.enqueue(known_as, tenant.id, kind, body, now)
