"""/v1/takedowns: a platform says that something has to be taken down, and asks what came of it."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from audit.errors import AuditError
from pipeline.access.permissions import Permission
from pipeline.duties.takedown.errors import TakedownError
from pipeline.duties.takedown.intake import Element, Intake, Told
from pipeline.errors import ConflictError, StoreError
from pipeline.gateway import carry
from pipeline.gateway.body import read_body
from pipeline.gateway.callers import caller_of
from pipeline.gateway.errors import GateError
from pipeline.gateway.gate import Gate
from pipeline.gateway.shapes import errors, success
from pipeline.gateway.takedowns import shown
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.reader import read_json
from pipeline.store.takedowns import NoticeKind

MOST_BODY_BYTES = 131_072
_EXPECTED = "Expected a reference, a kind, elements, hashes, a generation: see docs/takedowns.md."


class Demand(BaseModel):
    """A notice as a platform sends it: what it has, never what it says or who sent it."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    reference: str = Field(min_length=1, max_length=200, repr=False)
    """The platform's own name for it, which is not kept: sent again, it is the same notice."""
    kind: NoticeKind
    elements: frozenset[Element] = frozenset()
    hashes: list[tuple[str, str]] = Field(default_factory=list[tuple[str, str]], repr=False)
    generation: UUID | None = None


def routes(gate: Gate) -> APIRouter:
    """Return the routes, working with `gate`."""
    router = APIRouter(prefix="/v1/takedowns", tags=["Notices"])
    intake = Intake(gate.store, gate.log, gate.now, gate.new_id)

    @router.post(
        "",
        status_code=201,
        responses=success(201, "It is taken; sent again, with more of it or not, it is the same.")
        | errors(400, 401, 403, 409, 413, 503),
    )
    async def demand(request: Request) -> JSONResponse:
        """Say that a notice came: its clock begins once it has all that its law asks for."""
        caller = await caller_of(request, gate, Permission.EVIDENCE_GIVE)
        try:
            read = read_json(await read_body(request, MOST_BODY_BYTES), gate.limits)
            said = Demand.model_validate(read)
        except RequestRefusedError as fault:
            raise GateError(fault.status, fault.message) from None
        except ValidationError:
            raise GateError(400, _EXPECTED) from None
        told = Told(caller.tenant, said.kind, said.elements, said.hashes, said.generation)
        try:
            notice = await intake.take_once(said.reference, told, f"key/{caller.key_id}")
        except TakedownError as fault:
            raise GateError(409 if fault.what in _LATER else 400, str(fault)) from None
        except ConflictError:
            raise GateError(409, "It is being taken at this moment: send it again.") from None
        except (StoreError, AuditError) as fault:
            raise carry.unavailable(gate, "", fault) from None
        return JSONResponse(_said(shown(notice, gate.now())), 201)

    @router.get("/{notice}", responses=errors(401, 403, 404, 503))
    async def state(request: Request, notice: UUID) -> JSONResponse:
        """Tell by when a notice is decided, what is missing, and what was decided."""
        caller = await caller_of(request, gate, Permission.EVIDENCE_GIVE)
        try:
            found = await gate.store.takedowns.get(notice)
        except StoreError as fault:
            raise carry.unavailable(gate, "", fault) from None
        if found is None or found.tenant != caller.tenant:
            raise GateError(404, "There is no such notice.")
        return JSONResponse(_said(shown(found, gate.now())))

    return router


_LATER = frozenset({"reference", "notice"})
"""What is told to whoever sends something that does not fit what came before."""


def _said(notice: dict[str, object]) -> dict[str, object]:
    """Return what a platform is told: it knows who it is."""
    told = {name: value for name, value in notice.items() if name not in {"tenant", "submission"}}
    return {**told, "generation": notice["submission"]}
