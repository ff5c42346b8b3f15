"""Somebody's own day: what they have uncovered, when a break is due, and what they opt out of."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form
from starlette.responses import RedirectResponse, Response

from pipeline.access.permissions import Permission
from pipeline.console.cases import Cases
from pipeline.console.errors import ConsoleError
from pipeline.console.frame import ROOT, Frame, Link
from pipeline.console.sessions import Session
from pipeline.items import NEVER_RELEASED
from pipeline.store.exposures import BREAK, LONGEST_A_DAY, MOST_A_DAY, MOST_IN_A_ROW
from policies.labels import HarmCode

LINK = Link("/day", "Your day", Permission.MEDIA_REVEAL)
FAMILIES = sorted({code.family for code in HarmCode if code.family != NEVER_RELEASED})
"""Whoever does not want to be given cases of CSE is no member of that team."""


def routes(frame: Frame, cases: Cases) -> APIRouter:
    """Return the routes."""
    router = APIRouter()
    exposures = cases.store.exposures

    @router.get("/day")
    async def day(
        session: Annotated[Session, Depends(frame.signed_in(Permission.MEDIA_REVEAL))],
    ) -> Response:
        person = session.person.name
        return frame.page(
            "day.html",
            session,
            day=await exposures.day(person, cases.now()),
            most=MOST_A_DAY,
            longest=LONGEST_A_DAY,
            in_a_row=MOST_IN_A_ROW,
            rest=BREAK,
            families=FAMILIES,
            out=await exposures.opted_out(person),
        )

    @router.post("/day/opt-outs")
    async def opt_out(
        session: Annotated[Session, Depends(frame.signed_in(Permission.MEDIA_REVEAL))],
        family: Annotated[list[str] | None, Form(max_length=40)] = None,
    ) -> Response:
        families = frozenset(family or [])
        if not families <= {*FAMILIES}:
            raise ConsoleError("There is no such kind.")
        await exposures.opt_out(session.person.name, families)
        return RedirectResponse(f"{ROOT}/day", 303)

    return router
