"""Cases of the console in a real browser: the queue, a reveal that covers itself, rulings."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Site, shown
from tests.unit.pipeline.console.desks import NUDE, Desk, open_desk

COLOUR = "[...document.getElementById('shown').getContext('2d').getImageData(0, 0, 1, 1).data]"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk with something held."""
    async with open_desk(tmp_path) as opened:
        await opened.held(NUDE)
        yield opened


@pytest.fixture
async def site(desk: Desk, tmp_path: Path) -> AsyncIterator[Site]:
    """The desk, served, and a browser."""
    async with shown(desk, tmp_path) as opened:
        yield opened


async def claimed(site: Site, name: str = "reviewer", **how: object) -> Page:
    """A page on which somebody has claimed the first case."""
    page = await site.open("/sign-in", **how)
    await site.sign_in(page, name)
    await page.get_by_role("button", name="Claim").click()
    await page.get_by_role("heading", name="The request's words").wait_for()
    return page


async def test_the_queue_and_a_case_can_be_read_by_all(site: Site) -> None:
    """In light and in dark, before a claim and after it."""
    page = await site.open("/sign-in")
    await site.sign_in(page, "reviewer")
    await site.check(page, "queue")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.get_by_text("Shown to whoever has claimed the case").wait_for()
    await site.check(page, "case")
    await page.get_by_role("button", name="Claim this case").click()
    await page.get_by_text("secretword").wait_for()
    await site.check(page, "case-claimed")


async def test_a_picture_is_seen_while_a_key_is_held_and_not_longer(site: Site, desk: Desk) -> None:
    """Each look is written down with its length, and nothing of it is left in the page."""
    page = await claimed(site)
    canvas, button = page.locator("#shown"), page.get_by_role("button", name="Hold to reveal")
    await button.focus()

    await page.keyboard.down("Space")
    await expect(canvas).to_be_visible()
    assert (await page.evaluate(COLOUR))[:3] == [*NUDE]
    await page.keyboard.up("Space")
    await expect(canvas).to_be_hidden()
    assert (await page.evaluate(COLOUR))[3] == 0
    await page.get_by_text("It was shown for").wait_for()

    box = await button.bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 5, box["y"] + 5)
    await page.mouse.down()
    await expect(canvas).to_be_visible()
    await page.evaluate("window.dispatchEvent(new Event('blur'))")
    await expect(canvas).to_be_hidden()
    await page.mouse.up()
    async with page.expect_navigation():  # what is on its way arrives before the next page
        await page.keyboard.press("u")

    assert sorted(await desk.media()) == ["media.covered"] * 2 + ["media.revealed"] * 2
    assert site.faults == []


async def test_no_key_rules_and_keys_rest_while_one_types(site: Site, desk: Desk) -> None:
    """A word with a `u` in it takes nobody to the queue."""
    page = await claimed(site)
    await page.keyboard.press("r")
    await page.keyboard.type("surely unjust")

    assert await page.get_by_label("Reason").input_value() == "surely unjust"
    assert "ruling" not in [leaf.kind.value for leaf in await desk.house.leaves()]


async def test_two_people_release_it(site: Site, desk: Desk) -> None:
    """By keyboard: the ruling is a form like any other."""
    for name, told in (("reviewer", "A second person has to agree"), ("senior", "and released")):
        page = await claimed(site, name)
        await page.get_by_label("Approve").check()
        await page.get_by_label("Reason").fill("a drawing of a harbour")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.get_by_role("status").filter(has_text=told).wait_for()
        await site.check(page, f"queue-after-{name}")
    assert [leaf.kind.value for leaf in await desk.house.leaves()][-1] == "release"


async def test_without_scripts_a_case_is_ruled_and_not_revealed(site: Site, desk: Desk) -> None:
    """Facts and words are enough for most."""
    page = await claimed(site, java_script_enabled=False)
    await expect(page.get_by_role("button", name="Hold to reveal")).to_be_hidden()
    await page.get_by_label("Reject").check()
    await page.get_by_label("Reason").fill("it is not allowed")
    await page.get_by_role("button", name="Rule", exact=True).click()
    await page.get_by_text("Withheld for good").wait_for()

    assert await desk.media() == []
