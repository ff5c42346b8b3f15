"""Accounts are made through the operator's socket: what is shown once, and what is refused."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from pipeline.console import operating
from pipeline.console.roles import Role
from tests.unit.pipeline.console.conftest import Console
from tests.unit.pipeline.world import TENANT

PATH = "/console/accounts"
MIA = {"name": "mia", "role": "reviewer", "tenants": [TENANT], "person": "ana"}


@pytest.fixture
async def desk(console: Console) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the routes alone."""
    app = FastAPI()
    app.include_router(operating.routes(console.doors.accounts))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://operator") as client:
        yield client


async def test_an_account_is_made_once_with_an_address_that_is_shown_once(
    console: Console, desk: httpx.AsyncClient
) -> None:
    """Nobody can set up what somebody else was given."""
    made = (await desk.post(PATH, json=MIA)).json()
    again = await desk.post(PATH, json=MIA)
    listed = (await desk.get(PATH)).json()

    assert again.status_code == 409
    assert "mia" in again.json()["message"]
    secret = made.pop("enrol").removeprefix("/console/enrol?secret=")
    assert listed == [made]
    assert made["tenants"] == [TENANT]
    assert made["pseudonym"].startswith("person-")
    async with console.browser() as browser:
        assert (await browser.get("/enrol", params={"secret": secret})).status_code == 200
        console.clock.passes(hours=25)
        assert (await browser.get("/enrol", params={"secret": secret})).status_code == 404


WRONG: tuple[tuple[dict[str, object], int], ...] = (
    ({"name": "Mia"}, 409),
    ({"name": ""}, 409),
    ({"tenants": ["meadow"]}, 409),
    ({"role": "owner"}, 422),
    ({"person": ""}, 422),
    ({"more": 1}, 422),
)


async def test_what_does_not_go_makes_nothing(console: Console, desk: httpx.AsyncClient) -> None:
    """A slip of the keys is told, and nothing is left of it."""
    for wrong, status in WRONG:
        assert (await desk.post(PATH, json=MIA | wrong)).status_code == status
    assert (await desk.get(PATH)).json() == []
    assert await console.events() == []


@pytest.mark.parametrize(
    ("change", "event"),
    [("disable", "account.disabled"), ("reset", "account.reset"), ("give", "account.changed")],
)
async def test_every_change_signs_its_owner_out_and_is_written_down(
    console: Console, desk: httpx.AsyncClient, change: str, event: str
) -> None:
    """Whoever lost a role at noon does not act under it at one."""
    await console.add("mia")
    given = {"role": "senior", "tenants": [TENANT]} if change == "give" else {}
    async with await console.signed_in("mia") as browser:
        assert (await browser.get("/")).status_code == 200
        changed = await desk.post(
            f"{PATH}/{change}", json={"name": "mia", "person": "ana", **given}
        )
        assert changed.status_code == 200
        assert (await browser.get("/")).status_code == 303

    assert (await console.events())[-1] == event
    assert (
        await desk.post(f"{PATH}/{change}", json={"name": "eve", "person": "ana", **given})
    ).is_error


async def test_a_new_role_is_what_the_next_session_has(
    console: Console, desk: httpx.AsyncClient
) -> None:
    """A change is of what somebody may do, and whose cases they see."""
    await console.add("mia")
    changed = {"name": "mia", "role": "auditor", "tenants": [TENANT], "person": "ana"}
    await desk.post(f"{PATH}/give", json=changed)

    token = await console.doors.signing_in.sign_in(
        "mia", "correct horse battery", console.code("mia")
    )
    session = await console.frame.sessions.of(token)
    assert session is not None
    assert session.role is Role.AUDITOR
    assert (session.sees(TENANT), session.sees("meadow")) == (True, False)


async def test_a_reset_account_is_set_up_anew(console: Console, desk: httpx.AsyncClient) -> None:
    """Neither the old password nor the old authenticator lets anybody in."""
    await console.add("mia")
    await desk.post(f"{PATH}/disable", json={"name": "mia", "person": "ana"})
    reset = (await desk.post(f"{PATH}/reset", json={"name": "mia", "person": "ana"})).json()

    async with console.browser() as browser:
        assert (await browser.post("/sign-in", data=console.form("mia"))).status_code == 403
        link = reset["enrol"].removeprefix("/console")
        key = (await browser.get(link)).text.partition('class="key">')[2].partition("<")[0]
    assert key.replace(" ", "") != console.keys["mia"]
    assert reset["disabled_at"] is None
