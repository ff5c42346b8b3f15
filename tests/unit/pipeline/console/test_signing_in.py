"""Who comes in, who does not, and that it is written down."""

from pipeline.console.frame import COOKIE
from pipeline.console.roles import Role
from tests.unit.pipeline.console.conftest import Console


async def test_somebody_enrols_signs_in_and_out(console: Console) -> None:
    """The whole way, by the pages alone."""
    made = await console.doors.accounts.add("mia", Role.REVIEWER, (), "ana")
    codes = console.doors.accounts.codes
    sealed, owner = made.reviewer.sealed_key, made.reviewer.id
    console.keys["mia"] = codes.spelled(sealed, owner).replace(" ", "")
    async with console.browser() as browser:
        link = f"/enrol?secret={made.secret}"
        shown = await browser.get(link)
        assert codes.spelled(sealed, owner) in shown.text
        assert "<svg" in shown.text
        chosen = {"password": "a long enough one", "again": "a long enough one"}
        form = {"secret": made.secret, "code": console.code("mia"), **chosen}
        assert "Enrolled" in (await browser.post("/enrol", data=form)).text
        assert (await browser.get(link)).status_code == 404

        console.clock.passes(seconds=30)
        typed = console.form("mia", password="a long enough one")
        came = await browser.post("/sign-in", data=typed)
        assert (came.status_code, came.headers["location"]) == (303, "/console/")
        cookie = came.headers["set-cookie"]
        browser.headers["Cookie"] = cookie.partition(";")[0]
        page = await browser.get("/")
        assert "mia, reviewer" in page.text

        carried = page.text.partition('data-form="')[2].partition('"')[0]
        left = await browser.post("/sign-out", data={"form": carried})
        assert left.headers["location"] == "/console/sign-in"
        assert (await browser.get("/")).headers["location"] == "/console/sign-in?to=/console/"

    assert cookie.startswith(f"{COOKIE}=")
    assert {"Secure", "HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert await console.events() == [
        "account.added",
        "account.enrolled",
        "account.signed_in",
        "account.signed_out",
    ]
