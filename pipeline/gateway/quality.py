"""The operator's routes for what blind checks say: of people, of classifiers, and of thresholds."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from classifiers.signals import SignalName
from pipeline.duties.quality.agreement import Kappa, Share
from pipeline.duties.quality.measuring import Matrix, Step, agreement, golden, matrices, suggest
from pipeline.store.store import Store


class Asked(BaseModel):
    """Of which time, and whose; empty: every tenant's."""

    model_config = ConfigDict(extra="forbid")

    since: AwareDatetime
    until: AwareDatetime
    tenant: str = Field("", max_length=63)

    @property
    def tenants(self) -> frozenset[str]:
        """As the store is asked."""
        return frozenset({self.tenant} if self.tenant else ())


class Budget(Asked):
    """Which signal, and how many holds of it people can look at in a day."""

    signal: SignalName
    budget: float = Field(gt=0, le=1_000_000)


def routes(
    store: Store, share: float, says: Mapping[UUID, str], now: Callable[[], datetime]
) -> APIRouter:
    """Return the routes; they MUST be served where nobody but the operator can reach them."""
    router = APIRouter(prefix="/quality")

    @router.post("")
    async def measured(asked: Asked) -> dict[str, object]:
        drawn = await store.samples.drawn(asked.since, asked.until, asked.tenants)
        given = await store.samples.given(asked.since, asked.until)
        agreed = agreement(drawn)
        return {
            "since": asked.since.isoformat(),
            "until": asked.until.isoformat(),
            "tenant": asked.tenant,
            "share": share,
            "drawn": len(drawn),
            "checked": sum(bool(each.opinions) for each in drawn),
            "classifiers": [_matrix(each) for each in matrices(drawn)],
            "agreement": _kappa(agreed.overall),
            "by_code": {code: _kappa(each) for code, each in agreed.by_code.items()},
            "by_person": {person: _kappa(each) for person, each in agreed.by_person.items()},
            "golden": {person: _share(each) for person, each in golden(given, says).items()},
        }

    @router.post("/thresholds")
    async def suggested(asked: Budget) -> dict[str, object]:
        drawn = await store.samples.drawn(asked.since, asked.until, asked.tenants)
        days = (min(asked.until, now()) - asked.since) / timedelta(days=1)
        if share <= 0 or days <= 0:
            return {"signal": asked.signal, "threshold": None, "why_not": _NOTHING, "steps": []}
        found = suggest(asked.signal, drawn, share=share, days=days, budget=asked.budget)
        return {
            "signal": found.signal,
            "drawn": len(drawn),
            "checked": found.checked,
            "threshold": found.threshold,
            "why_not": found.why_not,
            "steps": [_step(each) for each in found.steps],
        }

    return router


_NOTHING = "nothing is drawn: the share is 0, or the time has not begun"


def _matrix(found: Matrix) -> dict[str, object]:
    return {
        "classifier": found.source,
        "hits": found.hits,
        "false_alarms": found.false_alarms,
        "misses": found.misses,
        "rests": found.rests,
        "precision": _share(found.precision),
        "recall": _share(found.recall),
    }


def _share(found: Share) -> dict[str, object]:
    return {
        "count": found.count,
        "of": found.of,
        "value": found.value,
        "interval": [*found.interval],
    }


def _kappa(found: Kappa) -> dict[str, object]:
    interval = None if found.interval is None else [*found.interval]
    return {
        "pairs": found.pairs,
        "agreed": found.agreed,
        "value": found.value,
        "interval": interval,
    }


def _step(found: Step) -> dict[str, object]:
    return {
        "threshold": found.threshold,
        "holds_a_day": round(found.holds_a_day, 2),
        "most_holds_a_day": round(found.most_holds_a_day, 2),
        "precision": _share(found.precision),
        "recall": _share(found.recall),
    }
