"""The operator's routes for the log's keys, and for those who remember it outside."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from pipeline.gateway.errors import GateError
from pipeline.jobs.anchoring import Anchoring
from pipeline.jobs.errors import RotationError
from pipeline.jobs.rotation import Rotation


class Who(BaseModel):
    """Who asks, for the entry of it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    person: str = Field(min_length=1, max_length=200)


def routes(anchoring: Anchoring, rotation: Rotation) -> APIRouter:
    """Return the routes; they MUST be served where nobody but the operator can reach them."""
    router = APIRouter(prefix="/audit")

    @router.post("/anchors")
    async def anchored() -> dict[str, object]:
        await anchoring.round(at_once=True)
        return {"checkpoint": anchoring.log.checkpoint, **anchoring.standings()}

    @router.post("/keys", status_code=201)
    async def added(who: Who) -> dict[str, object]:
        try:
            vkey = await rotation.add(who.person)
        except RotationError as fault:
            raise GateError(409, str(fault)) from None
        return {"vkey": vkey.write()}

    @router.post("/keys/retired")
    async def retired(who: Who) -> dict[str, object]:
        try:
            vkey, file = await rotation.retire(who.person)
        except RotationError as fault:
            raise GateError(409, str(fault)) from None
        return {"vkey": vkey.write(), "file": None if file is None else str(file)}

    return router
