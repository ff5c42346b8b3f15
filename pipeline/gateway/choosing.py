"""The operator's routes for what is known of a tenant: what it chose, and its profile."""

from dataclasses import asdict, replace
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from audit.entry import Entry, Json, Kind
from pipeline.gateway.errors import GateError
from pipeline.gateway.gate import Gate
from pipeline.gateway.operator import MOST_ANLAS
from pipeline.items import ReleasedMetadata, Undesired
from pipeline.store.profile import Profile
from pipeline.store.tenants import Tenant

INHERITED = "default"
"""Stands for the installation's own choice."""
UNBOUNDED = "none"
"""Stands for end users who are bounded by their tenant's budget alone."""
CHOSEN = "tenant.chosen"
DESCRIBED = "tenant.described"


class Choices(BaseModel):
    """What is to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    person: str = Field(min_length=1, max_length=200)
    released_metadata: ReleasedMetadata | Literal["default"] | None = None
    anlas: Annotated[int, Field(ge=0, le=MOST_ANLAS, strict=True)] | None = None
    subject_anlas: (
        Annotated[int, Field(ge=0, le=MOST_ANLAS, strict=True)] | Literal["none"] | None
    ) = None
    quality: bool | None = None
    undesired: Undesired | None = None
    anatomy: bool | None = None
    nsfw: bool | None = None


class Answers(BaseModel):
    """Answers for a profile; what is left out stays."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    person: str = Field(min_length=1, max_length=200)
    profile: Profile


def routes(gate: Gate) -> APIRouter:
    """Return the routes; they MUST be served where nobody but the operator can reach them."""
    router = APIRouter(prefix="/tenants")

    @router.get("/{tenant}/choices")
    async def shown(tenant: str) -> dict[str, object]:
        return dict(told(await _known(gate, tenant)))

    @router.patch("/{tenant}/choices")
    async def chosen(tenant: str, choices: Choices) -> dict[str, object]:
        before = await _known(gate, tenant)
        after = _changed(before, choices)
        if after != before:
            await gate.log.append(_entry(gate, before, after, choices.person))
            await gate.store.tenants.change(after)
        return dict(told(after))

    @router.get("/{tenant}/profile")
    async def known(tenant: str) -> dict[str, object]:
        return described(await _known(gate, tenant))

    @router.patch("/{tenant}/profile")
    async def answered(tenant: str, answers: Answers) -> dict[str, object]:
        before = await _known(gate, tenant)
        given = answers.profile.model_dump(exclude_unset=True)
        after = replace(before, profile=before.profile.model_copy(update=given))
        if after != before:
            await gate.log.append(_described(gate, before, after, answers.person))
            await gate.store.tenants.change(after)
        return described(after)

    return router


def described(tenant: Tenant) -> dict[str, object]:
    """Return a tenant's profile, and what it lacks."""
    said = tenant.profile.model_dump(mode="json")
    return {"profile": said, "missing": [*tenant.profile.missing]}


def told(tenant: Tenant) -> dict[str, Json]:
    """Return what a tenant chose."""
    return {
        "released_metadata": tenant.released_metadata or INHERITED,
        "anlas": tenant.anlas_budget,
        "subject_anlas": UNBOUNDED if tenant.subject_budget is None else tenant.subject_budget,
        **asdict(tenant.prompt_help),
    }


def _entry(gate: Gate, before: Tenant, after: Tenant, person: str) -> Entry:
    public: dict[str, Json] = {"event": CHOSEN, "tenant": after.id}
    detail: dict[str, Json] = {"before": told(before), "after": told(after)}
    return Entry(gate.new_id(), Kind.CONFIG, gate.now(), public, {"person": person}, detail)


def _described(gate: Gate, before: Tenant, after: Tenant, person: str) -> Entry:
    """Return the entry of new answers: what they are is not for everybody, that they are is."""
    public: dict[str, Json] = {"event": DESCRIBED, "tenant": after.id}
    public["count"] = len(after.profile.missing)
    detail: dict[str, Json] = {
        "before": before.profile.model_dump(mode="json"),
        "after": after.profile.model_dump(mode="json"),
    }
    return Entry(gate.new_id(), Kind.CONFIG, gate.now(), public, {"person": person}, detail)


async def _known(gate: Gate, tenant: str) -> Tenant:
    found = await gate.store.tenants.get(tenant)
    if found is None:
        raise GateError(404, f"There is no tenant {tenant!r}.")
    return found


def _changed(tenant: Tenant, choices: Choices) -> Tenant:
    said = {name: getattr(choices, name) for name in asdict(tenant.prompt_help)}
    wanted = {name: value for name, value in said.items() if value is not None}
    metadata = choices.released_metadata or tenant.released_metadata
    told = tenant.subject_budget if choices.subject_anlas is None else choices.subject_anlas
    return replace(
        tenant,
        anlas_budget=tenant.anlas_budget if choices.anlas is None else choices.anlas,
        subject_budget=told if isinstance(told, int) else None,
        released_metadata=metadata if isinstance(metadata, ReleasedMetadata) else None,
        prompt_help=replace(tenant.prompt_help, **wanted),
    )
