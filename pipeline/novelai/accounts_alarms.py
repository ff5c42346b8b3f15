"""Alarms: a tenant is told by its webhook when most of its Anlas are spent, and when all are."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from pipeline.store.store import Store

LOW: Final = "budget.low"
SPENT: Final = "budget.spent"
LOW_AT: Final = 0.8
"""The part of a budget from which on little is left."""


@dataclass(frozen=True, slots=True)
class Alarms:
    """Looks at every tenant's budget. Each alarm is given once for each budget."""

    store: Store
    now: Callable[[], datetime]

    async def look(self) -> None:
        """Tell whom it concerns.

        Raises:
            StoreError: nobody knows; it is told the next time.
        """
        for tenant in await self.store.tenants.all():
            budget, spent = tenant.anlas_budget, tenant.anlas_spent
            if spent < budget * LOW_AT:
                continue
            kind = SPENT if spent >= budget else LOW
            body = {"budget": budget, "spent": spent}
            known_as = uuid5(NAMESPACE_URL, f"{kind}/{tenant.id}/{budget}")
            await self.store.webhooks.enqueue(known_as, tenant.id, kind, body, self.now())
