"""Reclassifying: two people of the team, and then a machine has the last word."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from audit.entry import Kind
from pipeline.console.roles import Role
from pipeline.items import Cause
from pipeline.store.holds import End, Hold
from pipeline.store.pictures import PictureState
from tests.unit.pipeline.console.desks import Desk, open_desk
from tests.unit.pipeline.console.test_case_pages import becomes, claimed, posted
from tests.unit.pipeline.world import NEARLY, TENANT

SAID = {"what": "VIO.GORE", "because": "nobody in it is young"}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk with two of the child-safety team."""
    async with open_desk(tmp_path) as opened:
        await opened.add("second", Role.CHILD_SAFETY)
        yield opened


async def escalated(desk: Desk) -> Hold:
    """A case that a reviewer gave to the team, though machines held it for something else."""
    hold = await desk.held()
    browser = await claimed(desk, hold)
    form = {"to": "CSE.DRAWN", "why": "it is for them to see"}
    await posted(desk, browser, f"/cases/{hold.id}/escalate", **form)
    return await found(desk, hold)


async def found(desk: Desk, hold: Hold) -> Hold:
    """A case as it stands now."""
    case = await desk.store.holds.get_for_review(hold.id)
    assert case is not None
    return case


async def said(desk: Desk, hold: Hold, who: str, **more: str) -> httpx.Response:
    """What somebody of the team is answered who says that it is something else."""
    browser = await claimed(desk, hold, who)
    return await posted(desk, browser, f"/cases/{hold.id}/reclassify", **{**SAID, **more})


async def states(desk: Desk, hold: Hold) -> set[PictureState]:
    """Where the pictures of a case's submission stand."""
    return {each.state for each in await desk.store.pictures.of(TENANT, hold.submission)}


class TestTwoPeople:
    async def test_one_changes_nothing(self, desk: Desk) -> None:
        """It is told to the second, and is an entry."""
        hold = await escalated(desk)

        done = await said(desk, hold, "child-safety")

        assert done.headers["location"] == "/console/queue?done=reclassified+once"
        assert (await found(desk, hold)).end is None
        assert (await (await desk.signed_in("senior")).get(f"/cases/{hold.id}")).status_code == 404
        page = (await (await claimed(desk, hold, "second")).get(f"/cases/{hold.id}")).text
        assert "One person says that it is VIO.GORE." in page
        assert (await desk.events()).count("case.first_reclassification") == 1

    async def test_two_make_a_machine_look_again_and_what_it_decides_stands(
        self, desk: Desk
    ) -> None:
        """It holds it for what it held it for: an ordinary case, and nothing has left."""
        hold = await escalated(desk)
        await said(desk, hold, "child-safety")

        done = await said(desk, hold, "second")

        assert done.headers["location"] == "/console/queue?done=judged+again"
        assert (await found(desk, hold)).end is End.REEXAMINED
        (again,) = await desk.store.holds.waiting(Cause.SUSPICION)
        assert again.submission == hold.submission
        assert not again.code.startswith("CSE.")
        assert await states(desk, hold) == {PictureState.HELD}
        page = await (await desk.signed_in("reviewer")).get(f"/cases/{again.id}")
        assert page.status_code == 200
        assert (await desk.events()).count("case.reclassified") == 1

    async def test_what_a_machine_calls_cse_today_stays_that(self, desk: Desk) -> None:
        """No two people are stronger than the floor."""
        hold = await desk.held(NEARLY)
        assert hold.code.startswith("CSE.")
        await becomes(desk, hold, "CSE.DRAWN")
        hold = await found(desk, hold)
        await said(desk, hold, "child-safety")
        await said(desk, hold, "second")

        (again,) = await desk.store.holds.waiting(Cause.SUSPICION)
        assert again.id != hold.id
        assert again.code.startswith("CSE.")
        assert await states(desk, hold) == {PictureState.HELD}

    async def test_the_same_person_is_no_second(self, desk: Desk) -> None:
        """Nor does another count who says something else."""
        hold = await escalated(desk)
        await said(desk, hold, "child-safety")

        again = await said(desk, hold, "child-safety")
        await posted(desk, await desk.signed_in("child-safety"), f"/cases/{hold.id}/give-back")
        other = await said(desk, hold, "second", what="SEX.NUDITY")

        assert again.status_code == 400
        assert other.headers["location"] == "/console/queue?done=reclassified+once"
        assert (await found(desk, hold)).end is None


class TestRefused:
    @pytest.mark.parametrize(
        "more", [{"what": "CSE.TEXT"}, {"because": "  "}], ids=["of CSE again", "no reason"]
    )
    async def test_what_is_not_said_so(self, desk: Desk, more: dict[str, str]) -> None:
        """Nothing is written down."""
        hold = await escalated(desk)

        assert (await said(desk, hold, "second", **more)).status_code == 400
        assert "case.first_reclassification" not in await desk.events()

    async def test_what_is_exactly_one_of_a_list(self, desk: Desk) -> None:
        """The list says what it is, and no page offers to say otherwise."""
        hold = await escalated(desk)
        await becomes(desk, hold, "CSE.KNOWN")
        browser = await claimed(desk, hold, "second")

        assert 'id="reclassify"' not in (await browser.get(f"/cases/{hold.id}")).text
        answer = await posted(desk, browser, f"/cases/{hold.id}/reclassify", **SAID)
        assert answer.status_code == 400

    async def test_a_case_of_anything_else(self, desk: Desk) -> None:
        """It is ruled on, by an ordinary ruling."""
        hold = await desk.held()

        assert (await said(desk, hold, "second")).status_code == 400

    async def test_nobody_else_and_nobody_without_a_claim(self, desk: Desk) -> None:
        """To a senior the route is closed, to the team a case is theirs once it is claimed."""
        hold = await escalated(desk)
        path = f"/cases/{hold.id}/reclassify"
        senior, team = await desk.signed_in("senior"), await desk.signed_in("second")

        assert (await posted(desk, senior, path, **SAID)).status_code == 403
        assert (await posted(desk, team, path, **SAID)).status_code == 409

    async def test_what_cannot_be_written_down(self, desk: Desk) -> None:
        """Then it was not said, and the second makes nobody look."""
        hold = await escalated(desk)
        await said(desk, hold, "child-safety")
        browser = await claimed(desk, hold, "second")
        desk.house.log.refuses = frozenset({Kind.CASE})

        answer = await posted(desk, browser, f"/cases/{hold.id}/reclassify", **SAID)

        desk.house.log.refuses = frozenset()
        assert answer.status_code == 503
        assert (await found(desk, hold)).end is None
