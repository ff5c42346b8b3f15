"""The pages of a case: what is known of it, its picture, and what somebody decides on it."""

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from starlette.responses import JSONResponse, RedirectResponse, Response

from pipeline.access.permissions import Permission
from pipeline.console.cases import Cases, Opened, Step, has_picture
from pipeline.console.deciding import Deciding, Said
from pipeline.console.errors import NowhereError
from pipeline.console.frame import ROOT, Frame
from pipeline.console.ordinary import (
    TWO_PEOPLE,
    Act,
    family_of,
    is_of_the_worst,
    sees_worst,
)
from pipeline.console.queue_pages import due, left
from pipeline.console.reclassifying import Reclassifying, can_be
from pipeline.console.sessions import Session
from pipeline.console.standing_pages import codes_of
from pipeline.items import NEVER_RELEASED
from pipeline.store.holds import Hold
from policies.labels import HarmCode

_MOST_SCORES = 12
_NOTHING = Opened((), None, ())
_WORST = [code for code in HarmCode if code.family == NEVER_RELEASED]
_OTHERS = sorted(code for code in HarmCode if code.family != NEVER_RELEASED)


def routes(
    frame: Frame, cases: Cases, deciding: Deciding, reclassifying: Reclassifying
) -> APIRouter:
    """Return the routes."""
    router = APIRouter()
    _case(router, frame, cases)
    _claim(router, frame, cases)
    _picture(router, frame, cases)
    _ruling(router, frame, cases, deciding)
    _reclassifying(router, frame, cases, reclassifying)
    return router


def _case(router: APIRouter, frame: Frame, cases: Cases) -> None:
    @router.get("/cases/{known_as}")
    async def case(
        session: Annotated[Session, Depends(frame.signed_in(Permission.REVIEW_SHOW))],
        known_as: UUID,
    ) -> Response:
        hold = await cases.find(session, known_as)
        mine, acts = await cases.has(session, hold), cases.acts_of(hold)
        firsts = await cases.store.first_approvals.all(hold.id)
        first = next((each for each in firsts if not each.code), None)
        waits = await cases.store.intents.of(hold.id)
        steps = await cases.timeline(hold)
        opened = await cases.opened(session, hold) if mine else _NOTHING
        strikes = () if opened.stands is None else opened.stands.strikes
        return frame.page(
            "case.html",
            session,
            hold=hold,
            left=left(hold, cases.now()),
            late=due(hold) <= cases.now(),
            scores=_scores(hold),
            steps=steps,
            proof=_last(steps),
            mine=mine,
            opened=opened,
            sees_worst=sees_worst(session),
            strikes=codes_of(strikes, worst=sees_worst(session)),
            picture=has_picture(hold),
            may_claim=session.may(Permission.CASES_CLAIM),
            may_reveal=session.may(Permission.MEDIA_REVEAL),
            may_rule=session.may(Permission.REVIEW_RULE),
            may_escalate=session.may(Permission.CASES_ESCALATE) and Act.ESCALATE in acts,
            may_approve=Act.APPROVE in acts,
            waits=waits is not None,
            two=family_of(hold) in TWO_PEOPLE,
            codes=_WORST if is_of_the_worst(hold) else _OTHERS,
            worst=_WORST,
            may_reclassify=session.may(Permission.CHILD_SAFETY_OPEN) and can_be(hold),
            others=_OTHERS,
            called=[each.code for each in firsts if each.code],
            first=first,
            first_is_mine=first is not None and first.person == session.person.name,
        )

    @router.get("/cases/{known_as}/proof")
    async def proof(
        session: Annotated[Session, Depends(frame.signed_in(Permission.REVIEW_SHOW))],
        known_as: UUID,
        entry: Annotated[UUID | None, Query()] = None,
    ) -> Response:
        steps = await cases.timeline(await cases.find(session, known_as))
        if entry not in {step.entry for step in steps} or entry is None:
            raise NowhereError
        return JSONResponse(await cases.proof(entry))


def _claim(router: APIRouter, frame: Frame, cases: Cases) -> None:
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


def _ruling(router: APIRouter, frame: Frame, cases: Cases, deciding: Deciding) -> None:
    @router.post("/cases/{known_as}/ruling")
    async def rule(
        session: Annotated[Session, Depends(frame.signed_in(Permission.REVIEW_RULE))],
        known_as: UUID,
        ruling: Annotated[str, Form(pattern="^(approve|label|reject)$")],
        reason: Annotated[str, Form(max_length=2000)] = "",
        code: Annotated[HarmCode | None, Form()] = None,
    ) -> Response:
        hold = await cases.find(session, known_as)
        said = Said(ruling != "reject", reason, code, ruling == "label")
        done = await deciding.rule(session, hold, said)
        return RedirectResponse(f"{ROOT}/queue?{urlencode({'done': done})}", 303)

    @router.post("/cases/{known_as}/escalate")
    async def escalate(
        session: Annotated[Session, Depends(frame.signed_in(Permission.CASES_ESCALATE))],
        known_as: UUID,
        to: Annotated[HarmCode | None, Form()] = None,
        why: Annotated[str, Form(max_length=2000)] = "",
    ) -> Response:
        hold = await cases.find(session, known_as)
        await deciding.escalate(session, hold, to, why)
        return RedirectResponse(f"{ROOT}/queue?done=escalated", 303)


def _reclassifying(
    router: APIRouter, frame: Frame, cases: Cases, reclassifying: Reclassifying
) -> None:
    @router.post("/cases/{known_as}/reclassify")
    async def reclassify(
        session: Annotated[Session, Depends(frame.signed_in(Permission.CHILD_SAFETY_OPEN))],
        known_as: UUID,
        what: Annotated[HarmCode, Form()],
        because: Annotated[str, Form(max_length=2000)] = "",
    ) -> Response:
        hold = await cases.find(session, known_as)
        done = await reclassifying.reclassify(session, hold, what, because)
        return RedirectResponse(f"{ROOT}/queue?{urlencode({'done': done})}", 303)


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
