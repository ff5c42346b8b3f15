"""Notices to take something down in a real browser: the list, one of them, and a decision."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import ViewportSize

from pipeline.console import takedown_pages
from pipeline.console.frame import Frame
from tests.browser.conftest import Site, shown
from tests.unit.pipeline.console.desks import Desk, open_desk
from tests.unit.pipeline.console.test_takedown_pages import notices_of, sent

NARROW: ViewportSize = {"width": 360, "height": 740}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A console with a notice that waits, one that is not whole, and one that is late."""
    async with open_desk(tmp_path) as opened:
        with notices_of(opened.house) as notices:
            frame = Frame(opened.frame.sessions, [takedown_pages.LINK])
            opened.serve(frame, takedown_pages.routes(frame, notices))
            await sent(opened)
            opened.clock.passes(hours=49)
            await sent(opened)
            await sent(opened, whole=False)
            yield opened


@pytest.fixture
async def site(desk: Desk, tmp_path: Path) -> AsyncIterator[Site]:
    """The desk, served, and a browser."""
    async with shown(desk, tmp_path) as opened:
        yield opened


async def test_a_notice_is_decided_without_scripts(site: Site, desk: Desk) -> None:
    """What is due first is first; the list says that the platform is told."""
    page = await site.open("/sign-in?to=/console/takedowns", java_script_enabled=False)
    await site.sign_in(page, "senior")
    await page.get_by_role("link", name="take-it-down, late by").click()
    await page.get_by_label("Take it down").check()
    await page.get_by_label("Reason").fill("it is hers")
    await page.get_by_role("button", name="Decide").click()
    await page.get_by_role("status").filter(has_text="The platform is told").wait_for()

    assert (await desk.events()).count("takedown.decided") == 1


async def test_the_pages_can_be_read_by_all(site: Site) -> None:
    """In light and in dark, on a wide and a narrow screen."""
    page = await site.open("/sign-in?to=/console/takedowns")
    await site.sign_in(page, "senior")
    await page.get_by_role("heading", name="Notices to take something down").wait_for()
    await site.check(page, "takedowns")
    await page.get_by_role("link", name="take-it-down").first.click()
    await page.get_by_role("heading", name="Your decision").wait_for()
    await site.check(page, "takedown")
    await page.set_viewport_size(NARROW)
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= NARROW["width"]
