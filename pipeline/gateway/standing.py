"""/v1/standing: where the end user of a request stands, to be shown to them."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from pipeline.access.permissions import Permission
from pipeline.duties.enforcement.ladder import REDRESS
from pipeline.errors import StoreError
from pipeline.gateway import carry
from pipeline.gateway.callers import caller_of, subject_in
from pipeline.gateway.gate import Gate
from pipeline.gateway.shapes import errors


def routes(gate: Gate) -> APIRouter:
    """Return the routes, working with `gate`."""
    router = APIRouter(prefix="/v1", tags=["Generations"])

    @router.get("/standing", responses=errors(400, 401, 403, 503))
    async def standing(request: Request) -> JSONResponse:
        """Give what is restricted for an end user, why, and until when."""
        caller = await caller_of(request, gate, Permission.GENERATIONS_CREATE)
        subject = subject_in(request, caller)
        try:
            stands = await gate.enforcing.standing(subject)
        except StoreError as fault:
            raise carry.unavailable(gate, "", fault) from None
        ladder, wanted = (
            gate.enforcing.ladder_of(subject.tenant),
            carry.language_of(request, subject),
        )
        until = None if stands.until is None else stands.until.isoformat()
        said = {
            "step": stands.step,
            "until": until,
            "text": None if stands.step is None else ladder.text(stands.step, wanted),
            "redress": ladder.text(REDRESS, wanted),
            "strikes": [
                {
                    "generation": str(each.submission),
                    "at": each.at.isoformat(),
                    "counts_until": each.expires_at.isoformat(),
                    "code": each.code if each.told else None,
                    "appeal_at": f"/v1/generations/{each.submission}/appeal",
                }
                for each in stands.strikes
            ],
        }
        return JSONResponse(said, headers={"Cache-Control": "no-store"})

    return router
