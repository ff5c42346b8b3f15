"""Appeals in a real browser: the list, a case that somebody decides, and what must not be told."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import ViewportSize

from pipeline.console import appeal_pages
from pipeline.console.appeals import AppealDesk
from pipeline.console.frame import Frame
from tests.browser.conftest import Site, shown
from tests.unit.pipeline.console.desks import Desk, open_desk
from tests.unit.pipeline.console.test_appeal_pages import appealed

NARROW: ViewportSize = {"width": 360, "height": 740}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A console with appeals that wait, two of them of one cause."""
    async with open_desk(tmp_path) as opened:
        frame = Frame(opened.frame.sessions, [appeal_pages.LINK])
        opened.serve(frame, appeal_pages.routes(frame, AppealDesk(opened.house.gate.appeals)))
        words = "blockme an old wooden lighthouse by the grey northern sea"
        await appealed(opened, words, "It is a lighthouse, and the sea. What is wrong with it?")
        await appealed(opened, f"{words} dawn", "Please look again: it is a lighthouse at dawn.")
        await appealed(opened, "graveword", "Please look again.")
        yield opened


@pytest.fixture
async def site(desk: Desk, tmp_path: Path) -> AsyncIterator[Site]:
    """The desk, served, and a browser."""
    async with shown(desk, tmp_path) as opened:
        yield opened


async def test_an_appeal_is_read_and_decided_without_scripts(site: Site, desk: Desk) -> None:
    """By somebody who did not decide before; the list says what came of it."""
    page = await site.open("/sign-in?to=/console/appeals", java_script_enabled=False)
    await site.sign_in(page, "senior")
    await page.get_by_role("link", name="Appeals", exact=True).click()
    await page.get_by_role("link", name="SELF.HARM").click()
    await page.get_by_text("What is wrong with it?").wait_for()
    await page.get_by_label("Reversed").check()
    await page.get_by_label("By which code").select_option("OK")
    await page.get_by_label("Reason").fill("a lighthouse is a lighthouse")
    await page.get_by_role("button", name="Decide").click()
    await page.get_by_role("status").filter(has_text="Decided: 2").wait_for()

    assert (await desk.events()).count("appeal.decided") == 2


async def test_the_pages_can_be_read_by_all(site: Site) -> None:
    """In light and in dark, on a wide and a narrow screen; CSE for its own lane alone."""
    page = await site.open("/sign-in")
    await site.sign_in(page, "senior")
    await page.goto(f"{site.address}/appeals")
    assert await page.get_by_role("link", name="CSE").count() == 0
    await site.check(page, "appeals")
    await page.get_by_role("link", name="SELF.HARM").click()
    await page.get_by_role("heading", name="Your decision").wait_for()
    await site.check(page, "appeal")
    await page.set_viewport_size(NARROW)
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= NARROW["width"]

    other = await site.open("/sign-in")
    await site.sign_in(other, "child-safety")
    await other.goto(f"{site.address}/appeals")
    await other.get_by_role("link", name="CSE").click()
    await other.get_by_role("link", name="What its end user is told").click()
    await other.get_by_role("button", name="Lift it").wait_for()
    await site.check(other, "notice")
