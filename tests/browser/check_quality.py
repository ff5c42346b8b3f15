"""Blind checks and figures in a real browser: seen, decided, and read by all."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import ViewportSize

from pipeline.store.samples import Opinion
from tests.browser.conftest import Site, shown, violations
from tests.unit.pipeline.console.checking import draw, let_go, serve_checks
from tests.unit.pipeline.console.desks import Desk, open_desk
from tests.unit.pipeline.world import HELD, NOON

NARROW: ViewportSize = {"width": 360, "height": 740}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Two weeks in the life of a desk, and something to check."""
    async with open_desk(tmp_path) as opened:
        serve_checks(opened)
        for prompt in ("a mill", "a pond", "blockme", "holdme"):
            opened.house.upstream.colours = [HELD]
            await opened.house.end(prompt)
        for each in await draw(opened):
            for person, code in (("person-1", "OK"), ("person-2", "VIO.GORE")):
                said = Opinion(each.id, person, code, opened.clock())
                await opened.store.samples.give(said)
        opened.clock.passes(days=7)
        for prompt in ("a lighthouse, grey sea", "an orchard in snow"):
            sample = await let_go(opened, prompt)
            await opened.store.samples.give(Opinion(sample.id, "person-1", "OK", opened.clock()))
        await opened.house.end("holdme")
        await draw(opened)
        yield opened


@pytest.fixture
async def site(desk: Desk, tmp_path: Path) -> AsyncIterator[Site]:
    """The desk, served, and a browser."""
    async with shown(desk, tmp_path) as opened:
        yield opened


async def test_a_picture_is_checked_blindly_by_keyboard(site: Site, desk: Desk) -> None:
    """Seen while a key is held, covered when it is let go, and decided on."""
    page = await site.open("/sign-in?to=/console/checks")
    await site.sign_in(page, "reviewer")
    await page.get_by_role("link", name="Blind checks", exact=True).click()
    for _ in range(3):
        await page.get_by_role("link", name="The next one").click()
        await page.get_by_role("heading", name="What would you decide?").wait_for()
        button = page.get_by_role("button", name="Hold to reveal")
        if await page.locator("#reveal").count():
            await button.wait_for()  # the script shows it
            await site.check(page, "check")
            await button.focus()
            await page.keyboard.down(" ")
            await page.locator("#shown:not([hidden])").wait_for()
            await page.keyboard.up(" ")
            await page.get_by_text("It was shown for").wait_for()
            await page.locator("h1").click()
        await page.keyboard.press("r")
        await page.get_by_label("What is wrong with it").select_option("OK")
        await page.get_by_role("button", name="Decide").click()
        await page.get_by_role("status").filter(has_text="Kept").wait_for()
    await page.get_by_text("nothing for you to check").wait_for()
    await site.check(page, "checks")

    assert (await desk.events()).count("check.given") == 3
    assert set(await desk.media()) == {"media.revealed", "media.covered"}
    given = await desk.store.samples.given(NOON + timedelta(days=7))
    assert len([each for each in given if each.code == "OK"]) == 5


async def test_a_check_needs_no_scripts(site: Site, desk: Desk) -> None:
    """Only the picture stays as it is: small and blurred."""
    page = await site.open("/sign-in?to=/console/checks", java_script_enabled=False)
    await site.sign_in(page, "senior")
    await page.get_by_role("link", name="Blind checks", exact=True).click()
    await page.get_by_role("link", name="The next one").click()
    await page.get_by_label("What is wrong with it").select_option("OK")
    await page.get_by_role("button", name="Decide").click()
    await page.get_by_role("status").filter(has_text="Kept").wait_for()

    assert (await desk.events()).count("check.given") == 1
    assert await desk.media() == []


async def test_the_figures_can_be_read_by_all(site: Site) -> None:
    """In light and in dark, wide and narrow; the table says what the bars say."""
    page = await site.open("/sign-in?to=/console/figures")
    await site.sign_in(page, "senior")
    await page.goto(f"{site.address}/figures")
    await page.get_by_role("heading", name="Figures of the last 7 days").wait_for()
    await site.check(page, "figures")
    for each in await page.get_by_text("The same as a table").all():
        await each.click()
    await page.get_by_role("columnheader", name="The one before").first.wait_for(state="attached")
    assert await page.get_by_role("table").count() >= 4
    await page.set_viewport_size(NARROW)
    assert await page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    assert await violations(page) == []
    assert site.faults == []
