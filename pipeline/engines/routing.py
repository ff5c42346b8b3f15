"""Routes: names that requests may ask for in the place of a model, and what stands for them.

The first route of a name that fits counts. What was chosen is sealed with the request: after a hold
or a crash it goes to the same model. A name that stands for nothing is no model, and is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.items import Subject, Tier


@dataclass(frozen=True, slots=True)
class Route:
    """One way for a name; every condition that is there has to hold."""

    name: str
    to: str
    """The model."""
    tenants: frozenset[str] = frozenset()
    """For whom; empty for all."""
    tiers: frozenset[Tier] = frozenset()
    """For which tiers; empty for all."""
    busy_from: int = 0
    """While so many requests are in progress here."""
    anlas_below: int | None = None
    """While the tenant has fewer left."""

    def fits(self, subject: Subject, in_progress: int, anlas_left: int) -> bool:
        """Whether it holds now for a request of `subject`."""
        return (
            (not self.tenants or subject.tenant in self.tenants)
            and (not self.tiers or subject.tier in self.tiers)
            and in_progress >= self.busy_from
            and (self.anlas_below is None or anlas_left < self.anlas_below)
        )


@dataclass(frozen=True, slots=True)
class Routing:
    """Every route, in order."""

    routes: Sequence[Route] = ()

    def table(self, subject: Subject, in_progress: int, anlas_left: int) -> Mapping[str, str]:
        """Give what each name stands for now."""
        found: dict[str, str] = {}
        for route in self.routes:
            if route.fits(subject, in_progress, anlas_left):
                found.setdefault(route.name, route.to)
        return found
