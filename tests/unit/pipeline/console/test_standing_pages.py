"""Where end users stand, as people see it: on a page of its own and beside a case."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pipeline.access.permissions import Permission, Person
from pipeline.console.roles import Role
from pipeline.items import Cause, Subject
from pipeline.jobs.rulings import Ruling
from pipeline.store.tenants import Tenant
from tests.unit.pipeline.console.desks import Desk, open_desk
from tests.unit.pipeline.console.test_case_pages import claimed
from tests.unit.pipeline.world import HELD, NOON, TENANT, body

PERSON = Person("person-1", frozenset({Permission.REVIEW_RULE}))
WHO = {"X-Imprimatur-Subject": "ana"}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk for one test."""
    async with open_desk(tmp_path) as opened:
        yield opened


async def held(desk: Desk) -> None:
    """A picture of one end user that waits for a person."""
    desk.house.upstream.colours = [HELD]
    async with desk.house.client() as client:
        await client.post("/v1/generations", json=body(), headers=WHO)


async def struck(desk: Desk, code: str) -> None:
    """A picture of the same end user that a person rejected."""
    await held(desk)
    (hold,) = await desk.store.holds.waiting(Cause.SUSPICION)
    await desk.house.rulings.rule(hold, Ruling(PERSON, approves=False, reason="no", code=code))
    await desk.house.gate.enforcing.follow()


async def test_it_says_what_follows_and_until_when(desk: Desk) -> None:
    """Nobody is named, and what was taken back is not there any more."""
    await struck(desk, "SEX.NONCON")
    browser = await desk.signed_in("auditor")

    page = (await browser.get("/standing")).text

    assert "<td>cool_down</td>" in page
    assert "<td>SEX.NONCON</td>" in page
    assert ">ana<" not in page
    await desk.house.gate.enforcing.lift(Subject(TENANT, pseudonym="ana"), "mia", "it was stolen")
    assert "Nobody has strikes that count." in (await browser.get("/standing")).text


async def test_a_strike_of_the_team_is_told_without_its_code_to_others(desk: Desk) -> None:
    """They see that somebody is suspended, and not for what."""
    await struck(desk, "CSE.DRAWN")
    senior, team = await desk.signed_in("senior"), await desk.signed_in("child-safety")

    theirs, ours = [(await each.get("/standing")).text for each in (senior, team)]

    assert "<td>suspend</td>" in theirs
    assert "CSE.DRAWN" not in theirs
    assert "CSE.DRAWN" in ours


async def test_anothers_end_users_are_not_there(desk: Desk) -> None:
    """Nor is it told how many."""
    await struck(desk, "SEX.NONCON")
    await desk.store.tenants.add(Tenant("meadow", "Meadow", NOON))
    await desk.add("elsewhere", Role.REVIEWER, "meadow")
    page = (await (await desk.signed_in("elsewhere")).get("/standing")).text

    assert "Nobody has strikes that count." in page


async def test_a_case_says_where_its_end_user_stands(desk: Desk) -> None:
    """To whoever has claimed it; what is of the team is no code there either."""
    await held(desk)
    (hold,) = await desk.store.holds.waiting(Cause.SUSPICION)
    async with desk.house.client() as client:
        desk.house.upstream.colours = [HELD]
        await client.post("/v1/generations", json=body("a quay"), headers=WHO)
    others = [each for each in await desk.store.holds.waiting() if each.id != hold.id]
    codes = ("CSE.DRAWN",)
    for each, code in zip(others, codes, strict=True):
        no = Ruling(PERSON, approves=False, reason="no", code=code)
        await desk.house.rulings.rule(each, no)
    await desk.house.gate.enforcing.follow()

    page = (await (await claimed(desk, hold)).get(f"/cases/{hold.id}")).text

    assert "Stands at: suspend until" in page
    assert "strikes that count: 1." in page
    assert "CSE.DRAWN</td>" not in page
