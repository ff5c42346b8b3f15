"""Who comes in, who does not, and that it is written down."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from audit.entry import Entry, Kind
from audit.errors import NotDurableError
from audit.log import Log
from pipeline.console.errors import WaitError, WrongError
from pipeline.console.frame import COOKIE
from pipeline.console.roles import Role
from pipeline.console.sessions import IDLE, LONGEST
from tests.unit.pipeline.console.conftest import PASSWORD, Console


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
        typed = {**console.form("mia"), "password": "a long enough one", "name": " Mia"}
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


WRONG = (
    {"name": "eve"},
    {"name": "' or 1=1"},
    {"name": "m" * 900},
    {"password": PASSWORD[:-1]},
    {"password": "p" * 900},
    {"code": "000000"},
    {"code": "1"},
)


async def test_one_wrong_thing_of_three_lets_nobody_in_and_is_not_named(console: Console) -> None:
    """The answer is the same, so a guesser learns nothing from it."""
    await console.add("mia")

    for wrong in WRONG:
        async with console.browser() as browser:
            answer = await browser.post("/sign-in", data={**console.form("mia"), **wrong})
        console.clock.passes(hours=1)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
        assert "password or the code is wrong" in answer.text
        assert PASSWORD not in answer.text


async def test_a_code_lets_in_once(console: Console) -> None:
    """Whoever looked over a shoulder is too late, even within the half minute."""
    await console.add("mia")
    form = console.form("mia")

    async with console.browser() as browser:
        first = await browser.post("/sign-in", data=form)
        second = await browser.post("/sign-in", data=form)

    assert (first.status_code, second.status_code) == (303, 403)


async def test_of_two_at_once_with_one_code_one_comes_in(console: Console) -> None:
    """The step is used up in one transaction."""
    await console.add("mia")
    code, sign_in = console.code("mia"), console.doors.signing_in.sign_in

    both = await asyncio.gather(
        *(sign_in("mia", PASSWORD, code) for _ in range(2)), return_exceptions=True
    )

    assert sorted(type(each).__name__ for each in both) == ["WrongError", "str"]


async def test_the_code_that_enrolled_does_not_sign_in(console: Console) -> None:
    """It was shown, so it is used."""
    accounts = console.doors.accounts
    made = await accounts.add("mia", Role.REVIEWER, (), "ana")
    key = accounts.codes.spelled(made.reviewer.sealed_key, made.reviewer.id)
    console.keys["mia"] = key.replace(" ", "")
    await accounts.enrol(made.secret, PASSWORD, console.code("mia"))

    with pytest.raises(WrongError):
        await console.doors.signing_in.sign_in("mia", PASSWORD, console.code("mia"))


@pytest.mark.parametrize("name", ["mia", "nobody"])
async def test_whoever_fails_five_times_waits_ever_longer(console: Console, name: str) -> None:
    """Six digits are guessed in a day by whoever need not wait. Names that nobody has wait too."""
    await console.add("mia")
    sign_in = console.doors.signing_in.sign_in

    for _ in range(5):
        with pytest.raises(WrongError):
            await sign_in(name, "wrong wrong wrong", "000000")
    with pytest.raises(WaitError) as first:
        await sign_in(name, PASSWORD, console.code("mia"))
    console.clock.passes(seconds=first.value.seconds)
    with pytest.raises(WrongError):
        await sign_in(name, "wrong wrong wrong", "000000")
    with pytest.raises(WaitError) as second:
        await sign_in(name, PASSWORD, console.code("mia"))

    assert (first.value.seconds, second.value.seconds) == (30, 60)
    assert (await console.events()).count("account.refused") == 6
    assert (await console.events()).count("account.locked") == 2


async def test_nobody_waits_longer_than_a_quarter_of_an_hour_and_a_success_forgives(
    console: Console,
) -> None:
    """Else five requests a day would keep a reviewer out for good."""
    await console.add("mia")
    sign_in, waited = console.doors.signing_in.sign_in, 0

    for _ in range(40):
        try:
            await sign_in("mia", "wrong wrong wrong", "000000")
        except WrongError:
            continue
        except WaitError as fault:
            waited = fault.seconds
            console.clock.passes(seconds=waited)

    assert waited == 15 * 60
    assert await sign_in("mia", PASSWORD, console.code("mia"))
    with pytest.raises(WrongError):
        await sign_in("mia", "wrong wrong wrong", "000000")
    console.clock.passes(seconds=30)
    assert await sign_in("mia", PASSWORD, console.code("mia"))


async def test_guesses_at_once_count_before_they_are_looked_at(console: Console) -> None:
    """A hundred at the same time are a hundred, not one."""
    await console.add("mia")
    sign_in = console.doors.signing_in.sign_in

    guesses = await asyncio.gather(
        *(sign_in("mia", "wrong wrong wrong", "000000") for _ in range(12)), return_exceptions=True
    )

    assert [type(each) for each in guesses].count(WrongError) == 5
    assert [type(each) for each in guesses].count(WaitError) == 7


async def test_an_address_that_tries_many_names_waits(console: Console) -> None:
    """Whatever the names are; another address does not wait."""
    typed = {"password": "x", "code": "1"}
    async with console.browser() as browser, console.browser("192.0.2.2") as other:
        answers = [
            await browser.post("/sign-in", data={"name": f"{number} no name", **typed})
            for number in range(61)
        ]
        elsewhere = await other.post("/sign-in", data={"name": "mia", **typed})

    assert {each.status_code for each in answers[:60]} == {403}
    assert answers[60].status_code == 429
    assert "Try again in 600 seconds" in answers[60].text
    assert elsewhere.status_code == 403


@pytest.mark.parametrize(("used_every", "ends_after"), [(IDLE, IDLE), (IDLE - IDLE / 10, LONGEST)])
async def test_a_session_ends_when_it_is_not_used_and_after_a_shift(
    console: Console, used_every: timedelta, ends_after: timedelta
) -> None:
    """A screen that somebody left, and a cookie that somebody copied."""
    await console.add("mia")
    begun = console.clock()
    async with await console.signed_in("mia") as browser:
        while (await browser.get("/")).status_code == 200:
            console.clock.at += used_every

    assert console.clock() - begun >= ends_after
    assert console.clock() - begun <= ends_after + IDLE


async def test_nobody_comes_in_whose_coming_cannot_be_written_down(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No entry, no session."""
    await console.add("mia")

    async def full(_: Log, __: Entry) -> None:
        raise NotDurableError("entry", "the disk is full")

    monkeypatch.setattr(Log, "append", full)
    async with console.browser() as browser:
        answer = await browser.post("/sign-in", data=console.form("mia"))

    assert answer.status_code == 503
    assert "set-cookie" not in answer.headers
    assert "Traceback" not in answer.text
    assert "disk" not in answer.text


async def test_the_log_and_the_database_do_not_tell_who_or_by_what(
    console: Console, tmp_path: Path
) -> None:
    """A leaf names a pseudonym at most, sealed; a copy of app.db holds no token and no key."""
    reviewer = await console.add("mia")
    token = await console.doors.signing_in.sign_in("mia", PASSWORD, console.code("mia"))
    leaves = b"".join(each.leaf for each in await console.log.tail(100))
    kept = await asyncio.to_thread(
        lambda: b"".join(path.read_bytes() for path in tmp_path.glob("app.db*"))
    )

    assert b"mia" not in leaves
    assert reviewer.pseudonym.encode() not in leaves
    assert reviewer.pseudonym.encode() in kept
    for secret in (token, PASSWORD, console.keys["mia"]):
        assert secret.encode() not in kept
    assert Kind.ACCESS.value.encode() in leaves


async def test_signing_in_leads_nowhere_else(console: Console) -> None:
    """A link to our sign-in page must not end at somebody else's."""
    await console.add("mia")
    for to in ("//evil.example", "https://evil.example", "/console/..//x", "/", ""):
        async with console.browser() as browser:
            came = await browser.post("/sign-in", data={**console.form("mia"), "to": to})
        console.clock.passes(seconds=30)
        assert came.headers["location"] == "/console/"


async def test_signing_in_leads_back_to_the_page_that_was_asked_for(console: Console) -> None:
    """A link to a case works for whoever is not signed in yet."""
    await console.add("mia")
    asked = "/console/cases/5f0c2f1e-93a3-5d6e-8f7b-0a4c41d2b0aa"
    async with console.browser() as browser:
        page = await browser.get("/sign-in", params={"to": asked})
        came = await browser.post("/sign-in", data={**console.form("mia"), "to": asked})

    assert f'value="{asked}"' in page.text
    assert came.headers["location"] == asked


async def test_somebody_signed_in_is_not_asked_again(console: Console) -> None:
    """The sign-in page sends them on."""
    await console.add("mia")
    async with await console.signed_in("mia") as browser:
        assert (await browser.get("/sign-in")).headers["location"] == "/console/"


async def test_an_enrolment_that_fails_can_be_tried_again(console: Console) -> None:
    """A typing mistake does not cost the one secret that there is."""
    made = await console.doors.accounts.add("mia", Role.REVIEWER, (), "ana")
    codes = console.doors.accounts.codes
    key = codes.spelled(made.reviewer.sealed_key, made.reviewer.id)
    console.keys["mia"] = key.replace(" ", "")
    typed = {"secret": made.secret, "password": PASSWORD, "again": PASSWORD}
    short = {"password": "short", "again": "short"}

    async with console.browser() as browser:
        for wrong in ({"again": "another long one"}, short, {"code": "1"}):
            form = {**typed, "code": console.code("mia"), **wrong}
            failed = await browser.post("/enrol", data=form)
            assert failed.status_code in {400, 403, 409}
            assert 'role="alert"' in failed.text
        form = {**typed, "code": console.code("mia")}
        assert "Enrolled" in (await browser.post("/enrol", data=form)).text
