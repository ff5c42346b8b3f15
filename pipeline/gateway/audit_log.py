"""/v1/audit/log: the tree of the log in C2SP tlog-tiles, for the auditors of tenants.

Hashes and signed heads, no entries: those are of all tenants. Whoever follows it sees that the log
only grows, and holds every export and receipt to it. Never for subjects: on the hash of an entry
that names nobody they could try their guesses.
"""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from audit.errors import AbsentError, AuditError, MalformedError
from audit.export.tiles import parse_tile
from pipeline.access.permissions import Permission
from pipeline.gateway import carry
from pipeline.gateway.callers import caller_of
from pipeline.gateway.errors import GateError
from pipeline.gateway.gate import Gate
from pipeline.gateway.shapes import errors, success

_NEVER_CHANGES = {"Cache-Control": "private, max-age=31536000, immutable"}


def routes(gate: Gate) -> APIRouter:
    """Return the routes of the tree, working with `gate`."""
    router = APIRouter(prefix="/v1/audit/log", tags=["Audit"])

    @router.get(
        "/checkpoint",
        response_class=Response,
        responses=success(200, "c2sp.org/tlog-checkpoint", "text/plain") | errors(401, 403, 503),
    )
    async def checkpoint(request: Request) -> Response:
        """Give the newest signed head of the log."""
        await caller_of(request, gate, Permission.AUDIT_LOG_READ)
        return Response(
            gate.log.checkpoint, headers={"Cache-Control": "no-store"}, media_type="text/plain"
        )

    @router.get(
        "/{tile:path}",
        response_class=Response,
        responses=success(200, "The hashes of a tile.", "application/octet-stream")
        | errors(401, 403, 404, 503),
    )
    async def tile(request: Request, tile: str) -> Response:
        """Give a tile of the tree: `tile/0/x001/067`, or `tile/0/x001/067.p/8` if it is partial."""
        await caller_of(request, gate, Permission.AUDIT_LOG_READ)
        try:
            hashes = await gate.log.tile(*parse_tile(tile))
        except (AbsentError, MalformedError):
            raise GateError(404, "There is no such tile.") from None
        except AuditError as fault:
            raise carry.unavailable(gate, "", fault) from None
        return Response(hashes, headers=_NEVER_CHANGES, media_type="application/octet-stream")

    return router
