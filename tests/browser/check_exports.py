"""A transparency report in a real browser: asked for, watched, and taken; no script is needed."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4
from zipfile import ZipFile

import pytest
from playwright.async_api import ViewportSize

from pipeline.console import export_pages, exporting
from pipeline.console.exporting import Exports
from pipeline.console.frame import Frame
from tests.browser.conftest import Site, shown
from tests.unit.pipeline.console.desks import Desk, open_desk

NARROW: ViewportSize = {"width": 360, "height": 740}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A console over a log in which something happened."""
    async with open_desk(tmp_path) as opened:
        house = opened.house
        frame = Frame(opened.frame.sessions, [export_pages.LINK])
        exports = Exports(house.log, house.store, house.clock, uuid4)
        opened.serve(frame, export_pages.routes(frame, exports))
        await house.end()
        await house.end("blockme")
        yield opened


@pytest.fixture
async def site(desk: Desk, tmp_path: Path) -> AsyncIterator[Site]:
    """The desk, served, and a browser."""
    async with shown(desk, tmp_path) as opened:
        yield opened


async def test_a_report_is_watched_and_taken_without_scripts(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page goes on by itself, tells how far it is, and has the file in the end."""
    monkeypatch.setattr(exporting, "PAGE", 3)
    monkeypatch.setattr(exporting, "AT_ONCE", 1)
    page = await site.open("/sign-in?to=/console/exports", java_script_enabled=False)
    await site.sign_in(page, "auditor")
    await page.get_by_label("Who provides the service").fill("Harbour Ltd")
    await page.get_by_label("The service", exact=True).fill("Harbour")
    await page.get_by_label("First day").fill("2000-01-01")
    await page.get_by_label("Last day").fill("2099-12-31")
    await page.get_by_role("button", name="Make it").click()
    await page.get_by_role("progressbar").wait_for()
    await page.get_by_role("link", name="Take it").wait_for()
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="Take it").click()
    taken = tmp_path / "taken.zip"
    await (await waiting.value).save_as(taken)

    with ZipFile(taken) as pack:
        assert "report.json" in pack.namelist()


async def test_the_pages_can_be_read_by_all(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """In light and in dark, on a wide and a narrow screen, while it is made and after."""
    monkeypatch.setattr(exporting, "PAGE", 1)
    monkeypatch.setattr(exporting, "AT_ONCE", 1)
    monkeypatch.setattr(export_pages, "_SECONDS", "3600")
    page = await site.open("/sign-in?to=/console/exports")
    await site.sign_in(page, "auditor")
    await page.get_by_label("Who provides the service").fill("Harbour Ltd")
    await page.get_by_label("The service", exact=True).fill("Harbour")
    await page.get_by_label("First day").fill("2000-01-01")
    await page.get_by_label("Last day").fill("2099-12-31")
    await site.check(page, "exports")
    await page.get_by_role("button", name="Make it").click()
    await page.get_by_role("progressbar").wait_for()
    await site.check(page, "export-making")
    monkeypatch.setattr(exporting, "PAGE", 1_000)
    await page.reload()
    await page.get_by_role("link", name="Take it").wait_for()
    await site.check(page, "export")
    await page.set_viewport_size(NARROW)
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= NARROW["width"]
