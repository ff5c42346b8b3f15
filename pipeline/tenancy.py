"""What differs from tenant to tenant: its policy, how long its pictures are kept, its budget."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import policies
from pipeline.store.store import Store
from policies.errors import PolicyError, Problem
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
        return self._policy(() if found is None else found.policy_sets)

    async def standings(self) -> Mapping[str, str | None]:
        """Return for every tenant why it cannot be served, in one line; None if it can be.

        Raises:
            StoreError: the tenants cannot be told.
        """
        return {each.id: self._problem(each.policy_sets) for each in await self.store.tenants.all()}

    def _problem(self, names: tuple[str, ...]) -> str | None:
        try:
            self._policy(names)
        except PolicyError as fault:
            return "; ".join(problem.render().partition("\n")[0] for problem in fault.problems)
        return None

    def _policy(self, names: tuple[str, ...]) -> Policy:
        """Put a policy together. One that fails is tried anew each time: its file may come back."""
        if names not in self._composed:
            own = {each.name for each in self.sets}
            added = [self._set(name) for name in names if name not in own]
            self._composed[names] = policies.compose([*self.sets, *added])
        return self._composed[names]

    def _set(self, name: str) -> PolicySet:
        try:
            return self.shipped(name)
        except (OSError, ValueError) as fault:
            message = f"expected a shipped set or a file that can be read: {type(fault).__name__}"
            raise PolicyError([Problem(name, 0, 0, message)]) from None

    async def kept_for(self, tenant: str) -> timedelta:
        """Return how long a tenant's released pictures are kept."""
        found = await self.store.tenants.get(tenant)
        if found is None or found.released_hours is None:
            return self.keep_for
        return timedelta(hours=found.released_hours)
