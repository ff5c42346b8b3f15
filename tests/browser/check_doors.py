"""The doors of the console, in a real browser: enrol, sign in, sign out, and how each looks."""

from collections.abc import Mapping
from dataclasses import replace

from pipeline.console import operation
from pipeline.console.operation import Standing
from pipeline.console.roles import Role
from pipeline.items import Cause
from tests.browser.conftest import Site
from tests.unit.pipeline.console.conftest import PASSWORD
from tests.unit.pipeline.console.test_operation import REPORT


async def test_somebody_enrols_signs_in_and_out(site: Site) -> None:
    """The cookie is `Secure` over plain HTTP: a browser takes this machine for safe."""
    made = await site.console.doors.accounts.add("mia", Role.REVIEWER, (), "ana")
    page = await site.open(f"/enrol?secret={made.secret}")
    await site.check(page, "enrol")
    key = await page.locator(".key").inner_text()
    site.console.keys["mia"] = key.replace(" ", "")
    await page.get_by_label("The code that it shows now").fill(site.console.code("mia"))
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_label("Password, again").fill(PASSWORD)
    await page.get_by_role("button", name="Enrol").click()
    await site.check(page, "enrolled")

    site.console.clock.passes(seconds=30)
    await page.get_by_role("link", name="Sign in").click()
    await site.check(page, "sign-in")
    await site.sign_in(page, "mia")
    await page.get_by_text("mia, reviewer").wait_for()
    await site.check(page, "first")
    (cookie,) = await page.context.cookies()
    assert cookie.get("name") == "__Host-imprimatur"
    assert (cookie.get("secure"), cookie.get("httpOnly")) == (True, True)
    assert await page.evaluate("document.cookie") == ""

    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("heading", name="Sign in").wait_for()
    await page.go_back()
    await page.get_by_role("heading", name="Sign in").wait_for()
    assert await page.context.cookies() == []


async def test_it_works_without_a_script_and_by_keyboard_alone(site: Site) -> None:
    """Whoever cannot use a mouse, or lets no script run, can come in."""
    await site.console.add("mia")
    page = await site.open("/sign-in", java_script_enabled=False)
    for typed in ("mia", PASSWORD, site.console.code("mia")):
        await page.keyboard.type(typed)
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")

    await page.get_by_text("mia, reviewer").wait_for()


async def test_a_mistake_is_told_beside_the_form(site: Site) -> None:
    """The name stays; what is secret does not."""
    await site.console.add("mia")
    page = await site.open("/sign-in")
    site.console.keys["mia"] = "A" * 32
    await site.sign_in(page, "mia")

    await page.get_by_role("alert").wait_for()
    site.faults.clear()  # a browser tells of any answer with 403
    await site.check(page, "sign-in-wrong")
    assert await page.get_by_label("Name").input_value() == "mia"
    assert await page.get_by_label("Password").input_value() == ""


async def test_a_page_that_is_not_there_says_so(site: Site) -> None:
    """A dead end leads back."""
    page = await site.open("/nowhere")
    site.faults.clear()  # a browser tells of any answer with 404
    await site.check(page, "nowhere")
    await page.get_by_role("link", name="To the first page").click()
    await page.get_by_role("heading", name="Sign in").wait_for()


async def test_the_operators_page_can_be_read_by_all(site: Site) -> None:
    """With a part that fails: it is told in words, not by a colour alone."""

    async def ready() -> Mapping[str, object]:
        return REPORT

    async def held() -> Mapping[Cause, int]:
        return {Cause.SUSPICION: 3, Cause.INCAPACITY: 0}

    frame = replace(site.console.frame, links=[operation.LINK])
    standing = Standing(ready, held, lambda: site.console.log.checkpoint)
    site.console.serve(frame, operation.routes(frame, standing))
    await site.console.add("ada", Role.ADMIN)
    page = await site.open("/sign-in")
    await site.sign_in(page, "ada")

    await page.get_by_role("heading", name="Operation").wait_for()
    await site.check(page, "operation")
    assert await page.get_by_role("link", name="Operation").count() == 1
