"""The pages of appeals and of notices: what waits, one case, and what its end user is told."""

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from starlette.responses import RedirectResponse, Response

from pipeline.access.permissions import Permission
from pipeline.console.appeals import AppealDesk
from pipeline.console.frame import ROOT, Frame, Link
from pipeline.console.sessions import Session
from pipeline.store.appeals import Outcome
from policies.labels import HarmCode

LINK = Link("/appeals", "Appeals", Permission.APPEALS_SHOW)


def routes(frame: Frame, desk: AppealDesk) -> APIRouter:
    """Return the routes."""
    router = APIRouter()
    _appeals(router, frame, desk)
    _notices(router, frame, desk)
    return router


def _appeals(router: APIRouter, frame: Frame, desk: AppealDesk) -> None:
    @router.get("/appeals")
    async def appeals(
        session: Annotated[Session, Depends(frame.signed_in(Permission.APPEALS_SHOW))],
        done: Annotated[int, Query(ge=0, le=10**6)] = 0,
    ) -> Response:
        now = desk.appeals.now()
        waiting = [
            (each, left(each.due_at, now), each.due_at <= now)
            for each in await desk.waiting(session)
        ]
        return frame.page(
            "appeals.html",
            session,
            waiting=waiting,
            tallies=await desk.tallies(session),
            done=done,
            may_lift=session.may(Permission.NOTICES_LIFT),
        )

    @router.get("/appeals/{known_as}")
    async def case(
        session: Annotated[Session, Depends(frame.signed_in(Permission.APPEALS_SHOW))],
        known_as: UUID,
    ) -> Response:
        case, now = await desk.case(session, known_as), desk.appeals.now()
        read, may = await desk.read(session, case), session.may(Permission.APPEALS_DECIDE)
        rules, scores = await desk.facts(case[0]) if may else ((), ())
        return frame.page(
            "appeal.html",
            session,
            case=case,
            read=read,
            rules=rules,
            scores=scores,
            left=left(case[0].due_at, now),
            late=case[0].due_at <= now,
            open=any(each.outcome is None for each in case),
            may_decide=may,
            may_lift=session.may(Permission.NOTICES_LIFT),
            own=may and await desk.is_own(session, case),
            codes=sorted(HarmCode),
        )

    @router.post("/appeals/{known_as}/decision")
    async def decide(
        session: Annotated[Session, Depends(frame.signed_in(Permission.APPEALS_DECIDE))],
        known_as: UUID,
        outcome: Annotated[Outcome, Form()],
        code: Annotated[HarmCode, Form()],
        reason: Annotated[str, Form(max_length=2000)] = "",
    ) -> Response:
        case = await desk.case(session, known_as)
        done = await desk.decide(session, case, outcome, code, reason)
        return RedirectResponse(f"{ROOT}/appeals?{urlencode({'done': done})}", 303)


def _notices(router: APIRouter, frame: Frame, desk: AppealDesk) -> None:
    @router.get("/notices")
    async def notice(
        session: Annotated[Session, Depends(frame.signed_in(Permission.NOTICES_LIFT))],
        generation: Annotated[UUID, Query()],
    ) -> Response:
        row = await desk.generation(session, generation)
        now, lifted = await desk.notices(row)
        return frame.page(
            "notice.html",
            session,
            row=row,
            notice=now,
            lifted=lifted,
            is_lifted=await desk.is_lifted(row),
        )

    @router.post("/notices/{known_as}/lift")
    async def lift(
        session: Annotated[Session, Depends(frame.signed_in(Permission.NOTICES_LIFT))],
        known_as: UUID,
        reason: Annotated[str, Form(max_length=2000)] = "",
    ) -> Response:
        row = await desk.generation(session, known_as)
        await desk.lift(session, row, reason)
        return RedirectResponse(f"{ROOT}/notices?{urlencode({'generation': row.id})}", 303)


def left(due_at: datetime, now: datetime) -> str:
    """Say how much time there is to decide."""
    days, seconds = divmod(int(abs((due_at - now).total_seconds())), 86_400)
    told = f"{days} d {seconds // 3600} h"
    return told if due_at > now else f"late by {told}"
