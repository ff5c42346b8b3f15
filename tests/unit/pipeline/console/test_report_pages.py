"""Cases that have to be reported or not, as two people of the child-safety team decide on them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from audit.entry import Kind
from pipeline.console import report_pages
from pipeline.console.reports import ReportDesk
from pipeline.console.roles import Role
from pipeline.duties.reports.document import IncidentType
from pipeline.store.reports import Report, Standing
from pipeline.store.tenants import Tenant
from tests.unit.pipeline.console.desks import Desk, open_desk
from tests.unit.pipeline.duties.reports.cases import PROFILE, case_of, escalated
from tests.unit.pipeline.duties.reports.test_reporting import tainted
from tests.unit.pipeline.world import NOON, TENANT

DRAFT = {"incident": IncidentType.PORNOGRAPHY.value, "file_flags": "animeDrawingVirtualHentai"}


def serve(desk: Desk) -> None:
    """Serve the pages of reports, of a tenant that has a profile."""
    reports = replace(desk.house.gate.reports, profiles={TENANT: PROFILE})
    desk.serve(desk.frame, report_pages.routes(desk.frame, ReportDesk(reports)))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A console with the pages of reports, and two people of the team."""
    async with open_desk(tmp_path) as opened:
        serve(opened)
        await opened.add("second", Role.CHILD_SAFETY)
        yield opened


async def send(
    desk: Desk, browser: httpx.AsyncClient, case: Report, what: str, **typed: str
) -> httpx.Response:
    """Send a form of a case's page, as it stands now."""
    seen = (await case_of(desk.house, case.id)).changed_at.isoformat()
    form = {"form": (await desk.session(browser)).form, "seen": seen, **typed}
    return await browser.post(f"/reports/{case.id}/{what}", data=form)


async def test_one_drafts_and_another_agrees(desk: Desk) -> None:
    """Each sees facts: what was decided, by which rule; that somebody looked is an entry."""
    case = await tainted(desk.house)
    async with await desk.signed_in("child-safety") as browser:
        listed = (await browser.get("/reports")).text
        page = (await browser.get(f"/reports/{case.id}")).text
        drafted = await send(desk, browser, case, "draft", **DRAFT)
        own = await send(desk, browser, case, "second", answer="agree")
    async with await desk.signed_in("second") as browser:
        read = (await browser.get(f"/reports/{case.id}")).text
        agreed = await send(desk, browser, case, "second", answer="agree")
        after = (await browser.get(f"/reports/{case.id}")).text

    assert str(case.id) in listed
    assert "hash.csam.exact" in page
    assert "nobody was shown it" in page
    assert "harbour, " not in page
    assert drafted.status_code == 303
    assert own.status_code == 400
    assert "It is drawn, not photographic" in read
    assert agreed.headers["location"] == "/console/reports?done=approved"
    assert "imprimatur reports file" in after
    assert (await case_of(desk.house, case.id)).standing is Standing.APPROVED
    events = await desk.events()
    assert events.index("report.read") < events.index("report.drafted")


async def test_two_close_what_is_not_reported(desk: Desk) -> None:
    """With a reason of a list; it is among what has ended then."""
    case = await escalated(desk.house)
    async with await desk.signed_in("child-safety") as browser:
        await send(desk, browser, case, "draft", why_not="mistaken")
    async with await desk.signed_in("second") as browser:
        back = await send(desk, browser, case, "second", answer="send-back")
        await send(desk, browser, case, "draft", why_not="mistaken")
    async with await desk.signed_in("child-safety") as browser:
        await send(desk, browser, case, "second", answer="agree")
        ended = (await browser.get("/reports")).text

    assert back.headers["location"] == "/console/reports?done=sent_back"
    assert "What has ended" in ended
    assert (await case_of(desk.house, case.id)).standing is Standing.NOT_REPORTED


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {**DRAFT, "why_not": "mistaken"},
        {"incident": "Child Sex Tourism"},
        {"incident": "Something else"},
        {**DRAFT, "file_flags": "viral"},
        {**DRAFT, "classification": "C1"},
    ],
)
async def test_what_cannot_be_said_is_a_clear_page(desk: Desk, typed: dict[str, str]) -> None:
    """And nothing was done."""
    case = await escalated(desk.house)
    async with await desk.signed_in("child-safety") as browser:
        answer = await send(desk, browser, case, "draft", **typed)

    assert answer.status_code == 400
    assert (await case_of(desk.house, case.id)).standing is Standing.WAITING


async def test_nobody_agrees_to_what_they_were_not_shown(desk: Desk) -> None:
    """The draft was another by the time that the form came."""
    case = await escalated(desk.house)
    async with await desk.signed_in("child-safety") as browser:
        await send(desk, browser, case, "draft", **DRAFT)
        shown = (await case_of(desk.house, case.id)).changed_at
        desk.clock.passes(seconds=1)
        await send(desk, browser, case, "draft", why_not="mistaken")
    async with await desk.signed_in("second") as browser:
        typed = {"seen": shown.isoformat(), "answer": "agree"}
        answer = await send(desk, browser, case, "second", **typed)

    assert answer.status_code == 400
    assert "read it again" in answer.text
    assert (await case_of(desk.house, case.id)).standing is Standing.DRAFTED


async def test_without_a_profile_the_page_says_so(desk: Desk) -> None:
    """And the case waits."""
    pages = report_pages.routes(desk.frame, ReportDesk(desk.house.gate.reports))
    desk.serve(desk.frame, pages)
    case = await escalated(desk.house)
    async with await desk.signed_in("child-safety") as browser:
        page = (await browser.get(f"/reports/{case.id}")).text
        answer = await send(desk, browser, case, "draft", **DRAFT)

    assert "no reporting profile" in page
    assert answer.status_code == 400


async def test_what_is_not_seized_yet_cannot_be_drafted(desk: Desk) -> None:
    """The page says so too."""
    desk.house.log.refuses = frozenset({Kind.MEDIA})
    case = await escalated(desk.house)
    async with await desk.signed_in("child-safety") as browser:
        page = (await browser.get(f"/reports/{case.id}")).text
        answer = await send(desk, browser, case, "draft", **DRAFT)

    assert "Nothing of it is in the quarantine yet" in page
    assert answer.status_code == 400


async def test_nobody_reads_a_case_that_cannot_be_written_down(desk: Desk) -> None:
    """What is not on record is not shown."""
    case = await escalated(desk.house)
    async with await desk.signed_in("child-safety") as browser:
        desk.house.log.refuses = frozenset({Kind.ACCESS})
        answer = await browser.get(f"/reports/{case.id}")

    assert answer.status_code >= 500
    assert "refused" not in answer.text


async def test_another_tenant_s_case_is_not_there(desk: Desk) -> None:
    """For somebody who is kept to one."""
    case = await escalated(desk.house)
    await desk.house.store.tenants.add(Tenant("meadow", "Meadow", NOON))
    await desk.add("noor", Role.CHILD_SAFETY, "meadow")
    async with await desk.signed_in("noor") as browser:
        listed = await browser.get("/reports")
        found = [
            await browser.get(f"/reports/{case.id}"),
            await send(desk, browser, case, "draft", **DRAFT),
            await send(desk, browser, case, "second", answer="agree"),
        ]

    assert str(case.id) not in listed.text
    assert [each.status_code for each in found] == [404, 404, 404]


@pytest.mark.parametrize("name", ["reviewer", "senior", "auditor"])
async def test_it_is_for_the_child_safety_role_alone(desk: Desk, name: str) -> None:
    """Others are not even shown that there is a page."""
    async with await desk.signed_in(name) as browser:
        queue = (await browser.get("/reports")).status_code

    assert queue == 403
