"""/v1/reports, as a platform sees them: it was asked who somebody is, and answers."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from audit.errors import AuditError
from pipeline.access.permissions import Permission
from pipeline.duties.reports.errors import EvidenceError, NotReportableError
from pipeline.errors import QuarantineError, StoreError
from pipeline.gateway import carry
from pipeline.gateway.body import read_body
from pipeline.gateway.callers import caller_of
from pipeline.gateway.errors import GateError
from pipeline.gateway.gate import Gate
from pipeline.gateway.shapes import errors, success
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.reader import read_json

MOST_BODY_BYTES = 65_536


def routes(gate: Gate) -> APIRouter:
    """Return the route, working with `gate`."""
    router = APIRouter(prefix="/v1/reports", tags=["Reports"])

    @router.post(
        "/{report}/evidence",
        status_code=202,
        responses=success(202, "It is sealed: only the child-safety team can read it.")
        | errors(400, 401, 403, 404, 413, 503),
    )
    async def evidence(request: Request, report: UUID) -> JSONResponse:
        """Say who somebody is, as an `evidence_request` asked: the newest answer counts."""
        caller = await caller_of(request, gate, Permission.EVIDENCE_GIVE)
        try:
            said = read_json(await read_body(request, MOST_BODY_BYTES), gate.limits)
            await gate.reports.answer(caller.tenant, report, said)
        except RequestRefusedError as fault:
            raise GateError(fault.status, fault.message) from None
        except EvidenceError as fault:
            raise GateError(400, str(fault)) from None
        except NotReportableError:
            raise GateError(404, "Nothing was asked under this id, or not any more.") from None
        except (StoreError, AuditError, QuarantineError) as fault:
            raise carry.unavailable(gate, "", fault) from None
        return JSONResponse({"report": str(report), "received": True}, 202)

    return router
