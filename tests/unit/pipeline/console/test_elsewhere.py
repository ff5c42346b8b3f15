"""Whom a provider knows gets in by it: bound by an enrolment, for as long as it is theirs."""

from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import SecretStr

from pipeline.console.doors import PUBLIC
from pipeline.console.elsewhere import AWAY, Elsewhere, Sealing
from pipeline.console.frame import COOKIE
from pipeline.console.roles import Role
from pipeline.openid.provider import Client, OpenIdProvider
from tests.unit.pipeline.console.conftest import Console, numbered
from tests.unit.pipeline.openid.provider_there import BACK, CLIENT_ID, ISSUER, SECRET, There


@pytest.fixture
async def there(console: Console) -> AsyncIterator[There]:
    """A provider that the console asks."""
    provider = There(console.clock)
    async with provider.client() as http:
        client = Client(CLIENT_ID, SecretStr(SECRET), BACK)
        known = OpenIdProvider("Acme", ISSUER, client, http, console.clock)
        doors = console.doors
        sealing = Sealing.create(b"k" * 32, numbered(), console.clock)
        accounts, signing_in = doors.accounts, doors.signing_in
        elsewhere = Elsewhere(
            known, console.store, accounts, signing_in.sessions, signing_in.entries, sealing
        )
        console.doors = type(doors)(accounts, signing_in, doors.peers, elsewhere)
        console.serve(console.frame)
        yield provider


async def comes_back(
    browser: httpx.AsyncClient, there: There, to: str = "", **changed: str
) -> httpx.Response:
    """Go where the console sends, sign in there, and come back."""
    sent = await browser.get(f"/sign-in/elsewhere{to}")
    assert sent.status_code == 303, sent.text
    browser.headers["Cookie"] = sent.headers["set-cookie"].partition(";")[0]
    back = await there.goes(sent.headers["location"]) | changed
    return await browser.get("/sign-in/back", params=back)


async def enrolled(console: Console, there: There, name: str = "mia") -> httpx.Response:
    """Make an account, and have the provider say whose it is."""
    made = await console.doors.accounts.add(name, Role.REVIEWER, (), "ana")
    async with console.browser() as browser:
        return await comes_back(browser, there, f"?secret={made.secret}")


async def test_an_enrolment_makes_an_account_theirs_who_signs_in_there(
    console: Console, there: There
) -> None:
    """From then on it is the provider that says so, and the page leads to where they wanted."""
    first = await enrolled(console, there)
    async with console.browser() as browser:
        door = await browser.get("/sign-in", params={"to": "/console/queue"})
        again = await comes_back(browser, there, "?to=/console/queue")
        browser.headers["Cookie"] = again.headers.get_list("set-cookie")[0].partition(";")[0]
        inside = await browser.get("/")

    assert (first.status_code, again.status_code, inside.status_code) == (200, 200, 200)
    assert 'href="/console/sign-in/elsewhere?to=/console/queue"' in door.text
    assert '<meta http-equiv="refresh" content="0; url=/console/queue">' in again.text
    assert "mia, reviewer" in inside.text
    events = ["account.added", "account.enrolled", "account.signed_in", "account.signed_in"]
    assert await console.events() == events


async def test_the_two_cookies_go_where_each_has_to(console: Console, there: There) -> None:
    """A session's is sent by no other site's link; what went away has to come back from one."""
    made = await console.doors.accounts.add("mia", Role.REVIEWER, (), "ana")
    async with console.browser() as browser:
        sent = await browser.get(f"/sign-in/elsewhere?secret={made.secret}")
        browser.headers["Cookie"] = sent.headers["set-cookie"].partition(";")[0]
        back = await there.goes(sent.headers["location"])
        answer = await browser.get("/sign-in/back", params=back)

    away, (session, gone) = sent.headers["set-cookie"], answer.headers.get_list("set-cookie")
    assert all(word in away for word in ("__Host-", "Secure", "HttpOnly", "SameSite=lax"))
    assert all(word in session for word in (COOKIE, "Secure", "HttpOnly", "SameSite=strict"))
    assert "Max-Age=0" in gone
    assert made.secret not in away


async def test_whom_nobody_enrolled_has_no_account(console: Console, there: There) -> None:
    """That somebody is known there says nothing of what they may do here."""
    await enrolled(console, there)
    there.subject = "another"
    async with console.browser() as browser:
        answer = await comes_back(browser, there)

    assert answer.status_code == 403
    assert "No account here is yours" in answer.text
    assert "set-cookie" not in answer.headers
    assert (await console.events())[-1] == "account.refused"


async def test_a_disabled_or_reset_account_lets_nobody_in(console: Console, there: There) -> None:
    """And whoever enrols it anew need not be the same."""
    await enrolled(console, there)
    await console.doors.accounts.disable("mia", "ana")
    async with console.browser() as browser:
        assert (await comes_back(browser, there)).status_code == 403
    made = await console.doors.accounts.reset("mia", "ana")
    async with console.browser() as browser:
        assert (await comes_back(browser, there)).status_code == 403
    there.subject = "another"
    async with console.browser() as browser:
        assert (await comes_back(browser, there, f"?secret={made.secret}")).status_code == 200


async def test_an_enrolment_works_once_and_one_person_has_one_account(
    console: Console, there: There
) -> None:
    """Two accounts of one person would be the two people that a release needs."""
    await enrolled(console, there)
    second = await enrolled(console, there, "noor")
    made = await console.doors.accounts.add("ida", Role.SENIOR, (), "ana")
    there.subject = "another"
    async with console.browser() as browser:
        used = await comes_back(browser, there, f"?secret={made.secret}")
        again = await browser.get("/sign-in/elsewhere", params={"secret": made.secret})

    assert (second.status_code, used.status_code, again.status_code) == (409, 200, 404)
    assert "another account" in second.text


@pytest.mark.parametrize("changed", [{"state": "another"}, {"code": ""}, {"iss": ISSUER + "/"}])
async def test_an_answer_to_another_question_lets_nobody_in(
    console: Console, there: There, changed: dict[str, str]
) -> None:
    """Else somebody could be signed in as somebody else, or with a stolen code."""
    await enrolled(console, there)
    async with console.browser() as browser:
        answer = await comes_back(browser, there, **changed)

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_without_the_cookie_or_too_late_nobody_is_let_in(
    console: Console, there: There
) -> None:
    """Whoever comes back has to be who went, and not long ago."""
    await enrolled(console, there)
    async with console.browser() as browser:
        sent = await browser.get("/sign-in/elsewhere")
        back = await there.goes(sent.headers["location"])
        cookie = sent.headers["set-cookie"].partition(";")[0]
        for wrong in ("", f"{cookie[:40]}", "__Host-imprimatur-away=nonsense!"):
            browser.headers["Cookie"] = wrong
            assert (await browser.get("/sign-in/back", params=back)).status_code == 403
        browser.headers["Cookie"] = cookie
        console.clock.passes(seconds=AWAY.total_seconds() + 1)
        late = await browser.get("/sign-in/back", params=back)

    assert (late.status_code, "too long" in late.text) == (403, True)


async def test_a_provider_that_is_away_is_said_to_be(console: Console, there: There) -> None:
    """Whoever has a password here still gets in."""
    there.said = {"jwks_uri": None}
    async with console.browser() as browser:
        answer = await browser.get("/sign-in/elsewhere")
        door = await browser.get("/sign-in")

    assert (answer.status_code, "Acme" in answer.text) == (503, True)
    assert door.status_code == 200


async def test_nobody_leads_elsewhere_than_to_a_page_of_ours(
    console: Console, there: There
) -> None:
    """An address that a link brought is no place to send people."""
    await enrolled(console, there)
    async with console.browser() as browser:
        answer = await comes_back(browser, there, "?to=https://elsewhere.example/")

    assert "url=/console/" in answer.text
    assert "elsewhere.example" not in answer.text


async def test_where_no_provider_is_named_there_is_none(console: Console) -> None:
    """The routes are there, and lead nowhere."""
    async with console.browser() as browser:
        answers = [await browser.get(path) for path in ("/sign-in/elsewhere", "/sign-in/back")]
        door = await browser.get("/sign-in")

    assert [each.status_code for each in answers] == [404, 404]
    assert "elsewhere" not in door.text
    assert {"/sign-in/elsewhere", "/sign-in/back"} <= PUBLIC
