"""A report in a real browser: drafted by one person, agreed to by another, filed, and closed."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from playwright.async_api import ViewportSize
from pydantic import SecretStr

from pipeline.console import report_pages
from pipeline.console.frame import Frame
from pipeline.console.reports import ReportDesk
from pipeline.console.roles import Role
from pipeline.duties.reports.client import Ispws
from pipeline.duties.reports.filing import Filing
from pipeline.jobs.report_files import ReportFiles
from pipeline.jobs.report_filing import Filer
from tests.browser.conftest import Site, shown
from tests.unit.pipeline.console.desks import Desk, open_desk
from tests.unit.pipeline.duties.reports.cases import PROFILE, case_of, escalated
from tests.unit.pipeline.duties.reports.ispws import PASSWORD, USER, serving
from tests.unit.pipeline.duties.reports.test_filing import at_once
from tests.unit.pipeline.duties.reports.test_reporting import KNOWN, tainted
from tests.unit.pipeline.jobs.test_report_filing import team
from tests.unit.pipeline.world import TENANT

TYPE = "Child Pornography (possession, manufacture, and distribution)"
NARROW: ViewportSize = {"width": 360, "height": 740}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A console with the pages of reports, and two people of the team."""
    async with open_desk(tmp_path) as opened:
        reports = replace(opened.house.gate.reports, profiles={TENANT: PROFILE})
        frame = Frame(opened.frame.sessions, [report_pages.LINK])
        opened.serve(frame, report_pages.routes(frame, ReportDesk(reports)))
        await opened.add("second", Role.CHILD_SAFETY)
        yield opened


@pytest.fixture
async def site(desk: Desk, tmp_path: Path) -> AsyncIterator[Site]:
    """The desk, served, and a browser."""
    async with shown(desk, tmp_path) as opened:
        yield opened


async def test_a_report_from_draft_to_filed_without_scripts(site: Site, desk: Desk) -> None:
    """Two people on the pages, the team's key beside them, and the number at the end."""
    house = desk.house
    await escalated(house)
    case = await tainted(house)
    page = await site.open("/sign-in?to=/console/reports", java_script_enabled=False)
    await site.sign_in(page, "child-safety")
    await page.get_by_role("link", name=f"case {case.id}").click()
    await page.get_by_text("nobody was shown it").wait_for()
    await page.get_by_label("Reported as").select_option(label=TYPE)
    await page.get_by_label("It is drawn, not photographic").check()
    await page.get_by_role("button", name="Draft the report").click()
    await page.get_by_role("status").filter(has_text="Done: drafted").wait_for()

    other = await site.open("/sign-in", java_script_enabled=False)
    await site.sign_in(other, "second")
    await other.goto(f"{site.address}/reports/{case.id}")
    await other.get_by_label("I agree").check()
    await other.get_by_role("button", name="Answer", exact=True).click()
    await other.get_by_role("status").filter(has_text="Done: approved").wait_for()

    reports = replace(house.gate.reports, profiles={TENANT: PROFILE})
    await reports.answer(TENANT, case.id, KNOWN)
    files = ReportFiles(house.store, house.vault, house.gate.limits)
    filing = Filing(house.store, house.log, reports.quarantine, house.clock, at_once, "gateway-1")
    with serving() as service:
        service.now = house.clock()
        async with httpx.AsyncClient(trust_env=False) as http:
            real = Ispws(http, service.address, USER, SecretStr(PASSWORD), is_test=False)
            filer = Filer(reports, files, filing, lambda _: real)
            await filer.file(await case_of(house, case.id), team(house), "mia")
    await page.goto(f"{site.address}/reports")
    await page.get_by_role("heading", name="What has ended").wait_for()
    await page.get_by_text(service.finished[0]).wait_for()


async def test_the_pages_can_be_read_by_all(site: Site, desk: Desk) -> None:
    """In light and in dark, on a wide and a narrow screen."""
    case = await tainted(desk.house)
    await escalated(desk.house)
    page = await site.open("/sign-in")
    await site.sign_in(page, "child-safety")
    await page.goto(f"{site.address}/reports")
    await site.check(page, "reports")
    await page.goto(f"{site.address}/reports/{case.id}")
    await page.get_by_role("heading", name="Draft it").wait_for()
    await site.check(page, "report")
    await page.set_viewport_size(NARROW)
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= NARROW["width"]
