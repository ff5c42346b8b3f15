"""The operator's own routes, served on a Unix socket that only its owner can open.

Commands that write go through here, so that the one server process stays the only writer. Without
a server the command line builds the same application, and asks it without a socket.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

import policies
from audit.entry import Entry, Kind
from audit.errors import AbsentError, AuditError
from pipeline.access.keys import ApiKeys
from pipeline.access.permissions import FOR_AUDITORS, FOR_EVIDENCE, USUAL, Permission, Person
from pipeline.errors import ConflictError, ForbiddenError, PipelineError, StoreError
from pipeline.gateway import exporting
from pipeline.gateway.errors import GateError
from pipeline.gateway.gate import Gate
from pipeline.gateway.health import readiness
from pipeline.gateway.troubles import is_closed
from pipeline.jobs.errors import RulingError
from pipeline.jobs.recovery import UNFIT
from pipeline.jobs.rulings import Ruling, Rulings
from pipeline.settings import Settings
from pipeline.store.holds import Hold
from pipeline.store.tenants import Tenant
from pipeline.tenancy import Tenancy, laid
from policies.errors import PolicyError
from policies.layers import PolicySet

SHIPPED = Path(policies.__file__).with_name("sets")
MOST_LISTED = 10_000
"""Of what waits: what waits for a machine must not hide what waits for a person."""
MOST_ANLAS = 2**53 - 1
"""What every JSON reader holds exactly."""


@dataclass(frozen=True, slots=True)
class Operator:
    """What the operator's routes work with, besides the gate's own parts."""

    gate: Gate
    keys: ApiKeys
    rulings: Rulings
    settings: Settings | None = None
    """What exports say of this installation."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class NewKey(_Body):
    """An API key to be made."""

    tenant: str
    label: str = Field("command line", max_length=200)
    auditor: bool = False
    evidence: bool = False


class NewTenant(_Body):
    """A tenant to be added."""

    id: str
    name: str = Field(max_length=200)
    assured: bool = False
    policy_sets: list[str] = Field(default_factory=list)
    anlas_budget: int = Field(10_000, ge=0, le=MOST_ANLAS)


class NewRuling(_Body):
    """What a person decides about a hold, and why."""

    person: str = Field(min_length=1, max_length=200)
    approves: bool
    reason: str = Field(max_length=2000)


class Who(_Body):
    """Who asks, for the entry of it."""

    person: str = Field(min_length=1, max_length=200)


def create(operator: Operator) -> FastAPI:
    """Return the application. It MUST only be served where nobody but the operator can reach it."""
    app = FastAPI(title="Imprimatur, for its operator", openapi_url=None)

    @app.get("/ready")
    async def ready() -> dict[str, object]:
        return dict(await readiness(operator.gate))

    _tenants(app, operator)
    _keys(app, operator)
    _holds(app, operator)
    _log(app, operator)
    exporting.add(app, operator.gate, operator.settings)

    @app.exception_handler(GateError)
    async def told(_: Request, fault: GateError) -> JSONResponse:
        return fault.response()

    @app.exception_handler(ForbiddenError)
    @app.exception_handler(RulingError)
    async def refused(_: Request, fault: Exception) -> JSONResponse:
        return GateError(409, str(fault)).response()

    async def failed(_: Request, fault: Exception) -> JSONResponse:
        return GateError(503, str(fault) or type(fault).__name__).response()

    for kind in (PipelineError, AuditError, *UNFIT):
        app.exception_handler(kind)(failed)
    return app


def _tenants(app: FastAPI, operator: Operator) -> None:
    store = operator.gate.store

    @app.get("/tenants")
    async def listed() -> list[dict[str, object]]:
        return [_tenant(tenant) for tenant in await store.tenants.all()]

    @app.post("/tenants", status_code=201)
    async def added(new: NewTenant) -> dict[str, object]:
        _check_sets(operator.gate.tenancy, new.policy_sets)
        try:
            tenant = Tenant(
                id=new.id,
                name=new.name,
                created_at=operator.gate.now(),
                assured=new.assured,
                policy_sets=tuple(new.policy_sets),
                anlas_budget=new.anlas_budget,
            )
        except StoreError as fault:
            raise GateError(400, str(fault)) from None
        try:
            await store.tenants.add(tenant)
        except ConflictError:
            raise GateError(409, f"There is a tenant {new.id!r} already.") from None
        return _tenant(tenant)


def _keys(app: FastAPI, operator: Operator) -> None:
    @app.get("/keys/{tenant}")
    async def listed(tenant: str) -> list[dict[str, object]]:
        return [
            {
                "id": str(key.id),
                "label": key.label,
                "created_at": key.created_at.isoformat(),
                "revoked_at": None if key.revoked_at is None else key.revoked_at.isoformat(),
            }
            for key in await operator.keys.of(tenant)
        ]

    @app.post("/keys", status_code=201)
    async def created(new: NewKey) -> dict[str, object]:
        if new.auditor and new.evidence:
            raise GateError(400, "A key is for an auditor or for evidence: make two.")
        try:
            can = FOR_AUDITORS if new.auditor else FOR_EVIDENCE if new.evidence else USUAL
            made = await operator.keys.create(new.tenant, new.label, can)
        except ConflictError:
            raise GateError(404, f"There is no tenant {new.tenant!r}.") from None
        return {"id": str(made.key.id), "secret": made.secret.get_secret_value()}

    @app.delete("/keys/{tenant}/{key}")
    async def revoked(tenant: str, key: UUID) -> dict[str, object]:
        if not await operator.keys.revoke(tenant, key):
            raise GateError(404, "There is no such key, or it is revoked already.")
        return {"revoked": True}


def _holds(app: FastAPI, operator: Operator) -> None:
    holds = operator.gate.store.holds

    async def find(hold_id: UUID) -> Hold:
        hold = await holds.get_for_review(hold_id)
        if hold is None:
            raise GateError(404, "There is no such hold.")
        return hold

    @app.get("/holds")
    async def listed() -> list[dict[str, object]]:
        return [_hold(hold) for hold in await holds.waiting(limit=MOST_LISTED)]

    @app.get("/holds/{hold_id}")
    async def shown(hold_id: UUID) -> dict[str, object]:
        hold = await find(hold_id)
        return {**_hold(hold), "facts": dict(hold.facts)}

    @app.post("/holds/{hold_id}/ruling")
    async def ruled(hold_id: UUID, new: NewRuling) -> dict[str, object]:
        if is_closed(operator.gate):
            raise GateError(503, "The server is stopping: rule again when it has started.")
        ruling = Ruling(reviewer(new.person), new.approves, new.reason)
        end = await operator.rulings.rule(await find(hold_id), ruling)
        outcome = "withheld" if end is None else type(end.outcome).__name__.lower()
        return {"hold": str(hold_id), "outcome": outcome}


def _log(app: FastAPI, operator: Operator) -> None:
    gate = operator.gate

    @app.post("/audit/{entry}/detail")
    async def detail(entry: UUID, who: Who) -> dict[str, object]:
        access = Entry(
            gate.new_id(),
            Kind.ACCESS,
            gate.now(),
            {"event": "detail.read", "entries": [str(entry)]},
            {"person": who.person},
        )
        await gate.log.append(access)
        try:
            opened = await gate.log.detail(entry)
        except AbsentError as fault:
            raise GateError(404, str(fault)) from None
        personal = {
            name: value if isinstance(value, str) else value.hex()
            for name, value in opened.personal.items()
        }
        return {"personal": personal, "detail": opened.detail}


def _check_sets(tenancy: Tenancy, names: Sequence[str]) -> None:
    """Hold a tenant's sets to be there and to fit on the installation's own.

    Raises:
        GateError: they do not; each request of that tenant would fail.
    """
    own, added = {each.name for each in tenancy.sets}, list[PolicySet]()
    try:
        for name in names:
            if name not in own:
                added.append(_loaded(tenancy, name))
        policies.compose(laid([*tenancy.sets, *added], tenancy.in_force.versions))
    except PolicyError as fault:
        raise GateError(400, str(fault)) from None


def _loaded(tenancy: Tenancy, name: str) -> PolicySet:
    try:
        return tenancy.shipped(name)
    except (OSError, ValueError):
        known = ", ".join(sorted(each.stem for each in SHIPPED.glob("*.yaml")))
        message = f"policy set: expected a .yaml file that can be read, or one of {known}"
        raise GateError(400, f"{message}; got {name!r}") from None


def reviewer(name: str) -> Person:
    """Return whoever can open the socket as a reviewer: the file's mode is what lets them in."""
    can = {Permission.REVIEW_LIST, Permission.REVIEW_SHOW, Permission.REVIEW_RULE}
    return Person(name, frozenset(can))


def _tenant(tenant: Tenant) -> dict[str, object]:
    return {
        "id": tenant.id,
        "name": tenant.name,
        "assured": tenant.assured,
        "policy_sets": [*tenant.policy_sets],
        "anlas_budget": tenant.anlas_budget,
        "anlas_spent": tenant.anlas_spent,
        "serves_adults": not tenant.profile.missing,
    }


def _hold(hold: Hold) -> dict[str, object]:
    return {
        "id": str(hold.id),
        "submission": str(hold.submission),
        "tenant": hold.tenant,
        "stage": hold.stage,
        "index": hold.index,
        "cause": hold.cause,
        "code": hold.facts.get("code"),
        "opened_at": hold.opened_at.isoformat(),
        "expires_at": hold.expires_at.isoformat(),
    }
