"""/health, /ready and /metrics: whether it lives, what it can serve, and what it did."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

import policies
from classifiers.errors import BankError
from pipeline.engines.standings import WELL
from pipeline.errors import StoreError
from pipeline.gateway.gate import Gate
from pipeline.gateway.shapes import errors, success
from pipeline.gateway.troubles import still
from pipeline.items import Json
from pipeline.novelai.accounts_ledger import is_low
from pipeline.telemetry import Metrics
from policies.errors import PolicyError
from policies.policy import Policy, Rating

_DAY = timedelta(days=1)
_MOST_COUNTED = 10_000
"""Of more cases of one tenant nobody wants to know how many exactly."""
_FOR_ANYBODY = frozenset({"ready", "serves", "log", "store", "vault", "admission"})


def routes(gate: Gate, figures: Metrics) -> APIRouter:
    """Return the operator's routes; they tell nothing of any request or tenant."""
    router = APIRouter(tags=["Operation"])

    @router.get("/health")
    async def health() -> dict[str, str]:
        """Answer as long as the process does."""
        return {"status": "ok"}

    @router.get("/ready", responses={503: {"description": "Nothing can be served now."}})
    async def ready() -> JSONResponse:
        """Tell what can be served, and what is missing for the rest. 503 if nothing can be."""
        report = await readiness(gate)
        return JSONResponse(_for_anybody(gate, report), 200 if report["ready"] else 503)

    @router.get(
        "/metrics",
        response_class=Response,
        responses=success(200, "The figures.", "text/plain") | errors(503),
    )
    async def metrics() -> Response:
        """Give the metrics in Prometheus's text format."""
        figures.queue_depth.set(gate.desk.in_flight)
        for cause, count in (await gate.store.holds.count()).items():
            figures.holds.labels(cause).set(count)
        figures.accounts_low.set(sum(map(is_low, await gate.store.ledgers.all())))
        return Response(generate_latest(figures.registry), media_type=CONTENT_TYPE_LATEST)

    return router


async def readiness(gate: Gate) -> dict[str, Json]:
    """Return what this installation can serve now, in words that start-up prints too.

    It names classifiers, lists, accounts and tenants: it is for the operator alone.
    """
    healthy, faults = gate.judge.healthy(), gate.judge.faults()
    servable = _basis(gate).servable(healthy)
    tenants: Mapping[str, str | None] = {}
    try:
        await gate.store.ping()
        tenants, store = await gate.tenancy.standings(), "ok"
    except StoreError as fault:
        store = type(fault).__name__
    unserved: dict[str, Json] = {each: why for each, why in tenants.items() if why is not None}
    troubles = await still(gate)
    log = "ok" if gate.log.fault is None else type(gate.log.fault).__name__
    stores = {"log": log, "store": store, "vault": "ok", "admission": "ok"} | troubles
    failing = Counter(gate.seizure.failing.values())
    accounts = gate.accounts.states()
    usable = gate.accounts.is_usable() and (not tenants or len(unserved) < len(tenants))
    return {
        "ready": {*stores.values()} == {"ok"} and usable and not servable[Rating.GENERAL],
        "serves": {
            rating: {"served": not missing, "missing": [*sorted(map(str, missing))]}
            for rating, missing in servable.items()
        },
        "sick": dict(faults),
        "classifiers": {each: faults.get(each, "ok") for each in gate.judge.sources()},
        "banks": _banks(gate),
        "accounts": {label: state.value for label, state in accounts.items()},
        **await _balances(gate),
        "engines": dict(await gate.engines()),
        "in_flight": gate.desk.in_flight,
        "queue_limit": gate.desk.limit,
        "queues": await _queues(gate),
        "closed_minutes": await _closed(gate),
        "seizures": dict(failing) or "ok",
        "tenants": unserved or "ok",
        "outside": dict(gate.outside()),
        **stores,
    }


async def _balances(gate: Gate) -> dict[str, Json]:
    """Return what was left on each account when NovelAI was last asked, and which run low."""
    try:
        ledgers = await gate.store.ledgers.all()
    except StoreError:
        return {"balances": None, "low": None}
    labels = {token.digest: token.label for token in gate.accounts.tokens()}
    known = {labels[each.token]: each for each in ledgers if each.token in labels}
    return {
        "balances": {label: each.left for label, each in known.items()},
        "low": [label for label, each in known.items() if is_low(each)],
    }


async def _queues(gate: Gate) -> Json:
    """Return how much waits of each tenant that declared how much it can rule on in a day."""
    try:
        declared = {
            each.id: each.profile.reviews_a_day
            for each in await gate.store.tenants.all()
            if each.profile.reviews_a_day is not None
        }
        holds, now = gate.store.holds, gate.now()
        return {
            tenant: {
                "waiting": await holds.waiting_for(tenant, _MOST_COUNTED, now),
                "reviews_a_day": most,
            }
            for tenant, most in declared.items()
        }
    except StoreError:
        return None


async def _closed(gate: Gate) -> Json:
    """Return how many minutes something could not be served, of late."""
    now = gate.now()
    try:
        day, month = await gate.store.closed_minutes.since(now - _DAY, now - 30 * _DAY)
    except StoreError:
        return None
    return {"24 hours": day, "30 days": month}


def _basis(gate: Gate) -> Policy:
    """Return what holds for every tenant; as it lies on the disk where that is refused to all."""
    try:
        return gate.tenancy.policy(())
    except PolicyError:
        return policies.compose(gate.tenancy.sets)


def _banks(gate: Gate) -> Json:
    try:
        banks = gate.banks()
    except BankError as fault:
        return f"lost: {fault}"
    told: dict[str, Json] = {name: dict(facts) for name, facts in banks.items()}
    return told or "none: known pictures are not looked for (banks: [])"


def _for_anybody(gate: Gate, report: dict[str, Json]) -> dict[str, Json]:
    """Return what anybody may know: that something fails, how many are sick, never which."""
    coarse = {name: said for name, said in report.items() if name in _FOR_ANYBODY}
    told = {name: "ok" if report[name] == "ok" else "failing" for name in ("seizures", "tenants")}
    engines, banks = report["engines"], report["banks"]
    are_well = isinstance(engines, dict) and all(said == WELL for said in engines.values())
    told["engines"] = "ok" if are_well else "failing"
    counts = {
        "sick": len(gate.judge.faults()),
        "banks": len(banks) if isinstance(banks, dict) else 0,
        "engines": len(engines) if isinstance(engines, dict) else 0,
    }
    return coarse | counts | told
