"""The operator's routes for accounts of the console: they are made here, and nowhere else."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from pipeline.console.accounts import Accounts, Enrolment
from pipeline.console.errors import AccountError
from pipeline.console.frame import ROOT
from pipeline.console.roles import Role
from pipeline.store.reviewers import Reviewer


class Named(BaseModel):
    """Which account, and who asks, for the entry of it."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=64)
    person: str = Field(min_length=1, max_length=200)


class Given(Named):
    """What an account may do and see."""

    role: Role
    tenants: list[str] = Field(default_factory=list, max_length=100)


def routes(accounts: Accounts) -> APIRouter:
    """Return the routes; they MUST be served where nobody but the operator can reach them."""
    router = APIRouter(prefix="/console/accounts")

    @router.get("")
    async def listed() -> list[dict[str, object]]:
        return [_told(each) for each in await accounts.all()]

    @router.post("")
    async def added(new: Given) -> JSONResponse:
        async def add() -> dict[str, object]:
            return _enrolment(await accounts.add(new.name, new.role, new.tenants, new.person))

        return await _answer(add)

    @router.post("/give")
    async def given(new: Given) -> JSONResponse:
        async def give() -> dict[str, object]:
            await accounts.give(new.name, new.role, new.tenants, new.person)
            return {"name": new.name, "role": new.role, "tenants": new.tenants}

        return await _answer(give)

    @router.post("/disable")
    async def disabled(who: Named) -> JSONResponse:
        async def disable() -> dict[str, object]:
            await accounts.disable(who.name, who.person)
            return {"name": who.name, "disabled": True}

        return await _answer(disable)

    @router.post("/reset")
    async def reset(who: Named) -> JSONResponse:
        async def anew() -> dict[str, object]:
            return _enrolment(await accounts.reset(who.name, who.person))

        return await _answer(anew)

    return router


async def _answer(ask: Callable[[], Awaitable[dict[str, object]]]) -> JSONResponse:
    """Answer as the other routes of the operator do."""
    try:
        return JSONResponse(await ask())
    except AccountError as fault:
        return JSONResponse({"statusCode": fault.status, "message": fault.message}, fault.status)


def _enrolment(made: Enrolment) -> dict[str, object]:
    return {**_told(made.reviewer), "enrol": f"{ROOT}/enrol?secret={made.secret}"}


def _told(reviewer: Reviewer) -> dict[str, object]:
    until, disabled = reviewer.enrol_until, reviewer.disabled_at
    return {
        "name": reviewer.name,
        "pseudonym": reviewer.pseudonym,
        "role": reviewer.role,
        "tenants": [*reviewer.tenants],
        "created_at": reviewer.created_at.isoformat(),
        "enrol_until": None if until is None else until.isoformat(),
        "disabled_at": None if disabled is None else disabled.isoformat(),
    }
