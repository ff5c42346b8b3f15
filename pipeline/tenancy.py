"""What differs from tenant to tenant: its policy, how long its pictures are kept, its budget."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import policies
from pipeline.store.store import Store
from policies.layers import PolicySet
from policies.policy import Policy


@dataclass(frozen=True, slots=True)
class Tenancy:
    """Answers for tenants. A tenant's sets lie on the installation's own, so they only tighten."""

    store: Store
    sets: Sequence[PolicySet]
    """The installation's own, the floor first."""
    shipped: Callable[[str], PolicySet]
    """Loads a set that comes with the program, by name."""
    keep_for: timedelta
    _composed: dict[tuple[str, ...], Policy] = field(default_factory=dict)

    def within(self, part: Store) -> "Tenancy":
        """Return the same, asking as a part of a transaction."""
        return replace(self, store=part)

    async def policy_of(self, tenant: str) -> Policy:
        """Return the policy of a tenant.

        Raises:
            PolicyError, StoreError: it cannot be told: nothing may be judged for this tenant.
        """
        found = await self.store.tenants.get(tenant)
        names = () if found is None else found.policy_sets
        if names not in self._composed:
            own = {each.name for each in self.sets}
            added = [self.shipped(name) for name in names if name not in own]
            self._composed[names] = policies.compose([*self.sets, *added])
        return self._composed[names]

    async def kept_for(self, tenant: str) -> timedelta:
        """Return how long a tenant's released pictures are kept."""
        found = await self.store.tenants.get(tenant)
        if found is None or found.released_hours is None:
            return self.keep_for
        return timedelta(hours=found.released_hours)
