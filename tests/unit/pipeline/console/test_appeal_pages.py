"""Appeals and notices, as people work on them."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from audit.entry import Kind
from pipeline.console import appeal_pages
from pipeline.console.appeals import AppealDesk
from pipeline.console.roles import Role
from pipeline.store.appeals import Appeal
from pipeline.store.tenants import Tenant
from tests.unit.pipeline.console.desks import Desk, open_desk
from tests.unit.pipeline.world import NOON


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A console with the pages of appeals."""
    async with open_desk(tmp_path) as opened:
        pages = AppealDesk(opened.house.gate.appeals)
        opened.serve(opened.frame, appeal_pages.routes(opened.frame, pages))
        yield opened


async def appealed(desk: Desk, prompt: str = "blockme", text: str = "<b>a lake</b>") -> Appeal:
    """An appeal against what was decided on a request."""
    ticket = await desk.house.submit(prompt)
    assert ticket.end is not None
    await ticket.end
    return await desk.house.gate.appeals.make(await desk.house.row(ticket.id), text)


async def decided(
    desk: Desk, browser: httpx.AsyncClient, appeal: Appeal, **changed: str
) -> httpx.Response:
    typed = {"outcome": "reversed", "code": "OK", "reason": "a lake"} | changed
    form = (await desk.session(browser)).form
    sent = {"form": form, **{name: value for name, value in typed.items() if value}}
    return await browser.post(f"/appeals/{appeal.case}/decision", data=sent)


async def test_a_case_is_read_on_record_and_decided(desk: Desk) -> None:
    """Its words are drawn as words, and that somebody read them is an entry."""
    appeal = await appealed(desk)
    async with await desk.signed_in("senior") as browser:
        listed = (await browser.get("/appeals")).text
        page = (await browser.get(f"/appeals/{appeal.case}")).text
        answer = await decided(desk, browser, appeal)
        after = (await browser.get("/appeals?done=1")).text

    assert str(appeal.case) in listed
    assert "&lt;b&gt;a lake" in page
    assert answer.status_code == 303
    assert "100 %" in after
    assert "Nothing waits here" in after
    events = await desk.events()
    assert events.index("appeal.read") < events.index("appeal.decided")


@pytest.mark.parametrize("missing", ["outcome", "code", "reason"])
async def test_a_decision_needs_its_code_and_its_reason(desk: Desk, missing: str) -> None:
    """On the server, whatever a browser lets through."""
    appeal = await appealed(desk)
    async with await desk.signed_in("senior") as browser:
        answer = await decided(desk, browser, appeal, **{missing: ""})

    assert answer.status_code == 400
    assert "appeal.decided" not in await desk.events()


async def test_who_may_not_decide_sees_no_words(desk: Desk) -> None:
    """A reviewer and an auditor see that there is a case, and cannot decide it."""
    appeal = await appealed(desk)
    for name in ("reviewer", "auditor"):
        async with await desk.signed_in(name) as browser:
            page = await browser.get(f"/appeals/{appeal.case}")
            answer = await decided(desk, browser, appeal)

        assert page.status_code == 200
        assert "a lake" not in page.text
        assert answer.status_code == 403


async def test_the_worst_is_in_a_lane_of_its_own(desk: Desk) -> None:
    """To others it is not there, and only that lane lifts what is not told."""
    appeal = await appealed(desk, "graveword")
    async with await desk.signed_in("senior") as browser:
        hidden = [
            await browser.get(f"/appeals/{appeal.case}"),
            await decided(desk, browser, appeal),
        ]
        assert str(appeal.case) not in (await browser.get("/appeals")).text
        refused = await browser.get(f"/notices?generation={appeal.submission}")
    async with await desk.signed_in("child-safety") as browser:
        at = f"/notices?generation={appeal.submission}"
        before = (await browser.get(at)).text
        form = {"form": (await desk.session(browser)).form}
        lift = f"/notices/{appeal.submission}/lift"
        nothing = await browser.post(lift, data=form)
        lifted = await browser.post(lift, data={**form, "reason": "the authority agrees"})
        after = (await browser.get(at)).text
        page = await browser.get(f"/appeals/{appeal.case}")
        absent = await browser.get(f"/notices?generation={appeal.id}")

    assert [each.status_code for each in hidden] == [404, 404]
    assert refused.status_code == 403
    assert "If it is lifted" in before
    assert (nothing.status_code, lifted.status_code) == (400, 303)
    assert "Now, lifted" in after
    assert "If it is lifted" not in after
    assert (page.status_code, absent.status_code) == (200, 404)
    (leaf,) = [each for each in await desk.house.leaves() if each.kind is Kind.NOTICE]
    assert {*leaf.personal} == {"person", "reason"}


async def test_another_tenants_is_not_there(desk: Desk) -> None:
    """Neither its case nor its notice."""
    appeal = await appealed(desk)
    await desk.house.store.tenants.add(Tenant("meadow", "Meadow", NOON))
    await desk.add("noor", Role.CHILD_SAFETY, "meadow")
    async with await desk.signed_in("noor") as browser:
        answers = [
            await browser.get(f"/appeals/{appeal.case}"),
            await decided(desk, browser, appeal),
            await browser.get(f"/notices?generation={appeal.submission}"),
        ]

    assert [each.status_code for each in answers] == [404, 404, 404]
