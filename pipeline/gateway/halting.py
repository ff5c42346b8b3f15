"""The operator's routes for the kill switch: halt, list, and lift by two people."""

from collections.abc import Callable, Collection, Mapping
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from pipeline.errors import HaltError
from pipeline.gateway.errors import GateError
from pipeline.halts import Halts
from pipeline.items import Tier
from pipeline.novelai.catalogue import MODELS
from pipeline.store.halts import Halt, Scope
from pipeline.store.store import Store


class NewHalt(BaseModel):
    """What is to be halted, by whom, and why."""

    model_config = ConfigDict(extra="forbid")

    scope: Scope
    value: str = Field("", max_length=200)
    subject_of: str = Field("", max_length=64)
    reason: str = Field(min_length=1, max_length=2000)
    person: str = Field(min_length=1, max_length=200)


class Who(BaseModel):
    """Who asks, for the entry of it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    person: str = Field(min_length=1, max_length=200)


def routes(halts: Halts, store: Store, served: Callable[[], Collection[str]]) -> APIRouter:
    """Return the routes; they MUST be served where nobody but the operator can reach them.

    `served` gives the routes of the public application: a halt of a name that nobody has would stop
    nothing, and say that it did.
    """
    router = APIRouter(prefix="/halts")

    @router.get("")
    async def listed() -> list[dict[str, object]]:
        return [_told(halt) for halt in halts.standing()]

    @router.post("", status_code=201)
    async def placed(new: NewHalt) -> dict[str, object]:
        tenants = [each.id for each in await store.tenants.all()]
        _check(new, halts, {Scope.ROUTE: served(), Scope.TENANT: tenants, Scope.SUBJECT: tenants})
        try:
            halt = await halts.place(new.scope, new.value, new.subject_of, new.reason, new.person)
        except HaltError as fault:
            raise GateError(400, str(fault)) from None
        return _told(halt)

    @router.post("/{halt}/lift")
    async def lifted(halt: UUID, who: Who) -> dict[str, object]:
        try:
            return {"lifted": await halts.lift(halt, who.person)}
        except HaltError as fault:
            raise GateError(409, str(fault)) from None

    return router


def _check(new: NewHalt, halts: Halts, names: Mapping[Scope, Collection[str]]) -> None:
    """Hold what is to be halted to be there.

    Raises:
        GateError: nobody has that name.
    """
    known: Mapping[Scope, Collection[str]] = {
        **names,
        Scope.MODEL: [*MODELS, *halts.own_models],
        Scope.ENGINE: halts.engines,
        Scope.TIER: [*Tier],
    }
    value = new.subject_of if new.scope is Scope.SUBJECT else new.value
    if new.scope in known and value not in known[new.scope]:
        what = "tenant" if new.scope is Scope.SUBJECT else new.scope
        there = ", ".join(sorted(known[new.scope])) or "none"
        raise GateError(404, f"There is no {what} {value!r}; there is: {there}.")


def _told(halt: Halt) -> dict[str, object]:
    return {
        "id": str(halt.id),
        "scope": halt.scope,
        "value": halt.value,
        "tenant": halt.tenant,
        "reason": halt.reason,
        "person": halt.person,
        "placed_at": halt.placed_at.isoformat(),
        "lifting": halt.lifting,
    }
