"""Cases of the console in a real browser: the queue, a reveal that covers itself, rulings."""

import base64
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image
from playwright.async_api import Page, expect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from audit.vkey import VerifierKey
from pipeline.console.derivative import SIDE
from pipeline.console.sessions import IDLE
from pipeline.settings.queues import Hideable, ReviewQueue
from pipeline.store.accounts import GateMiss
from pipeline.store.exposures import MOST_IN_A_ROW
from pipeline.store.first_approvals import FirstApproval
from pipeline.store.strikes import Strike
from tests.browser.conftest import Site, shown, violations
from tests.unit.pipeline.console.desks import NUDE, Desk, open_desk
from tests.unit.pipeline.console.test_case_pages import becomes
from tests.unit.pipeline.world import TENANT, png

COLOUR = "[...document.getElementById('shown').getContext('2d').getImageData(0, 0, 1, 1).data]"


Heard = list[tuple[str, bytes]]
"""The path and the bytes of every answer that left."""


class Listening:
    """Keeps whatever an application answers, and changes nothing."""

    def __init__(self, app: ASGIApp, heard: Heard) -> None:
        self.app, self.heard = app, heard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on."""
        parts: list[bytes] = []

        async def listened(message: Message) -> None:
            parts.append(message.get("body", b""))
            await send(message)

        await self.app(scope, receive, listened)
        self.heard.append((scope["path"], b"".join(parts)))


@pytest.fixture
def heard() -> Heard:
    """What left in one test."""
    return []


@pytest.fixture
async def desk(tmp_path: Path, heard: Heard) -> AsyncIterator[Desk]:
    """A desk with something held."""
    async with open_desk(tmp_path) as opened:
        opened.app.add_middleware(Listening, heard=heard)
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
    await page.wait_for_load_state()  # until then no script listens to keys
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


async def test_a_queue_with_a_name_can_be_read_and_hides_what_it_says(
    tmp_path: Path, heard: Heard
) -> None:
    """Its name is a link to its cases, and no page of them offers what is hidden there."""
    people = ReviewQueue(name="Real people", code="NCII.", hides=frozenset({Hideable.APPROVE}))
    async with open_desk(tmp_path, [people]) as desk:
        desk.app.add_middleware(Listening, heard=heard)
        await desk.held(NUDE)
        async with shown(desk, tmp_path) as site:
            page = await site.open("/sign-in")
            await site.sign_in(page, "reviewer")
            await page.get_by_role("link", name="Real people").click()
            await page.get_by_text("(not there: approve)").wait_for()
            await site.check(page, "queue-named")
            await page.get_by_role("button", name="Claim").click()
            await page.get_by_label("Reject, and withhold it for good").wait_for()
            assert await page.get_by_label("Approve", exact=True).count() == 0
            assert await page.get_by_role("button", name="Escalate").count() == 1


async def test_the_team_can_say_that_a_case_is_something_else(site: Site, desk: Desk) -> None:
    """Nothing is drawn of it; one person has said so, and a second reads that."""
    (hold,) = await desk.store.holds.waiting()
    await becomes(desk, hold, "CSE.DRAWN")
    said = FirstApproval(hold.id, "person-0000000000", desk.clock(), "SEX.NUDITY")
    await desk.store.first_approvals.give(said)

    page = await claimed(site, "child-safety")

    await page.get_by_text("One person says that it is SEX.NUDITY.").wait_for()
    await site.check(page, "case-of-the-team")
    await page.get_by_label("What it is").select_option("VIO.GORE")
    await page.locator("#because").fill("nobody in it is young")
    await page.get_by_role("button", name="Say so").click()
    await page.get_by_text("It stays with the team until a second person").wait_for()
    assert site.faults == []


async def test_what_novelai_minded_can_be_read_on_the_queue(site: Site, desk: Desk) -> None:
    """Beside what is held, and alone, by its cause."""
    miss = GateMiss(uuid4(), uuid4(), TENANT, "t1", "objected", desk.clock())
    await desk.store.accounts.open(miss)
    page = await site.open("/sign-in")
    await site.sign_in(page, "reviewer")

    await page.get_by_text(str(miss.id)).wait_for()
    await site.check(page, "queue-missed")
    await page.get_by_label("Because of").select_option("gate miss")
    await page.get_by_role("button", name="Show").click()
    await expect(page.get_by_role("button", name="Claim")).to_have_count(0)
    await page.get_by_text(str(miss.id)).wait_for()
    assert site.faults == []


async def test_where_end_users_stand_can_be_read(site: Site, desk: Desk) -> None:
    """In light and in dark; by nobody who may not read cases."""
    (hold,) = await desk.store.holds.waiting()
    for who, code, weight in (("3f" * 32, "SEX.NONCON", 2), ("a1" * 32, "VIO.TORTURE", 1)):
        at, until = desk.clock(), desk.clock() + timedelta(days=90)
        made = (TENANT, who, hold.submission, uuid4(), code, True, weight, at, until)
        await desk.store.strikes.add(Strike(uuid4(), *made))
    page = await site.open("/sign-in")
    await site.sign_in(page, "auditor")

    await page.goto(site.address + "/standing")

    await page.get_by_text("cool_down").first.wait_for()
    await site.check(page, "standing")
    assert site.faults == []


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

    assert await page.get_by_label("Reason").first.input_value() == "surely unjust"
    assert "ruling" not in [leaf.kind.value for leaf in await desk.house.leaves()]


async def test_two_people_release_it(site: Site, desk: Desk) -> None:
    """By keyboard: the ruling is a form like any other."""
    for name, told in (
        ("reviewer", "A second person has to agree"),
        ("senior", "you can take it back"),
    ):
        page = await claimed(site, name)
        await page.get_by_label("Approve").check()
        await page.get_by_label("Reason").first.fill("a drawing of a harbour")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.get_by_role("status").filter(has_text=told).wait_for()
        await site.check(page, f"queue-after-{name}")
    assert await desk.carried_out() == ["released"]
    assert [leaf.kind.value for leaf in await desk.house.leaves()][-1] == "release"


async def test_without_scripts_a_case_is_ruled_and_not_revealed(site: Site, desk: Desk) -> None:
    """Facts and words are enough for most."""
    page = await claimed(site, java_script_enabled=False)
    await expect(page.get_by_role("button", name="Hold to reveal")).to_be_hidden()
    await page.get_by_label("Reject").check()
    await page.get_by_label("Reason").first.fill("it is not allowed")
    await page.get_by_role("button", name="Rule", exact=True).click()
    await page.get_by_text("you can take it back").wait_for()

    assert await desk.carried_out() == ["withheld"]
    assert await desk.media() == []


async def test_who_was_signed_out_meanwhile_still_has_their_words(site: Site, desk: Desk) -> None:
    """Nothing was done, and the page says so."""
    page = await claimed(site)
    await page.get_by_label("Reject, and withhold it for good").check()
    await page.locator("#reason").fill("it is not a lake")
    desk.clock.passes(seconds=IDLE.total_seconds())
    await page.get_by_role("button", name="Rule", exact=True).click()
    await page.get_by_role("heading", name="You are signed out").wait_for()

    words = page.get_by_label("What you wrote, to use it again")
    assert await words.input_value() == "it is not a lake"
    assert await violations(page) == []
    assert await desk.carried_out() == []


async def test_what_was_ruled_is_taken_back(site: Site, desk: Desk) -> None:
    """Within its minute, without scripts; then the case is there again."""
    page = await claimed(site, java_script_enabled=False)
    await page.get_by_label("Reject").check()
    await page.get_by_label("Reason").first.fill("it is not allowed")
    await page.get_by_role("button", name="Rule", exact=True).click()
    await page.get_by_role("link", name="Your rulings").first.click()
    await page.get_by_role("button", name="Take it back").click()
    await page.get_by_text("1 taken back").wait_for()

    assert await desk.carried_out() == []
    await page.get_by_role("link", name="Queue").click()
    await page.get_by_role("button", name="Claim").wait_for()


async def test_many_are_ruled_on_together_once_it_is_typed(site: Site, desk: Desk) -> None:
    """What is about to happen is shown first; what was typed wrong does nothing."""
    for _ in range(2):
        await desk.held()
    page = await site.open("/sign-in")
    await site.sign_in(page, "senior")
    await page.get_by_role("checkbox").first.wait_for()
    for box in await page.get_by_role("checkbox").all():
        await box.check()
    await page.get_by_role("button", name="Rule on the chosen together").click()
    await page.get_by_role("heading", name="Rule on 3 together").wait_for()
    await site.check(page, "together")
    for typed in ("reject 2", "reject 3"):
        await page.get_by_role("radio", name="Reject").check()
        await page.get_by_label("Reason").first.fill("they are not allowed")
        await page.get_by_label("Type").fill(typed)
        await page.get_by_role("button", name="Rule on all of them").click()
        if typed == "reject 2":
            await page.get_by_text("Nothing was done").wait_for()
            site.faults.clear()  # Chromium writes of the 400, as it is to
            await page.go_back()
    await page.get_by_text("3 ruled on as batch").wait_for()
    await site.check(page, "rulings")

    assert await desk.carried_out() == ["withheld"] * 3


async def test_an_entry_is_verified_in_the_page(site: Site, desk: Desk) -> None:
    """By hashes and a signature that the browser makes out itself; a wrong proof does not hold."""
    page = await site.open("/sign-in")
    await site.sign_in(page, "auditor")
    await page.get_by_role("link", name="NCII").click()
    await page.get_by_role("button", name="Verify examined here").click()
    told = page.locator("#verified")
    await expect(told).to_contain_text("its bytes lead to the root of the checkpoint")
    await expect(told).to_contain_text("Ed25519")
    await site.check(page, "case-verified")
    *_, hold = await desk.house.store.holds.waiting()
    *_, step = await desk.cases.timeline(hold)
    proof = await desk.cases.proof(step.entry)
    module = "import('/console/static/verify.js')"
    told_of = f"([given, entry]) => {module}.then(ours => ours.verified(given, entry))"
    whole = base64.b64decode(str(proof["leaf"]))
    cases = {
        "another leaf": {**proof, "leaf": base64.b64encode(whole + b" ").decode()},
        "another root": {**proof, "proof": _forged(str(proof["proof"]))},
        "no key of theirs": {**proof, "keys": [other_key()]},
    }
    for what, given in cases.items():
        holds, why = await page.evaluate(told_of, [given, str(step.entry)])
        assert not holds, what
        assert "does not hold" in why, what
    holds, _ = await page.evaluate(told_of, [proof, str(step.entry)])
    assert holds


def _forged(proof: str) -> str:
    """The same proof for a checkpoint of another root."""
    head, text, signatures = proof.split("\n\n")
    lines = text.split("\n")
    lines[2] = base64.b64encode(b"\x05" * 32).decode()
    return "\n\n".join([head, "\n".join(lines), signatures])


def other_key() -> str:
    """A key of the log's name that it never had."""
    return VerifierKey("gw.example/log", b"\x07" * 32).write()


async def test_keys_mark_and_reach_and_rule_nothing(site: Site, desk: Desk) -> None:
    """All that a ruling takes is reached by keys; the button is pressed by its own."""
    page = await site.open("/sign-in")
    await site.sign_in(page, "reviewer")
    await page.get_by_role("heading", name="Queue").wait_for()
    await page.wait_for_load_state()
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Claim this case").wait_for()
    await page.wait_for_load_state()
    await page.keyboard.press("c")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Give it back").wait_for()
    await page.wait_for_load_state()
    await page.keyboard.press("b")
    await expect(page.get_by_label("Reject")).to_be_checked()
    await page.get_by_role("heading", name="Your ruling").click()
    await page.keyboard.press("r")
    await page.keyboard.type("seen before")
    await page.get_by_role("heading", name="Your ruling").click()
    await page.keyboard.press("s")
    assert await desk.store.intents.of_person("anybody") == ()
    assert (await desk.events()).count("case.ruled") == 0
    await page.keyboard.press("Enter")
    await page.get_by_role("status").filter(has_text="you can take it back").wait_for()

    assert await desk.carried_out() == ["withheld"]


async def test_whoever_has_seen_enough_is_told_so(site: Site, desk: Desk) -> None:
    """The picture stays covered, and a day's page says why and until when."""
    page = await claimed(site)
    who = next(each for each in await desk.store.reviewers.all() if each.name == "reviewer")
    for _ in range(MOST_IN_A_ROW):
        await desk.store.exposures.begin(uuid4(), who.pseudonym, desk.clock())
    button = page.get_by_role("button", name="Hold to reveal")
    await button.focus()
    await page.keyboard.down("Space")
    await page.get_by_text("You have looked at enough for now").wait_for()
    await page.keyboard.up("Space")
    assert await desk.media() == []

    await page.goto(f"{site.address}/day")
    await page.get_by_text("not before").wait_for()
    await page.get_by_label("VIO", exact=True).check()
    await page.get_by_role("button", name="Keep it so").click()
    await expect(page.get_by_label("VIO", exact=True)).to_be_checked()
    site.faults.clear()  # Chromium writes of the 429, as it is to
    await site.check(page, "day")


async def test_no_whole_picture_leaves_without_an_entry(
    site: Site, desk: Desk, heard: Heard
) -> None:
    """Every answer of a session is read: a picture's bytes came by a reveal, which is told."""
    *_, hold = await desk.house.store.holds.waiting()
    whole = png(NUDE)
    page = await site.open("/sign-in")
    await site.sign_in(page, "reviewer")
    await page.get_by_role("button", name="Claim").click()
    await page.get_by_role("heading", name="The request's words").wait_for()
    for path in ("queue", f"cases/{hold.id}", "rulings", "day", f"together?case={hold.id}"):
        await page.goto(f"{site.address}/{path}")
    await page.goto(f"{site.address}/cases/{hold.id}")
    button = page.get_by_role("button", name="Hold to reveal")
    for _ in range(2):
        await button.focus()
        await page.keyboard.down("Space")
        await expect(page.locator("#shown")).to_be_visible()
        await page.keyboard.up("Space")
        await page.get_by_text("It was shown for").wait_for()
    await page.keyboard.press("b")
    await page.get_by_label("Reason").first.fill("it is not allowed")
    await page.get_by_role("button", name="Rule", exact=True).click()
    await page.get_by_role("status").wait_for()

    revealed = [path for path, body in heard if whole in body]
    assert revealed == [f"/console/cases/{hold.id}/reveal"] * 2
    assert (await desk.media()).count("media.revealed") == 2
    drawn = {path.rpartition("/")[2] for path, body in heard if is_picture(body)}
    assert drawn == {"reveal", "small.png"}
    for path, body in heard:
        if path.endswith("small.png"):
            small = Image.open(io.BytesIO(body))
            assert small.mode == "L"
            assert max(small.size) <= SIDE


def is_picture(body: bytes) -> bool:
    """Whether bytes can be drawn at all."""
    try:
        Image.open(io.BytesIO(body)).verify()
    except (OSError, SyntaxError):
        return False
    return True
