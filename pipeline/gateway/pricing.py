"""/v1/price: what a request would cost, before it is made. Nothing is judged, paid or kept."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from classifiers.errors import UnreadableError
from pipeline.access.permissions import Permission
from pipeline.errors import StoreError
from pipeline.gateway import carry
from pipeline.gateway.body import read_body
from pipeline.gateway.callers import caller_of, subject_in
from pipeline.gateway.errors import GateError
from pipeline.gateway.gate import Gate
from pipeline.gateway.shapes import errors
from pipeline.items import Operation
from pipeline.jobs import budgets
from pipeline.jobs.received import Received
from pipeline.novelai.catalogue import MODELS, Family
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.price import quote

ERRORS = (400, 401, 403, 404, 413, 415, 429, 503)


class Priced(BaseModel):
    """What a request would cost, in Anlas."""

    anlas: int
    """All of it: `per_image` for each of `billable` samples, and `references`."""
    per_image: int
    billable: int
    """How many of its samples are paid for: the account's plan may include some."""
    references: int
    estimated: bool
    """Whether NovelAI has not said how it is counted: the charge may be another."""
    budget_left: int
    """Of the tenant, or of the end user whom it is for if that is less, as it stands now."""
    affordable: bool


def routes(gate: Gate) -> APIRouter:
    """Return the route, working with `gate`."""
    router = APIRouter(tags=["Generations"])

    @router.post("/v1/price", responses=errors(*ERRORS), response_model=Priced)
    async def price(
        request: Request,
        operation: Annotated[
            Operation, Query(description="The route that the body is for.")
        ] = Operation.GENERATE,
    ) -> JSONResponse:
        """Tell the price of a request: the body of the route that `operation` names.

        It is worked out as it would be at admission, from what is asked for alone.
        """
        caller = await caller_of(request, gate, Permission.GENERATIONS_CREATE)
        subject = subject_in(request, caller)
        with carry.entering(gate):
            body = await read_body(request, gate.limits.body_bytes)
            kind, routed = (
                request.headers.get("content-type", ""),
                await carry.routes_for(gate, subject),
            )
            received = Received(kind, body, subject, operation, routed=routed)
            try:
                work = await asyncio.to_thread(received.work, gate.limits)
                gate.desk.prepare.check(subject.tenant, work)
                left = await budgets.left(gate.store, *carry.counted_as(gate, subject))
            except RequestRefusedError as fault:
                raise GateError(fault.status, fault.message, details=fault.details) from None
            except UnreadableError as fault:
                raise carry.unreadable(fault) from None
            except StoreError as fault:
                raise carry.unavailable(gate, subject.language or "", fault) from None
        asked = quote(work, gate.plan)
        model = MODELS.get(work.model) if operation is Operation.GENERATE else None
        told = Priced(
            anlas=asked.total,
            per_image=asked.per_image,
            billable=asked.billable,
            references=asked.references,
            estimated=model is not None and model.family is Family.V5,
            budget_left=left,
            affordable=asked.total <= left,
        )
        return JSONResponse(told.model_dump())

    return router
