"""The pages of cases: the queue, one case, its picture, and the ruling on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from starlette.responses import RedirectResponse, Response

from pipeline.access.permissions import Permission
from pipeline.console.cases import TWO_PEOPLE, Cases, Step, has_picture, sees_worst
from pipeline.console.frame import ROOT, Frame, Link
from pipeline.console.sessions import Session
from pipeline.store.holds import Hold
from pipeline.store.queue import MOST_COUNTED, PAGE, Waiting, Wanted
from policies.labels import HarmCode

QUEUE = Link("/queue", "Queue", Permission.REVIEW_LIST)
_LAST_PAGE = 199
"""Whoever is there has been led astray: the worst and the late are on the first."""
_MOST_SCORES = 12
_FAMILIES = sorted({code.family for code in HarmCode})


@dataclass(frozen=True, slots=True)
class Row:
    """One case in the queue."""

    id: UUID
    tenant: str
    code: str
    what: str
    opened: str
    left: str
    late: bool
    whose: str


def routes(frame: Frame, cases: Cases) -> APIRouter:
    """Return the routes."""
    router = APIRouter()
    _queue(router, frame, cases)
    _case(router, frame, cases)
    _picture(router, frame, cases)
    _ruling(router, frame, cases)
    return router


def _queue(router: APIRouter, frame: Frame, cases: Cases) -> None:
    @router.get("/queue")
    async def queue(
        session: Annotated[Session, Depends(frame.signed_in(Permission.REVIEW_LIST))],
        family: Annotated[str, Query(max_length=16, pattern="^[A-Z]*$")] = "",
        whose: Annotated[str, Query(pattern="^(all|mine|free)$")] = "all",
        page: Annotated[int, Query(ge=0, le=_LAST_PAGE)] = 0,
        done: Annotated[str, Query(max_length=16, pattern="^[a-z ]*$")] = "",
    ) -> Response:
        wanted = Wanted(
            session.tenants,
            f"{family}." if family else "",
            session.person.name,
            whose == "mine",
            whose == "free",
            sees_worst(session),
        )
        found, counts = await cases.queue(wanted, page)
        now, chosen = cases.now(), {"family": family, "whose": whose}
        return frame.page(
            "queue.html",
            session,
            rows=[_row(each, session, now) for each in found[:PAGE]],
            counts=counts,
            most=MOST_COUNTED,
            families=_FAMILIES,
            family=family,
            whose=whose,
            done=done,
            number=page,
            earlier="" if page == 0 else urlencode({**chosen, "page": page - 1}),
            later=urlencode({**chosen, "page": page + 1}) if len(found) > PAGE else "",
            may_claim=session.may(Permission.CASES_CLAIM),
        )


def _case(router: APIRouter, frame: Frame, cases: Cases) -> None:
    @router.get("/cases/{known_as}")
    async def case(
        session: Annotated[Session, Depends(frame.signed_in(Permission.REVIEW_SHOW))],
        known_as: UUID,
    ) -> Response:
        hold = await cases.find(session, known_as)
        mine = await cases.has(session, hold)
        first = await cases.store.first_approvals.of(hold.id)
        steps = await cases.timeline(hold)
        return frame.page(
            "case.html",
            session,
            hold=hold,
            left=_left(hold, cases.now()),
            late=_due(hold) <= cases.now(),
            scores=_scores(hold),
            steps=steps,
            proof=_last(steps),
            mine=mine,
            said=await cases.said(session, hold) if mine else (),
            picture=has_picture(hold),
            may_claim=session.may(Permission.CASES_CLAIM),
            may_reveal=session.may(Permission.MEDIA_REVEAL),
            may_rule=session.may(Permission.REVIEW_RULE),
            two=hold.code.partition(".")[0] in TWO_PEOPLE,
            codes=sorted(HarmCode),
            first=first is not None,
            first_is_mine=first is not None and first.person == session.person.name,
        )

    @router.post("/cases/{known_as}/claim")
    async def claim(
        session: Annotated[Session, Depends(frame.signed_in(Permission.CASES_CLAIM))],
        known_as: UUID,
    ) -> Response:
        hold = await cases.find(session, known_as)
        await cases.claim(session, hold)
        return RedirectResponse(f"{ROOT}/cases/{hold.id}", 303)

    @router.post("/cases/{known_as}/give-back")
    async def give_back(
        session: Annotated[Session, Depends(frame.signed_in(Permission.CASES_CLAIM))],
        known_as: UUID,
    ) -> Response:
        await cases.give_back(session, await cases.find(session, known_as))
        return RedirectResponse(f"{ROOT}/queue", 303)


def _picture(router: APIRouter, frame: Frame, cases: Cases) -> None:
    @router.get("/cases/{known_as}/small.png")
    async def small(
        session: Annotated[Session, Depends(frame.signed_in(Permission.REVIEW_SHOW))],
        known_as: UUID,
    ) -> Response:
        hold = await cases.find(session, known_as)
        return Response(await cases.small(hold), media_type="image/png")

    @router.post("/cases/{known_as}/reveal")
    async def reveal(
        session: Annotated[Session, Depends(frame.signed_in(Permission.MEDIA_REVEAL))],
        known_as: UUID,
    ) -> Response:
        entry, data = await cases.reveal(session, await cases.find(session, known_as))
        headers = {"X-Reveal": str(entry)}
        return Response(data, media_type="application/octet-stream", headers=headers)

    @router.post("/cases/{known_as}/covered")
    async def covered(
        session: Annotated[Session, Depends(frame.signed_in(Permission.MEDIA_REVEAL))],
        known_as: UUID,
        revealed: Annotated[UUID, Form()],
        milliseconds: Annotated[int, Form(ge=0, le=10**9)],
    ) -> Response:
        hold = await cases.find(session, known_as)
        await cases.covered(session, hold, revealed, milliseconds)
        return Response(status_code=204)


def _ruling(router: APIRouter, frame: Frame, cases: Cases) -> None:
    @router.post("/cases/{known_as}/ruling")
    async def rule(
        session: Annotated[Session, Depends(frame.signed_in(Permission.REVIEW_RULE))],
        known_as: UUID,
        ruling: Annotated[str, Form(pattern="^(approve|reject)$")],
        reason: Annotated[str, Form(max_length=2000)] = "",
        code: Annotated[HarmCode | None, Form()] = None,
    ) -> Response:
        hold = await cases.find(session, known_as)
        approves = ruling == "approve"
        done = await cases.rule(session, hold, approves=approves, reason=reason, code=code)
        return RedirectResponse(f"{ROOT}/queue?{urlencode({'done': done})}", 303)


def _row(waiting: Waiting, session: Session, now: datetime) -> Row:
    hold, mine = waiting.hold, waiting.person == session.person.name
    return Row(
        hold.id,
        hold.tenant,
        hold.code or "unknown",
        "request" if hold.index is None else f"picture {hold.index + 1}",
        hold.opened_at.strftime("%d %b %H:%M"),
        _left(hold, now),
        _due(hold) <= now,
        "" if waiting.person is None else "you" if mine else "somebody",
    )


def _due(hold: Hold) -> datetime:
    return hold.due_at or hold.expires_at


def _left(hold: Hold, now: datetime) -> str:
    """Say how much time there is to rule."""
    seconds = (_due(hold) - now).total_seconds()
    hours, minutes = divmod(int(abs(seconds)) // 60, 60)
    told = f"{hours} h {minutes:02} min"
    return told if seconds > 0 else f"late by {told}"


def _scores(hold: Hold) -> list[tuple[str, float]]:
    """Return the greatest scores above nought, the greatest first."""
    scores = hold.facts.get("scores", {})
    if not isinstance(scores, dict):
        return []
    numbers = [
        (name, float(each))
        for name, each in scores.items()
        if isinstance(each, int | float) and each
    ]
    return sorted(numbers, key=lambda pair: (-pair[1], pair[0]))[:_MOST_SCORES]


def _last(steps: Sequence[Step]) -> Step | None:
    return steps[-1] if steps else None
