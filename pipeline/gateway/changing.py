"""The operator's routes for changes: propose, list, activate as a second person, go back."""

from collections.abc import Generator
from contextlib import contextmanager
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from pipeline.changes.door import DAYS, Door
from pipeline.errors import ChangeError
from pipeline.gateway.errors import GateError
from pipeline.store.changes import Change, ChangeKind
from policies.errors import PolicyError


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    person: str = Field(min_length=1, max_length=200)


class NewChange(_Body):
    """What is to be put in force, and why."""

    kind: ChangeKind = ChangeKind.POLICY
    body: str
    reason: str = Field(min_length=1, max_length=2000)
    days: float = Field(DAYS, ge=1, le=3650)
    """Of how many days what was decided is decided again; of none would be no trial."""


class WayBack(_Body):
    """Of what to go back to the version before, and why."""

    kind: ChangeKind = ChangeKind.POLICY
    name: str = Field(min_length=1, max_length=96)
    reason: str = Field(min_length=1, max_length=2000)


class Who(_Body):
    """Who asks or activates."""


def routes(door: Door) -> APIRouter:
    """Return the routes; they MUST be served where nobody but the operator can reach them."""
    router = APIRouter(prefix="/changes")

    @router.get("")
    async def pending() -> list[dict[str, object]]:
        return [_told(each) for each in await door.pending()]

    @router.get("/activated/{kind}")
    async def activated_of(kind: ChangeKind) -> list[dict[str, object]]:
        """Give what is in force, with its text, and what was before it."""
        with _refusing():
            return [{**_told(each), "body": each.body} for each in await door.activated(kind)]

    @router.post("", status_code=201)
    async def proposed(new: NewChange) -> dict[str, object]:
        with _refusing():
            change = await door.propose(new.kind, new.body, new.reason, new.person, new.days)
        return _told(change)

    @router.post("/{change}/activate")
    async def activated(change: UUID, who: Who) -> dict[str, object]:
        with _refusing():
            return _told(await door.activate(change, who.person))

    @router.post("/{change}/shadow")
    async def shadowed(change: UUID, who: Who) -> dict[str, object]:
        with _refusing():
            return dict(await door.shadow(change, who.person))

    @router.post("/rollback")
    async def rolled_back(back: WayBack) -> dict[str, object]:
        with _refusing():
            return _told(await door.roll_back(back.kind, back.name, back.reason, back.person))

    return router


@contextmanager
def _refusing() -> Generator[None]:
    try:
        yield
    except (ChangeError, PolicyError) as fault:
        raise GateError(409, str(fault)) from None


def _told(change: Change) -> dict[str, object]:
    at = change.activated_at
    return {
        "id": str(change.id),
        "kind": change.kind,
        "name": change.name,
        "before": change.before,
        "after": change.after,
        "everywhere": change.everywhere,
        "milder": change.milder,
        "rolls_back": change.rolls_back,
        "report": dict(change.report),
        "reason": change.reason,
        "person": change.person,
        "proposed_at": change.proposed_at.isoformat(),
        "activated_by": change.activated_by,
        "activated_at": None if at is None else at.isoformat(),
    }
