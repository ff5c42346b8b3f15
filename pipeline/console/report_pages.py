"""The pages of reports: what waits, one case with its draft, and the second person's answer."""

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from starlette.responses import RedirectResponse, Response

from pipeline.access.permissions import Permission
from pipeline.console.errors import ConsoleError
from pipeline.console.frame import ROOT, Frame, Link
from pipeline.console.reports import ReportDesk
from pipeline.console.sessions import Session
from pipeline.duties.reports.choices import CLASSES, FILE_FLAGS, TYPES, Choices, Why
from pipeline.duties.reports.document import FileFlag, IncidentType, ReportFlag
from pipeline.duties.reports.errors import NotReportableError
from pipeline.store.reports import BEFORE, READY, Standing

LINK = Link("/reports", "Reports", Permission.REPORTS_DECIDE)
_WORDS = {
    FileFlag.DRAWN: "It is drawn, not photographic",
    FileFlag.PHYSICAL_HARM: "Physical harm",
    FileFlag.GORE: "Violence or gore",
    FileFlag.BESTIALITY: "Bestiality",
    FileFlag.INFANT: "An infant",
}
_WHY = {
    Why.MISTAKEN: "The machines were wrong: it is nothing of the kind",
    Why.NO_DUTY: "It is forbidden here, and nothing that is reported there",
    Why.REPORTED: "It was reported in another way, or as another case",
    Why.NO_ROUTE: "This platform's profile reports nowhere",
}
_DRAFTED_FROM = BEFORE[Standing.DRAFTED]


def routes(frame: Frame, desk: ReportDesk) -> APIRouter:
    """Return the routes."""
    router = APIRouter()
    _shown(router, frame, desk)
    _decided(router, frame, desk)
    return router


def _shown(router: APIRouter, frame: Frame, desk: ReportDesk) -> None:
    @router.get("/reports")
    async def reports(
        session: Annotated[Session, Depends(frame.signed_in(Permission.REPORTS_DECIDE))],
        done: Annotated[str, Query(max_length=16, pattern="^[a-z_]*$")] = "",
    ) -> Response:
        return frame.page(
            "reports.html",
            session,
            waiting=await desk.open(session),
            ended=await desk.ended(session),
            done=done,
        )

    @router.get("/reports/{known_as}")
    async def report(
        session: Annotated[Session, Depends(frame.signed_in(Permission.REPORTS_DECIDE))],
        known_as: UUID,
    ) -> Response:
        case = await desk.find(session, known_as)
        shown = await desk.shown(session, case)
        mine = case.drafted_by == session.person.name
        return frame.page(
            "report.html",
            session,
            case=case,
            shown=shown,
            late=desk.reports.is_late(case),
            seen=case.changed_at.isoformat(),
            calls=await desk.reports.store.reports.calls(case.id),
            words=_WORDS,
            why=_WHY,
            types=sorted(TYPES),
            file_flags=sorted(FILE_FLAGS),
            report_flags=sorted(ReportFlag),
            classes=CLASSES,
            may_draft=case.standing in _DRAFTED_FROM,
            waits_for_second=case.standing is Standing.DRAFTED and case.drafted_by is not None,
            mine=mine,
            may_file=case.standing in READY,
        )


def _decided(router: APIRouter, frame: Frame, desk: ReportDesk) -> None:
    @router.post("/reports/{known_as}/draft")
    async def draft(
        session: Annotated[Session, Depends(frame.signed_in(Permission.REPORTS_DECIDE))],
        known_as: UUID,
        seen: Annotated[datetime, Form()],
        incident: Annotated[IncidentType | None, Form()] = None,
        why_not: Annotated[Why | None, Form()] = None,
        urgent: Annotated[bool, Form()] = False,
        flags: Annotated[frozenset[ReportFlag], Form()] = frozenset(),
        file_flags: Annotated[frozenset[FileFlag], Form()] = frozenset(),
        classification: Annotated[str, Form(pattern="^([AB][12])?$")] = "",
    ) -> Response:
        case = await desk.find(session, known_as)
        if (incident is None) == (why_not is None):
            raise ConsoleError("Say as what it is reported, or why it is not: one of them.")
        try:
            choices = Choices(
                incident or IncidentType.PORNOGRAPHY,
                urgent,
                flags,
                file_flags,
                classification or None,
                why_not,
            )
        except NotReportableError:
            raise ConsoleError("This cannot be said of what a generator made.") from None
        await desk.draft(session, case, seen, choices)
        return RedirectResponse(f"{ROOT}/reports?{urlencode({'done': 'drafted'})}", 303)

    @router.post("/reports/{known_as}/second")
    async def second(
        session: Annotated[Session, Depends(frame.signed_in(Permission.REPORTS_DECIDE))],
        known_as: UUID,
        seen: Annotated[datetime, Form()],
        answer: Annotated[str, Form(pattern="^(agree|send-back)$")],
    ) -> Response:
        case = await desk.find(session, known_as)
        agrees = answer == "agree"
        standing = await desk.second(session, case, seen, agrees=agrees)
        done = standing.value if agrees else "sent_back"
        return RedirectResponse(f"{ROOT}/reports?{urlencode({'done': done})}", 303)
