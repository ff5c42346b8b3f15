"""The operator's routes for reports: what there is, and filing what two people approved.

What lies in the quarantine is opened by whoever has the child-safety team's key, on the command
line, and given to the one call that files it: it is kept nowhere here.
"""

import base64
import binascii
from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from pipeline.duties.reports.custody import Act, Custody
from pipeline.duties.reports.errors import NotReportableError, ReportError
from pipeline.duties.reports.reporting import answer_id
from pipeline.gateway.errors import GateError
from pipeline.jobs.report_filing import Filer
from pipeline.store.reports import Called, Report, Reports


class Who(BaseModel):
    """Who does it."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    person: str = Field(min_length=1, max_length=200)


class Looking(Who):
    """Who is about to open what is in the quarantine, for what, and why."""

    act: Literal[Act.OPENED, Act.COPIED]
    reason: str = Field(min_length=1, max_length=500)


class Destroying(Who):
    """Who destroys what is in the quarantine, and why."""

    reason: str = Field(min_length=1, max_length=500)


class Opened(Who):
    """Who files, and what they opened with the team's key: by id, base64."""

    objects: dict[UUID, str] = Field(repr=False)


def routes(filer: Filer) -> APIRouter:
    """Return the routes; they MUST be served where nobody but the operator can reach them."""
    router = APIRouter(prefix="/reports")
    reports = filer.reports

    @router.get("")
    async def listed(*, ended: bool = False) -> list[dict[str, object]]:
        table = reports.store.reports
        cases = await (table.ended() if ended else table.open())
        return [{**_case(each), "late": reports.is_late(each)} for each in cases]

    @router.get("/{known_as}")
    async def shown(known_as: UUID) -> dict[str, object]:
        case = await _find(reports.store.reports, known_as)
        try:
            facts = await reports.facts(case)
        except NotReportableError as fault:
            raise GateError(409, str(fault)) from None
        answers = [str(answer_id(case.id, number)) for number in range(case.answers)]
        return {
            **_case(case),
            "late": reports.is_late(case),
            "objects": [
                {"id": str(each.id), "picture": each.index, "viewed": each.viewed}
                for each in facts.objects
            ],
            "answers": answers,
            "calls": [_call(each) for each in await reports.store.reports.calls(case.id)],
        }

    @router.post("/{known_as}/filing")
    async def filed(known_as: UUID, given: Opened) -> dict[str, object]:
        case = await _find(reports.store.reports, known_as)
        objects = _objects(given)
        try:
            return _case(await filer.file(case, objects, given.person))
        except ReportError as fault:
            raise GateError(409, str(fault)) from None

    _national(router, filer)
    _custody(router, Custody(reports))
    return router


def _custody(router: APIRouter, custody: Custody) -> None:
    table = custody.reports.store.reports

    @router.post("/{known_as}/custody")
    async def noted(known_as: UUID, given: Looking) -> dict[str, object]:
        case = await _find(table, known_as)
        try:
            named = await custody.noted(case, given.act, given.reason, given.person)
        except ReportError as fault:
            raise GateError(409, str(fault)) from None
        return {"id": str(known_as), "objects": [str(each) for each in named]}

    @router.post("/{known_as}/destruction")
    async def destroyed(known_as: UUID, given: Destroying) -> dict[str, object]:
        case = await _find(table, known_as)
        try:
            gone = await custody.destroy(case, given.reason, given.person)
        except ReportError as fault:
            raise GateError(409, str(fault)) from None
        return {"id": str(known_as), "objects": [str(each) for each in gone]}


def _national(router: APIRouter, filer: Filer) -> None:
    table = filer.reports.store.reports

    @router.post("/{known_as}/pack")
    async def packed(known_as: UUID, given: Opened) -> dict[str, object]:
        case = await _find(table, known_as)
        try:
            pack = await filer.pack(case, _objects(given))
        except ReportError as fault:
            raise GateError(409, str(fault)) from None
        return {"id": str(known_as), "pack": base64.b64encode(pack).decode()}

    @router.post("/{known_as}/handed-over")
    async def handed_over(known_as: UUID, who: Who) -> dict[str, object]:
        case = await _find(table, known_as)
        try:
            return _case(await filer.handed_over(case, who.person))
        except ReportError as fault:
            raise GateError(409, str(fault)) from None


async def _find(table: Reports, known_as: UUID) -> Report:
    found = await table.get(known_as)
    if found is None:
        raise GateError(404, "There is no such case.")
    return found


def _objects(given: Opened) -> dict[UUID, bytes]:
    try:
        return {each: base64.b64decode(text, validate=True) for each, text in given.objects.items()}
    except binascii.Error:
        raise GateError(400, "objects: expected base64") from None


def _case(case: Report) -> dict[str, object]:
    return {
        "id": str(case.id),
        "tenant": case.tenant,
        "submission": str(case.submission),
        "code": case.code,
        "standing": case.standing,
        "opened_at": case.opened_at.isoformat(),
        "due_at": case.due_at.isoformat(),
        "answered": case.answers,
        "attempt": case.attempt,
        "number": case.number,
        "is_test": case.is_test,
        "receipt": case.receipt,
        "filed_at": None if case.filed_at is None else case.filed_at.isoformat(),
        "keep_until": None if case.keep_until is None else case.keep_until.isoformat(),
    }


def _call(called: Called) -> dict[str, object]:
    return {
        "attempt": called.attempt,
        "call": called.call,
        "begun_at": called.begun_at.isoformat(),
        "status": called.status,
        "code": called.code,
        "request_id": called.request_id,
        "object": str(called.id),
    }
