"""Pages of rulings beyond a case: many at once, and one's own that can still be taken back."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from starlette.responses import RedirectResponse, Response

from pipeline.access.permissions import Permission
from pipeline.console.cases import Cases
from pipeline.console.deciding import MOST_TOGETHER, Deciding, Said, confirmation
from pipeline.console.errors import ConsoleError, NowhereError
from pipeline.console.frame import ROOT, Frame, Link
from pipeline.console.ordinary import Act, Ordinary, is_of_the_worst
from pipeline.console.queue_pages import left
from pipeline.console.sessions import Session
from policies.labels import HarmCode

LINK = Link("/rulings", "Your rulings", Permission.REVIEW_RULE)
Chosen = Annotated[list[UUID], Query(max_length=MOST_TOGETHER)]


def routes(frame: Frame, cases: Cases, deciding: Deciding) -> APIRouter:
    """Return the routes."""
    router = APIRouter()
    _together(router, frame, cases, deciding)
    _given(router, frame, cases, deciding)
    return router


def _together(router: APIRouter, frame: Frame, cases: Cases, deciding: Deciding) -> None:
    @router.get("/together")
    async def preview(
        session: Annotated[Session, Depends(frame.signed_in(Permission.REVIEW_RULE))],
        case: Annotated[list[UUID] | None, Query(max_length=MOST_TOGETHER)] = None,
    ) -> Response:
        chosen = await _chosen(session, cases, case or [])
        return frame.page(
            "together.html",
            session,
            chosen=[(each.hold, left(each.hold, cases.now())) for each in chosen],
            gone=len(set(case or [])) - len(chosen),
            may_approve=all(Act.APPROVE_TOGETHER in cases.acts_of(each.hold) for each in chosen),
            approve=confirmation(approves=True, count=len(chosen)),
            reject=confirmation(approves=False, count=len(chosen)),
            codes=sorted(code for code in HarmCode if code.family != "CSE"),
        )

    @router.post("/together")
    async def rule(
        session: Annotated[Session, Depends(frame.signed_in(Permission.REVIEW_RULE))],
        case: Annotated[list[UUID] | None, Form(max_length=MOST_TOGETHER)] = None,
        ruling: Annotated[str, Form(pattern="^(approve|reject)$")] = "reject",
        reason: Annotated[str, Form(max_length=2000)] = "",
        code: Annotated[str, Form(max_length=32)] = "",
        typed: Annotated[str, Form(max_length=40)] = "",
    ) -> Response:
        if not case:
            raise ConsoleError("No case was chosen: mark some in the queue.")
        if code and code not in set(HarmCode):
            raise ConsoleError("There is no such code.")
        chosen = await _chosen(session, cases, case)
        said = Said(ruling == "approve", reason, HarmCode(code) if code else None)
        batch = await deciding.together(session, chosen, said, typed)
        told = {"batch": batch.id, "ruled": batch.ruled, "left": batch.left}
        return RedirectResponse(f"{ROOT}/rulings?{urlencode(told)}", 303)


async def _chosen(session: Session, cases: Cases, ids: list[UUID]) -> list[Ordinary]:
    """Return what is there for this person, and can be ruled on with others."""
    theirs = await cases.theirs(session)
    found = await cases.store.queue.chosen(theirs, cases.now(), frozenset(ids))
    return [Ordinary(each.hold) for each in found if not is_of_the_worst(each.hold)]


def _given(router: APIRouter, frame: Frame, cases: Cases, deciding: Deciding) -> None:
    @router.get("/rulings")
    async def given(
        session: Annotated[Session, Depends(frame.signed_in(Permission.REVIEW_RULE))],
        batch: Annotated[UUID | None, Query()] = None,
        ruled: Annotated[int | None, Query(ge=0, le=MOST_TOGETHER)] = None,
        left: Annotated[int, Query(ge=0, le=MOST_TOGETHER)] = 0,
        undone: Annotated[int | None, Query(ge=0, le=MOST_TOGETHER)] = None,
    ) -> Response:
        return frame.page(
            "rulings.html",
            session,
            given=await deciding.given(session),
            now=cases.now(),
            batch=batch,
            ruled=ruled,
            left=left,
            undone=undone,
        )

    @router.post("/rulings/undo")
    async def undo(
        session: Annotated[Session, Depends(frame.signed_in(Permission.REVIEW_RULE))],
        case: Annotated[UUID | None, Form()] = None,
        batch: Annotated[UUID | None, Form()] = None,
    ) -> Response:
        own = await deciding.own(session, hold=case, batch=batch)
        if not own:
            raise NowhereError
        undone = await deciding.take_back(session, own)
        return RedirectResponse(f"{ROOT}/rulings?{urlencode({'undone': undone})}", 303)
