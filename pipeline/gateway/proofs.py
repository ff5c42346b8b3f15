"""/v1/audit: the proof that what a tenant was answered is in the log, for anybody, offline."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from audit.entry import Kind, Receipt
from audit.errors import AuditError
from audit.leaf import Leaf
from pipeline.access.permissions import Permission
from pipeline.gateway import carry
from pipeline.gateway.callers import caller_of
from pipeline.gateway.errors import GateError
from pipeline.gateway.gate import Gate
from pipeline.gateway.shapes import errors, success

SHOWN = frozenset({Kind.RELEASE, Kind.ACCESS})
"""The kinds whose leaf a key may read. Of a refusal it would say more than the answer did."""


def routes(gate: Gate) -> APIRouter:
    """Return the routes of proofs, working with `gate`."""
    router = APIRouter(prefix="/v1/audit", tags=["Audit"])

    @router.get(
        "/{entry}/proof",
        response_class=Response,
        responses=success(200, "c2sp.org/tlog-proof@v1", "text/plain") | errors(401, 403, 404, 503),
    )
    async def proof(request: Request, entry: UUID) -> Response:
        """Prove that the entry with this `X-Audit-Id` is in the log."""
        await _own(request, gate, entry)
        try:
            text = await gate.log.proof(entry)
        except AuditError as fault:
            raise carry.unavailable(gate, "", fault) from None
        name = f"attachment; filename={entry}.tlog-proof"
        return Response(text, headers={"Content-Disposition": name}, media_type="text/plain")

    @router.get(
        "/{entry}/leaf",
        response_class=Response,
        responses=success(200, "The bytes that are proved.", "application/json")
        | errors(401, 403, 404, 503),
    )
    async def leaf(request: Request, entry: UUID) -> Response:
        """Give the exact bytes of a release that the proof is about."""
        receipt = await _own(request, gate, entry)
        if Leaf.parse(receipt.leaf).kind not in SHOWN:
            raise GateError(403, "Only the entries of releases are shown: an auditor has the rest.")
        return Response(receipt.leaf, media_type="application/json")

    return router


async def _own(request: Request, gate: Gate, entry: UUID) -> Receipt:
    """Return the entry if it is the caller's own.

    Raises:
        GateError: 404, whether it does not exist or is another tenant's; 403 for a subject token.
    """
    caller = await caller_of(request, gate, Permission.GENERATIONS_CREATE)
    if caller.by_token:
        raise GateError(403, "Proofs are for the tenant: ask with its key.")
    try:
        receipt = await gate.log.receipt(entry)
    except AuditError as fault:
        raise carry.unavailable(gate, "", fault) from None
    if receipt is None or Leaf.parse(receipt.leaf).public.get("tenant") != caller.tenant:
        raise GateError(404, "There is no such entry.")
    return receipt
