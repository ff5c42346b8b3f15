"""/v1/generations: NovelAI's work with an id, a state, and pictures by address."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from audit.entry import Kind, entry_id
from audit.errors import AuditError
from audit.leaf import Leaf
from pipeline.access.callers import Caller
from pipeline.access.permissions import Permission
from pipeline.access.subjects import fingerprint
from pipeline.errors import MarkingError, MissingObjectError, StoreError, VaultError
from pipeline.gateway import carry
from pipeline.gateway.answers import added_headers, media_type, receipt_headers
from pipeline.gateway.callers import caller_of, subject_in
from pipeline.gateway.errors import GateError
from pipeline.gateway.gate import Gate
from pipeline.gateway.shapes import binary, errors, success
from pipeline.items import Examined, Halted, Held, Json, PublicCode, Released
from pipeline.jobs.rulings import label_of
from pipeline.projection import UNKNOWN_OUTCOME
from pipeline.store.pictures import Picture, PictureState
from pipeline.store.submissions import IN_FLIGHT, State, SubmissionRow

LEAVE: Final = "respond-async"
"""The preference (RFC 7240) of whoever does not wait."""
INITIATED: Final = "X-Imprimatur-Initiated-By"
HUMAN: Final = "human"
"""What a platform says there of what a person asked for just now."""


def routes(gate: Gate) -> APIRouter:
    """Return the routes of generations, working with `gate`."""
    router = APIRouter(prefix="/v1/generations", tags=["Generations"])

    @router.post(
        "",
        responses=success(202, "It is held, or still running: ask again by its id.")
        | errors(400, 401, 402, 403, 409, 413, 415, 429, 502, 503),
    )
    async def create(request: Request) -> JSONResponse:
        """Generate pictures: 200 with their addresses, 202 when a review has to come first.

        The body is NovelAI's. For whom it is made is the token's subject, or the headers
        `X-Imprimatur-Subject`, `-Tier`, `-Territory`, `-Language` and `-Age-Claim`. With `Prefer:
        respond-async` the answer is 202 at once: ask by its id, read its events, or be told by a
        webhook. Where the gateway has several accounts, `X-Imprimatur-Initiated-By: human` has to
        say that a person asked for it.
        """
        return await _created(request, gate)

    @router.get("/{generation}", responses=errors(401, 403, 404, 503))
    async def read(request: Request, generation: UUID) -> JSONResponse:
        """Tell where a generation stands, and where its released pictures are."""
        caller = await caller_of(request, gate, Permission.GENERATIONS_CREATE)
        return JSONResponse(await state_of(gate, await row_of(gate, caller, generation)))

    @router.get(
        "/{generation}/images/{index}",
        response_class=Response,
        responses=binary("image/png", "image/webp") | errors(401, 403, 404, 410, 503),
    )
    async def image(request: Request, generation: UUID, index: int) -> Response:
        """Give a released picture once more; each time is written down."""
        caller = await caller_of(request, gate, Permission.GENERATIONS_CREATE)
        row = await row_of(gate, caller, generation)
        picture = await gate.shelf.find(caller.tenant, generation, index)
        if picture is None:
            raise GateError(404, "There is no such picture.")
        if picture.state is PictureState.DESTROYED:
            raise GateError(410, "This picture is kept no longer.")
        try:
            await _not_halted(gate, row, request)
            opened = await gate.shelf.open(picture)
        except MissingObjectError:
            raise GateError(410, "This picture is kept no longer.") from None
        except (VaultError, AuditError, StoreError, MarkingError, TimeoutError) as fault:
            raise carry.unavailable(gate, "", fault) from None
        if opened is None:
            raise GateError(403, "This picture is not released.", id=str(generation))
        return Response(
            opened.picture.data,
            headers={**receipt_headers(opened.receipt), "Cache-Control": "no-store"},
            media_type=media_type(opened.picture.data),
        )

    return router


async def _created(request: Request, gate: Gate) -> JSONResponse:
    caller = await caller_of(request, gate, Permission.GENERATIONS_CREATE)
    subject = subject_in(request, caller)
    is_job = _prefers_to_leave(request)
    if is_job:
        _refuse_automation(request, gate)
    ticket = await carry.submit(request, gate, caller, subject, is_job=is_job)
    if is_job:
        state = await state_of(gate, await row_of(gate, caller, ticket.id))
        place = {"Location": f"/v1/generations/{ticket.id}", **added_headers(ticket.added)}
        return JSONResponse(state, 202, place | {"Preference-Applied": LEAVE})
    end = await carry.finish(request, gate, ticket)
    if end is not None and not isinstance(end.outcome, Released) and not _waits(end.outcome):
        raise carry.refusal(gate, end, carry.language_of(request, subject))
    told = {} if end is None else receipt_headers(end.receipts[-1])
    told = {**told, **added_headers(ticket.added)}
    state = await state_of(gate, await row_of(gate, caller, ticket.id))
    status = 202 if state["state"] in {"held", "running"} else 200
    return JSONResponse(state, status, {"Location": f"/v1/generations/{ticket.id}", **told})


def _refuse_automation(request: Request, gate: Gate) -> None:
    """Return if a job may be taken: several accounts are for people, not for automation.

    Raises:
        GateError: there are several accounts, and nobody says that a person asked for it.
    """
    if len(gate.accounts.tokens()) > 1 and request.headers.get(INITIATED, "").lower() != HUMAN:
        message = f"{INITIATED}: expected {HUMAN}: this gateway takes no jobs of machines"
        raise GateError(400, message)


def _prefers_to_leave(request: Request) -> bool:
    """Whether whoever asks does not wait for the end."""
    asked = request.headers.get("prefer", "").split(",")
    return any(each.partition(";")[0].strip().lower() == LEAVE for each in asked)


def _waits(outcome: Examined | Held | Halted) -> bool:
    """Whether a review comes next, of the request or of one of its pictures."""
    match outcome:
        case Examined(outcomes=outcomes):
            return any(isinstance(each, Held) for each in outcomes)
        case Held():
            return True
        case Halted():
            return False


async def row_of(gate: Gate, caller: Caller, generation: UUID) -> SubmissionRow:
    """Return what a caller may know of; a token knows of its own end user's alone.

    Raises:
        GateError: 404, whether it does not exist or is another's.
    """
    row = await gate.store.submissions.get(caller.tenant, generation)
    own = not caller.by_token or (
        row is not None and row.subject == fingerprint(gate.subject_key, caller.subject)
    )
    if row is None or not own:
        raise GateError(404, "There is no such generation.")
    return row


async def _not_halted(gate: Gate, row: SubmissionRow, request: Request) -> None:
    """Return if the kill switch lets a picture of this submission be handed out.

    Raises:
        GateError: it does not.
    """
    if await gate.halts.stops_row(row, request.scope["route"].path):
        raise carry.unavailable(gate, "")


async def state_of(gate: Gate, row: SubmissionRow) -> dict[str, Json]:
    """Return where a generation stands, as its tenant is told."""
    pictures = await gate.store.pictures.of(row.tenant, row.id)
    labels = await _labels(gate, row)
    running = row.state in IN_FLIGHT
    state, code = "running" if running else row.state.value, row.code
    if running and await _is_unknown(gate, row):
        state, code = State.HALTED.value, PublicCode.UPSTREAM_REFUSED
    lost = row.samples - len(pictures) if pictures else 0
    return {
        "id": str(row.id),
        "state": state,
        "code": code,
        "message": None if code is None else gate.texts.say(code, ""),
        "received_at": row.received_at.isoformat(),
        "images": [_picture(row, picture, labels) for picture in pictures],
        "withheld": lost + sum(picture.state is PictureState.WITHHELD for picture in pictures),
        "held": sum(picture.state is PictureState.HELD for picture in pictures),
    }


async def _is_unknown(gate: Gate, row: SubmissionRow) -> bool:
    """Whether nobody carries it and nobody knows whether it was paid: the log has closed it.

    Its row stays in flight for a day, so that an identical request joins it.
    """
    receipt = await gate.log.receipt(entry_id(row.id, Kind.HALTED))
    return receipt is not None and Leaf.parse(receipt.leaf).public.get("reason") in UNKNOWN_OUTCOME


async def _labels(gate: Gate, row: SubmissionRow) -> Sequence[tuple[int | None, str]]:
    """Return as what people want pictures shown: each code with its picture; None: with all."""
    holds = await gate.store.holds.of(row.tenant, row.id)
    found = [(each.index, await label_of(gate.log, each)) for each in holds]
    return [(index, label) for index, label in found if label is not None]


def _picture(
    row: SubmissionRow, picture: Picture, labels: Sequence[tuple[int | None, str]]
) -> dict[str, Json]:
    released = picture.state is PictureState.RELEASED
    own = {label for index, label in labels if index in {None, picture.index}}
    return {
        "index": picture.index,
        "state": picture.state,
        "url": f"/v1/generations/{row.id}/images/{picture.index}" if released else None,
        "expires_at": picture.expires_at.isoformat() if released else None,
        "labels": [*sorted(own)] if released else [],
    }
