"""/v1/generations, followed: events of its stages as they happen, and its cancellation."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from audit.entry import Kind, entry_id
from audit.fields import write_time
from audit.leaf import Leaf
from pipeline.access.callers import Caller
from pipeline.access.permissions import Permission
from pipeline.gateway.callers import caller_of
from pipeline.gateway.errors import GateError
from pipeline.gateway.gate import Gate
from pipeline.gateway.generations import row_of, state_of
from pipeline.gateway.shapes import errors, success
from pipeline.items import Json

STAGES: Final = (("screened", Kind.ADMIT), ("generated", Kind.GENERATED))
"""The events between the first and the last, each by the entry that says it."""
LOOK_SECONDS: Final = 0.25
LOOKS: Final = 1_200
"""After so many a stream ends: its client comes back with the id of what it heard last."""


def routes(gate: Gate) -> APIRouter:
    """Return the routes, working with `gate`."""
    router = APIRouter(prefix="/v1/generations", tags=["Generations"])

    @router.get(
        "/{generation}/events",
        response_class=Response,
        responses=success(200, "Events.", "text/event-stream") | errors(400, 401, 403, 404, 503),
    )
    async def events(request: Request, generation: UUID) -> Response:
        """Tell each stage as it is reached, as server-sent events, until the end.

        `Last-Event-ID` goes on after that one.
        """
        caller = await caller_of(request, gate, Permission.GENERATIONS_CREATE)
        heard = request.headers.get("last-event-id", "") or "0"
        if not (heard.isascii() and heard.isdecimal() and len(heard) <= 2):  # noqa: PLR2004 - there are four
            raise GateError(400, "Last-Event-ID: expected the id of an event.")
        await row_of(gate, caller, generation)
        return StreamingResponse(
            _told(gate, caller, generation, int(heard)),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store"},
        )

    @router.delete(
        "/{generation}",
        responses=success(202, "It is asked for: see its state.") | errors(401, 403, 404, 409, 503),
        status_code=202,
    )
    async def cancel(request: Request, generation: UUID) -> JSONResponse:
        """Drop a generation that was asked for with `Prefer: respond-async`.

        Unless its paid call has begun: then its pictures are examined and kept, as its state says.
        """
        caller = await caller_of(request, gate, Permission.GENERATIONS_CREATE)
        row = await row_of(gate, caller, generation)
        ticket = gate.desk.ticket(row.id)
        if ticket is None or not ticket.cancel():
            raise GateError(409, "It has ended, or was cancelled, or its client waits for it.")
        return JSONResponse(await state_of(gate, row), 202)

    return router


async def _told(
    gate: Gate, caller: Caller, generation: UUID, heard: int
) -> AsyncGenerator[str, None]:
    """Yield what was not heard yet, and what comes, until it stands where it stays."""
    for _ in range(LOOKS):
        row = await row_of(gate, caller, generation)
        state = await state_of(gate, row)
        reached = await _reached(gate, generation, write_time(row.received_at))
        if state["state"] != "running":
            end: dict[str, Json] = {"state": state["state"], "code": state["code"]}
            reached[len(STAGES) + 2] = "ended", end | {"at": write_time(row.changed_at)}
        for number in sorted(each for each in reached if each > heard):
            name, data = reached[number]
            heard = number
            yield f"id: {number}\nevent: {name}\ndata: {json.dumps(data)}\n\n"
        if state["state"] != "running":
            return
        await asyncio.sleep(LOOK_SECONDS)


async def _reached(
    gate: Gate, generation: UUID, received_at: str
) -> dict[int, tuple[str, dict[str, Json]]]:
    """Return the events of stages that were reached, by their ids, which never change."""
    reached: dict[int, tuple[str, dict[str, Json]]] = {1: ("received", {"at": received_at})}
    for number, (name, kind) in enumerate(STAGES, start=2):
        receipt = await gate.log.receipt(entry_id(generation, kind))
        if receipt is not None:
            reached[number] = name, {"at": Leaf.parse(receipt.leaf).at}
    return reached
