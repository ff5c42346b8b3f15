"""The pages of notices to take something down: what waits, by when, and a person's decision."""

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from starlette.responses import RedirectResponse, Response

from classifiers.errors import BankError
from pipeline.access.permissions import Permission
from pipeline.console.appeal_pages import left
from pipeline.console.errors import ConsoleError, NowhereError
from pipeline.console.frame import ROOT, Frame, Link
from pipeline.console.sessions import Session
from pipeline.duties.takedown.errors import TakedownError
from pipeline.duties.takedown.intake import NEEDED, Element
from pipeline.jobs.notice_bank import NoticeDesk
from pipeline.store.takedowns import Takedown, Taken

LINK = Link("/takedowns", "Notices", Permission.APPEALS_SHOW)


def routes(frame: Frame, desk: NoticeDesk) -> APIRouter:
    """Return the routes."""
    router = APIRouter()
    _shown(router, frame, desk)
    _decided(router, frame, desk)
    return router


def _shown(router: APIRouter, frame: Frame, desk: NoticeDesk) -> None:
    @router.get("/takedowns")
    async def takedowns(
        session: Annotated[Session, Depends(frame.signed_in(Permission.APPEALS_SHOW))],
        done: Annotated[str, Query(pattern="^(|down|not)$")] = "",
    ) -> Response:
        now, every = desk.intake.now(), await desk.intake.store.takedowns.open()
        waiting = [
            (each, _left(each, now), each.due_at is not None and each.due_at <= now)
            for each in every
            if session.sees(each.tenant)
        ]
        return frame.page("takedowns.html", session, waiting=waiting, done=done)

    @router.get("/takedowns/{known_as}")
    async def takedown(
        session: Annotated[Session, Depends(frame.signed_in(Permission.APPEALS_SHOW))],
        known_as: UUID,
    ) -> Response:
        notice, now = await _find(desk, session, known_as), desk.intake.now()
        return frame.page(
            "takedown.html",
            session,
            notice=notice,
            left=_left(notice, now),
            late=notice.taken is None and notice.due_at is not None and notice.due_at <= now,
            missing=sorted(NEEDED[notice.kind] - frozenset(map(Element, notice.elements))),
            may_decide=session.may(Permission.APPEALS_DECIDE),
        )


def _decided(router: APIRouter, frame: Frame, desk: NoticeDesk) -> None:
    @router.post("/takedowns/{known_as}/decision")
    async def decide(
        session: Annotated[Session, Depends(frame.signed_in(Permission.APPEALS_DECIDE))],
        known_as: UUID,
        taken: Annotated[Taken, Form()],
        reason: Annotated[str, Form(max_length=2000)] = "",
    ) -> Response:
        notice = await _find(desk, session, known_as)
        if not reason.strip():
            raise ConsoleError("A decision needs a reason: write one, in your own words.")
        try:
            await desk.decide(notice, taken, session.person.name, reason)
        except TakedownError:
            raise ConsoleError("It was decided otherwise meanwhile: nothing was done.") from None
        except BankError:
            message = "It is decided. Its hashes are not in force yet: two people change that bank."
            raise ConsoleError(message) from None
        return RedirectResponse(f"{ROOT}/takedowns?{urlencode({'done': taken.value})}", 303)


async def _find(desk: NoticeDesk, session: Session, known_as: UUID) -> Takedown:
    """Return a notice of a tenant that this person sees; any other is not there."""
    found = await desk.intake.store.takedowns.get(known_as)
    if found is None or not session.sees(found.tenant):
        raise NowhereError
    return found


def _left(notice: Takedown, now: datetime) -> str:
    return "no clock yet" if notice.due_at is None else left(notice.due_at, now)
