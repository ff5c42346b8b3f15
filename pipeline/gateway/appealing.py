"""/v1/generations, contested: what was decided and why, and the appeal against it."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from audit.errors import AuditError
from pipeline.access.permissions import Permission
from pipeline.duties.appeals.appeals import LONGEST
from pipeline.duties.appeals.errors import AppealedError, NothingDecidedError, TooLateError
from pipeline.errors import StoreError
from pipeline.gateway import carry
from pipeline.gateway.body import read_body
from pipeline.gateway.callers import caller_of
from pipeline.gateway.errors import GateError
from pipeline.gateway.gate import Gate
from pipeline.gateway.generations import row_of
from pipeline.gateway.shapes import errors, success
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.reader import read_json
from pipeline.store.submissions import SubmissionRow

MOST_BODY_BYTES = 65_536
_NOTHING = "Nothing was decided on its content that could be told or contested."


def routes(gate: Gate) -> APIRouter:
    """Return the routes, working with `gate`."""
    router = APIRouter(prefix="/v1/generations", tags=["Generations"])

    @router.get("/{generation}/notice", responses=errors(401, 403, 404, 503))
    async def notice(request: Request, generation: UUID) -> JSONResponse:
        """Give the statement of reasons to pass on to the end user, as `Accept-Language` asks."""
        row = await _own(request, gate, generation)
        try:
            said = await gate.appeals.notices.give(row, request.headers.get("accept-language", ""))
        except NothingDecidedError:
            raise GateError(404, _NOTHING) from None
        except (StoreError, AuditError) as fault:
            raise carry.unavailable(gate, "", fault) from None
        return JSONResponse(said, headers={"Cache-Control": "no-store"})

    @router.post(
        "/{generation}/appeal",
        status_code=201,
        responses=success(201, "It was received; sent again it is the same appeal.")
        | errors(400, 401, 403, 404, 409, 413, 503),
    )
    async def appeal(request: Request, generation: UUID) -> JSONResponse:
        """Contest what was decided, once: `{"text": ...}`, in the end user's own words."""
        row = await _own(request, gate, generation)
        text = await _text(request, gate)
        try:
            made = await gate.appeals.make(row, text)
        except NothingDecidedError:
            raise GateError(404, _NOTHING) from None
        except TooLateError:
            raise GateError(409, "The time in which this can be contested is over.") from None
        except AppealedError:
            raise GateError(409, "It was contested before, in other words.") from None
        except (StoreError, AuditError) as fault:
            raise carry.unavailable(gate, "", fault) from None
        said = {
            "id": str(made.id),
            "generation": str(row.id),
            "received_at": made.received_at.isoformat(),
            "due_at": made.due_at.isoformat(),
            "outcome": made.outcome,
        }
        return JSONResponse(said, 201, {"Location": f"/v1/generations/{row.id}/notice"})

    return router


async def _own(request: Request, gate: Gate, generation: UUID) -> SubmissionRow:
    caller = await caller_of(request, gate, Permission.GENERATIONS_CREATE)
    return await row_of(gate, caller, generation)


async def _text(request: Request, gate: Gate) -> str:
    """Return what an appeal says.

    Raises:
        GateError: 400 or 413.
    """
    try:
        asked = read_json(await read_body(request, MOST_BODY_BYTES), gate.limits)
    except RequestRefusedError as fault:
        raise GateError(fault.status, fault.message) from None
    text = asked.get("text")
    if asked.keys() != {"text"} or not isinstance(text, str) or not text.strip():
        raise GateError(400, "Expected an object with a text, and nothing else.")
    if len(text) > LONGEST:
        raise GateError(400, f"text: expected at most {LONGEST} characters.")
    return text
