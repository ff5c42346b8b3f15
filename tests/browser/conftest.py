"""A console behind a real socket, and Debian's Chromium in front of it.

No part of `make test`: `make browser` runs these, and `make screenshots` keeps what they see.
"""

import os
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from tests.e2e.conftest import served
from tests.unit.pipeline.console.conftest import PASSWORD, Console, open_console

CHROMIUM = "/usr/bin/chromium"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
SIZE: ViewportSize = {"width": 1280, "height": 800}


@dataclass
class Site:
    """A console and a browser that shows it."""

    console: Console
    address: str
    browser: Browser
    folder: Path
    """Where screenshots are kept."""

    async def open(self, path: str = "/", **how: Any) -> Page:
        """Open a page in a browser that was never here; a fault in it, or of it, fails the test."""
        context = await self.browser.new_context(viewport=SIZE, **how)
        page = await context.new_page()
        self.watch(page)
        await page.goto(self.address + path)
        return page

    def watch(self, page: Page) -> None:
        """Fail at what no page may do: throw, break the policy, or ask somebody else."""
        self.faults: list[str] = []
        page.on("pageerror", lambda fault: self.faults.append(str(fault)))
        page.on(
            "console", lambda said: self.faults.append(said.text) if said.type == "error" else None
        )
        page.on(
            "request",
            lambda asked: (
                None if asked.url.startswith(self.address) else self.faults.append(asked.url)
            ),
        )

    async def sign_in(self, page: Page, name: str) -> None:
        """Type what somebody signs in with, on the page that asks for it."""
        await page.get_by_label("Name").fill(name)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_label("Code of your authenticator").fill(self.console.code(name))
        await page.get_by_role("button", name="Sign in").click()
        self.console.clock.passes(seconds=30)

    async def check(self, page: Page, name: str) -> None:
        """Hold a page to axe-core's rules in light and in dark, and keep what it looks like."""
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme)
            assert await violations(page) == []
            await page.screenshot(path=self.folder / f"{name}-{scheme}.png", full_page=True)
        assert self.faults == []


async def violations(page: Page) -> Sequence[str]:
    """Return what shuts people out of a page, by axe-core's names."""
    found = (await Axe().run(page)).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found]


@asynccontextmanager
async def shown(console: Console, folder: Path) -> AsyncGenerator[Site]:
    """Serve a console, and open a browser."""
    kept = os.environ.get("IMPRIMATUR_SCREENSHOTS")
    shots = folder / "shots" if kept is None else Path(kept)
    shots.mkdir(parents=True, exist_ok=True)
    async with (
        served(console.app) as address,
        async_playwright() as playwright,
        await playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET]) as browser,
    ):
        yield Site(console, address + "/console", browser, shots)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A console that is served, and a browser."""
    async with open_console(tmp_path) as console, shown(console, tmp_path) as site:
        yield site
