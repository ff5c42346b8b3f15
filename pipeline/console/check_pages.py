"""The page of blind checks: one item at a time, and what somebody would decide on it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from starlette.responses import RedirectResponse, Response

from pipeline.access.permissions import Permission
from pipeline.console.checks import Checks
from pipeline.console.frame import ROOT, Frame, Link
from pipeline.console.sessions import Session
from pipeline.duties.dsa.projection import PROJECTION
from policies.labels import HarmCode

LINK = Link("/checks", "Blind checks", Permission.REVIEW_RULE)
CODES = [code.value for code in HarmCode if PROJECTION[code] is not None]
"""For what something can be stopped; that nobody could look is no such thing."""


def routes(frame: Frame, checks: Checks) -> APIRouter:
    """Return the routes."""
    router = APIRouter()
    _item(router, frame, checks)
    _picture(router, frame, checks)
    return router


def _item(router: APIRouter, frame: Frame, checks: Checks) -> None:
    @router.get(LINK.path)
    async def following(
        session: Annotated[Session, Depends(frame.signed_in(LINK.permission))],
        done: Annotated[str, Query(pattern="^(yes)?$")] = "",
    ) -> Response:
        item = await checks.next(session)
        return frame.page("checks.html", session, item=item, done=done)

    @router.get("/checks/{known_as}")
    async def one(
        session: Annotated[Session, Depends(frame.signed_in(LINK.permission))], known_as: UUID
    ) -> Response:
        item = await checks.find(session, known_as)
        texts = await checks.texts(session, item)
        return frame.page(
            "check.html",
            session,
            item=item,
            texts=texts,
            codes=CODES,
            may_reveal=session.may(Permission.MEDIA_REVEAL),
        )

    @router.post("/checks/{known_as}")
    async def given(
        session: Annotated[Session, Depends(frame.signed_in(LINK.permission))],
        known_as: UUID,
        code: Annotated[HarmCode, Form()],
    ) -> Response:
        await checks.give(session, await checks.find(session, known_as), code)
        return RedirectResponse(f"{ROOT}{LINK.path}?done=yes", 303)


def _picture(router: APIRouter, frame: Frame, checks: Checks) -> None:
    @router.get("/checks/{known_as}/small.png")
    async def small(
        session: Annotated[Session, Depends(frame.signed_in(LINK.permission))], known_as: UUID
    ) -> Response:
        item = await checks.find(session, known_as)
        return Response(await checks.small(item), media_type="image/png")

    @router.post("/checks/{known_as}/reveal")
    async def reveal(
        session: Annotated[Session, Depends(frame.signed_in(Permission.MEDIA_REVEAL))],
        known_as: UUID,
    ) -> Response:
        entry, data = await checks.reveal(session, await checks.find(session, known_as))
        headers = {"X-Reveal": str(entry)}
        return Response(data, media_type="application/octet-stream", headers=headers)

    @router.post("/checks/{known_as}/covered")
    async def covered(
        session: Annotated[Session, Depends(frame.signed_in(Permission.MEDIA_REVEAL))],
        known_as: UUID,
        revealed: Annotated[UUID, Form()],
        milliseconds: Annotated[int, Form(ge=0, le=10**9)],
    ) -> Response:
        await checks.covered(session, known_as, revealed, milliseconds)
        return Response(status_code=204)
