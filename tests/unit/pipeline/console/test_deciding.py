"""What people decide: taken back, together, escalated; and what is out of reach, by type."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, get_type_hints
from uuid import uuid4

import httpx
import pytest
from typing_extensions import override

from audit.entry import Kind
from classifiers.canonical import Canonical
from classifiers.signals import Finding, Picture, Signal
from pipeline.console.deciding import Deciding
from pipeline.console.errors import NowhereError
from pipeline.console.ordinary import Act, Ordinary, acts_of
from pipeline.console.resembling import Resembling
from pipeline.console.roles import Role
from pipeline.settings.queues import Hideable, ReviewQueue
from pipeline.store.exposures import BREAK, MOST_IN_A_ROW
from pipeline.store.holds import End, Hold, Lane
from pipeline.store.tenants import Tenant
from tests.unit.pipeline.console.desks import NUDE, Desk, open_desk
from tests.unit.pipeline.console.test_case_pages import becomes, claimed, posted
from tests.unit.pipeline.lookers import Viewer
from tests.unit.pipeline.world import HELD, NOON, png

REJECT = {"ruling": "reject", "reason": "it is not allowed"}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk for one test."""
    async with open_desk(tmp_path) as opened:
        yield opened


@dataclass
class Boxed(Viewer):
    """Says where it saw what it saw."""

    @override
    def classify(self, content: Canonical, /) -> Sequence[Finding]:
        """Put a box to each signal."""
        place = Picture(content.carrier, content.index, (8, 9, 20, 21))
        return [
            replace(each, where=place) if isinstance(each, Signal) and each.score else each
            for each in super().classify(content)
        ]


async def ruled(desk: Desk, hold: Hold) -> httpx.AsyncClient:
    """A browser of a reviewer who has rejected a case."""
    browser = await claimed(desk, hold)
    done = await posted(desk, browser, f"/cases/{hold.id}/ruling", **REJECT)
    assert done.status_code == 303
    return browser


async def end_of(desk: Desk, hold: Hold) -> End | None:
    """How a hold stands."""
    found = await desk.store.holds.get_for_review(hold.id)
    assert found is not None
    return found.end


class TestTakingBack:
    async def test_nothing_happens_before_a_minute_is_over(self, desk: Desk) -> None:
        """Neither to the picture nor in the log, beside that it was ruled."""
        hold = await desk.held()
        await ruled(desk, hold)

        assert await desk.deciding.undoing.round() == ()
        assert await end_of(desk, hold) is None
        assert await desk.carried_out() == ["withheld"]
        assert await end_of(desk, hold) is End.REJECTED

    async def test_whoever_ruled_takes_it_back(self, desk: Desk) -> None:
        """It waits again, for anybody; that it was taken back is an entry."""
        hold = await desk.held()
        browser = await ruled(desk, hold)

        undone = await posted(desk, browser, "/rulings/undo", case=str(hold.id))
        again = await posted(desk, browser, "/rulings/undo", case=str(hold.id))

        assert undone.headers["location"] == "/console/rulings?undone=1"
        assert again.status_code == 404
        assert await desk.carried_out() == []
        assert str(hold.id) in (await browser.get("/queue")).text
        assert (await desk.events())[-1] == "case.ruling_undone"

    async def test_nobody_takes_anothers_back(self, desk: Desk) -> None:
        """Nor is another told that it is there."""
        hold = await desk.held()
        await ruled(desk, hold)
        senior = await desk.signed_in("senior")

        assert (await posted(desk, senior, "/rulings/undo", case=str(hold.id))).status_code == 404
        assert str(hold.id) not in (await senior.get("/rulings")).text
        assert await desk.carried_out() == ["withheld"]

    async def test_what_is_ruled_is_nobodys_to_claim(self, desk: Desk) -> None:
        """Two people do not rule on one case within a minute."""
        hold = await desk.held()
        await ruled(desk, hold)
        senior = await desk.signed_in("senior")

        assert str(hold.id) not in (await senior.get("/queue")).text
        assert (await posted(desk, senior, f"/cases/{hold.id}/claim")).status_code == 409

    async def test_a_ruling_that_cannot_be_written_down_is_none(self, desk: Desk) -> None:
        """Nothing is carried out of which the log does not know."""
        hold = await desk.held()
        browser = await claimed(desk, hold)
        desk.house.log.refuses = frozenset({Kind.CASE})

        answer = await posted(desk, browser, f"/cases/{hold.id}/ruling", **REJECT)

        desk.house.log.refuses = frozenset()
        assert answer.status_code == 503
        assert await desk.carried_out() == []

    async def test_what_cannot_be_carried_out_now_is_tried_again(self, desk: Desk) -> None:
        """A log that is down for a while loses nobody's ruling."""
        hold = await desk.held()
        await ruled(desk, hold)
        desk.house.log.refuses = frozenset({Kind.RULING})
        assert await desk.carried_out() == [None]
        desk.house.log.refuses = frozenset()
        assert await desk.carried_out() == ["withheld"]

    async def test_what_is_not_possible_is_told_to_whoever_ruled(self, desk: Desk) -> None:
        """Somebody ended it by the command line meanwhile."""
        hold = await desk.held()
        browser = await ruled(desk, hold)
        await desk.store.holds.close(hold, End.REJECTED, desk.clock(), "somebody", "by hand")

        (outcome,) = await desk.carried_out()

        assert outcome is not None
        assert outcome.startswith("not possible")
        assert "not possible" in (await browser.get("/rulings")).text

    async def test_whose_account_is_disabled_meanwhile_has_ruled_nothing(self, desk: Desk) -> None:
        """Somebody else was signed in with it, and that was seen within the minute."""
        hold = await desk.held()
        await ruled(desk, hold)
        account = await desk.store.reviewers.named("reviewer")
        assert account is not None
        await desk.store.reviewers.disable(account.id, desk.clock())

        (outcome,) = await desk.carried_out()

        assert outcome == "not possible: the account of who ruled is disabled"
        assert await end_of(desk, hold) is None

    async def test_a_server_that_stops_leaves_them_to_the_next(self, desk: Desk) -> None:
        """What is due stays due."""
        hold = await desk.held()
        browser = await ruled(desk, hold)
        desk.is_closed = True
        assert await desk.carried_out() == []
        refused = await posted(desk, browser, f"/cases/{hold.id}/claim")
        assert refused.status_code == 409
        desk.is_closed = False
        assert await desk.carried_out() == ["withheld"]


class TestTogether:
    async def test_what_was_typed_and_shown_is_what_is_done(self, desk: Desk) -> None:
        """As one batch, each by itself, and all of it can be taken back."""
        holds = await several(desk, 3)
        browser = await desk.signed_in("senior")
        asked = "&".join(f"case={hold.id}" for hold in holds)
        assert "Rule on 3 together" in (await browser.get(f"/together?{asked}")).text

        wrong = await together(desk, browser, holds, "reject 2")
        assert wrong.status_code == 400
        done = await together(desk, browser, holds, "reject 3")

        batch = done.headers["location"].partition("batch=")[2].partition("&")[0]
        assert "ruled=3&left=0" in done.headers["location"]
        said = [leaf for leaf in await desk.house.leaves() if leaf.public.get("object") == batch]
        assert [leaf.public["event"] for leaf in said] == ["case.ruled"] * 3
        undone = await posted(desk, browser, "/rulings/undo", batch=batch)
        assert undone.headers["location"].endswith("undone=3")
        assert await desk.carried_out() == []
        await together(desk, browser, holds, "reject 3")
        assert await desk.carried_out() == ["withheld"] * 3

    async def test_what_somebody_else_has_is_left(self, desk: Desk) -> None:
        """And whoever rules on many is told how many were left."""
        one, other = await several(desk, 2)
        await claimed(desk, other)

        done = await together(desk, await desk.signed_in("senior"), [one, other], "reject 2")

        assert "ruled=1&left=1" in done.headers["location"]
        assert await desk.carried_out() == ["withheld"]
        assert await end_of(desk, other) is None

    async def test_what_two_people_release_is_not_released_together(self, desk: Desk) -> None:
        """A queue hides it, and the server refuses it to a form of one's own."""
        hold = await desk.held(NUDE)
        browser = await desk.signed_in("senior")
        shown = await browser.get(f"/together?case={hold.id}")

        done = await together(desk, browser, [hold], "approve 1", ruling="approve")

        assert 'value="approve"' not in shown.text
        assert done.status_code == 400
        assert await desk.store.intents.of(hold.id) is None

    async def test_nothing_of_the_quarantine_is_ruled_on_together(self, desk: Desk) -> None:
        """Not even by the team whose it is: as if it were not there."""
        hold = await desk.held()
        await becomes(desk, hold, "CSE.KNOWN")
        team = await desk.signed_in("child-safety")

        assert hold.code not in (await team.get(f"/together?case={hold.id}")).text
        done = await together(desk, team, [hold], "reject 1")
        assert done.status_code == 400
        assert await desk.carried_out() == []
        assert 'type="checkbox"' not in (await team.get("/queue")).text

    async def test_nothing_chosen_is_nothing_done(self, desk: Desk) -> None:
        """A form of nothing is a mistake."""
        browser = await desk.signed_in("senior")
        assert (await posted(desk, browser, "/together", **REJECT)).status_code == 400


async def several(desk: Desk, count: int) -> list[Hold]:
    """So many cases."""
    for _ in range(count):
        await desk.held()
    return [*await desk.store.holds.waiting()]


async def together(
    desk: Desk, browser: httpx.AsyncClient, holds: list[Hold], typed: str, **more: str
) -> httpx.Response:
    """What the form of many cases answers."""
    form = {"form": (await desk.session(browser)).form, **REJECT, **more, "typed": typed}
    return await browser.post("/together", data={**form, "case": [str(h.id) for h in holds]})


class TestEscalating:
    async def test_to_a_senior(self, desk: Desk) -> None:
        """Whoever escalated it does not see it any more, and cannot rule on it."""
        hold = await desk.held()
        browser = await claimed(desk, hold)
        path = f"/cases/{hold.id}/escalate"
        assert (await posted(desk, browser, path, why=" ")).status_code == 400

        done = await posted(desk, browser, path, why="I cannot tell")

        assert done.headers["location"] == "/console/queue?done=escalated"
        assert (await browser.get(f"/cases/{hold.id}")).status_code == 404
        senior = await desk.signed_in("senior")
        assert "escalated</span>" in (await senior.get("/queue")).text
        assert (await desk.events()).count("case.escalated") == 1
        found = await desk.store.holds.get_for_review(hold.id)
        assert found is not None
        assert (found.lane, found.code) == (Lane.SENIOR, hold.code)

    async def test_to_the_team_whose_alone_it_is_then(self, desk: Desk) -> None:
        """Nobody is shown anything of it, nobody releases it, and rejected it is seized."""
        hold = await desk.held()
        browser = await claimed(desk, hold)
        why = "it is for them to see"

        done = await posted(desk, browser, f"/cases/{hold.id}/escalate", to="CSE.DRAWN", why=why)

        assert done.status_code == 303
        senior, team = await desk.signed_in("senior"), await claimed(desk, hold, "child-safety")
        assert (await senior.get(f"/cases/{hold.id}")).status_code == 404
        assert await desk.store.precedents.of(hold.id) is None
        page = (await team.get(f"/cases/{hold.id}")).text
        assert "small.png" not in page
        assert 'value="approve"' not in page
        form = {"ruling": "approve", "reason": "because"}
        path = f"/cases/{hold.id}/ruling"
        assert (await posted(desk, team, path, **form)).status_code == 400
        assert (await posted(desk, team, path, **REJECT)).status_code == 303
        assert await desk.carried_out() == ["withheld"]
        (seizable,) = await desk.store.seizures.ordered()
        assert (seizable.submission, seizable.code) == (hold.submission, "CSE.DRAWN")

    async def test_by_no_other_code_and_by_nobody_who_has_it_not(self, desk: Desk) -> None:
        """An escalation is no way to call a case something else."""
        hold = await desk.held()
        browser, path = await claimed(desk, hold), f"/cases/{hold.id}/escalate"
        senior = await desk.signed_in("senior")

        assert (await posted(desk, browser, path, to="VIO.GORE", why="so")).status_code == 400
        assert (await posted(desk, senior, path, why="so")).status_code == 409
        assert "case.escalated" not in await desk.events()

    async def test_one_that_does_nothing_says_so(self, desk: Desk) -> None:
        """Whoever escalates relies on it that somebody else has it now."""
        hold = await desk.held()
        browser = await claimed(desk, hold)
        session = await desk.session(browser)
        await desk.store.holds.close(hold, End.REJECTED, desk.clock(), "somebody", "by hand")

        with pytest.raises(Exception, match="It was not escalated"):
            await desk.deciding.escalate(session, hold, None, "I cannot tell")

    async def test_nobody_rules_by_the_code_of_the_team(self, desk: Desk) -> None:
        """What is ruled so would be destroyed, and nobody of the team would have seen it."""
        hold = await desk.held()
        browser = await claimed(desk, hold)
        form = {**REJECT, "code": "CSE.DRAWN"}

        answer = await posted(desk, browser, f"/cases/{hold.id}/ruling", **form)

        assert answer.status_code == 400
        assert "escalate it" in answer.text


class TestQueuesWithAName:
    @pytest.fixture
    async def desk(self, tmp_path: Path) -> AsyncIterator[Desk]:
        """A desk with a queue of what may harm somebody, where nobody approves."""
        hides = frozenset({Hideable.APPROVE, Hideable.REJECT_TOGETHER})
        people = ReviewQueue(name="Real people", code="NCII.", hides=hides)
        async with open_desk(tmp_path, [people]) as opened:
            yield opened

    async def test_what_a_queue_hides_the_server_refuses(self, desk: Desk) -> None:
        """It is not on the page either; to reject and to escalate is."""
        hold = await desk.held(NUDE)
        browser = await claimed(desk, hold)
        page = (await browser.get(f"/cases/{hold.id}")).text
        form = {"ruling": "approve", "reason": "it is a drawing of a harbour"}

        answer = await posted(desk, browser, f"/cases/{hold.id}/ruling", **form)

        assert hold.code.startswith("NCII.")
        assert answer.status_code == 400
        assert 'value="approve"' not in page
        assert 'value="label"' not in page
        assert 'value="reject"' in page
        assert "/escalate" in page
        assert "case.first_approval" not in await desk.events()
        listed = (await browser.get("/queue")).text
        assert '<a href="/console/queue?code=NCII.">Real people</a>' in listed
        assert f'name="case" value="{hold.id}"' not in listed

    async def test_other_queues_are_as_they_were(self, desk: Desk) -> None:
        """A queue is its own cases."""
        hold = await desk.held()
        page = (await (await claimed(desk, hold)).get(f"/cases/{hold.id}")).text
        assert 'value="approve"' in page

    def test_what_can_be_hidden_is_something_that_can_be_done(self) -> None:
        """And a queue takes away nothing that lets a case end, or reach the child-safety team."""
        assert {Act(each.value) for each in Hideable} == set(Act) - {Act.REJECT, Act.ESCALATE}


class TestByType:
    def test_there_is_no_ordinary_case_of_the_quarantine(self) -> None:
        """Whatever draws, compares or rules in bulk takes nothing else."""
        hold = object.__new__(Hold)
        object.__setattr__(hold, "code", "CSE.KNOWN")
        with pytest.raises(NowhereError):
            Ordinary(hold)
        assert Act.APPROVE not in acts_of(hold)
        assert {Act.APPROVE_TOGETHER, Act.REJECT_TOGETHER} & acts_of(hold) == set()

    @pytest.mark.parametrize(
        "does",
        [Resembling.look, Resembling.precedents, Deciding.together],
        ids=lambda f: f.__name__,
    )
    def test_what_must_not_reach_it_takes_ordinary_cases_alone(
        self, does: Callable[..., object]
    ) -> None:
        """No hold, no id, nothing by which one of `CSE.*` could come in."""
        hints = get_type_hints(does)
        taken = [str(hint) for name, hint in hints.items() if name in {"case", "chosen"}]
        assert len(taken) == 1
        assert "Ordinary" in taken[0]
        assert not any(hint is Hold for hint in hints.values())


class TestOwnDay:
    async def test_after_many_pictures_none_is_shown_and_nothing_is_written(
        self, desk: Desk
    ) -> None:
        """A case can still be ruled on, and after a break they are shown again."""
        hold = await desk.held()
        browser, me = await claimed(desk, hold), ""
        me = (await desk.session(browser)).person.name
        for _ in range(MOST_IN_A_ROW):
            await desk.store.exposures.begin(uuid4(), me, desk.clock())
        path = f"/cases/{hold.id}/reveal"

        refused = await posted(desk, browser, path)

        assert refused.status_code == 429
        assert png(HELD) not in refused.content
        assert await desk.media() == []
        assert "not before" in (await browser.get("/day")).text
        desk.clock.passes(seconds=BREAK.total_seconds())
        assert (await posted(desk, browser, path)).content == png(HELD)

    async def test_at_once_it_is_no_more_than_one_by_one(self, desk: Desk) -> None:
        """A budget that many windows could pass together would be none."""
        hold = await desk.held()
        browser = await claimed(desk, hold)
        path, many = f"/cases/{hold.id}/reveal", MOST_IN_A_ROW + 3

        answers = await asyncio.gather(*(posted(desk, browser, path) for _ in range(many)))

        assert [each.status_code for each in answers].count(200) == MOST_IN_A_ROW
        assert (await desk.media()).count("media.revealed") == MOST_IN_A_ROW

    async def test_whoever_opts_out_is_given_none_of_it(self, desk: Desk) -> None:
        """Neither by the queue nor by its address; others are."""
        hold = await desk.held(NUDE)
        browser, other = await desk.signed_in("reviewer"), await desk.signed_in("senior")
        assert (await posted(desk, browser, "/day/opt-outs", family="CSE")).status_code == 400

        assert (await posted(desk, browser, "/day/opt-outs", family="NCII")).status_code == 303

        assert str(hold.id) not in (await browser.get("/queue")).text
        assert (await posted(desk, browser, f"/cases/{hold.id}/claim")).status_code == 429
        assert str(hold.id) in (await other.get("/queue")).text
        await posted(desk, browser, "/day/opt-outs")
        assert str(hold.id) in (await browser.get("/queue")).text


class TestViews:
    async def test_a_view_is_kept_and_dropped(self, desk: Desk) -> None:
        """By its person, who sees it on every page of the queue."""
        browser = await desk.signed_in("reviewer")
        kept = "/queue/views?code=SEX.&language=ja"
        assert (await posted(desk, browser, kept, name=" nights  in ")).status_code == 303
        assert (await posted(desk, browser, kept, name="  ")).status_code == 400

        assert (
            'href="/console/queue?code=SEX.&amp;language=ja">nights in<'
            in (await browser.get("/queue")).text
        )
        assert "nights in" not in (await (await desk.signed_in("senior")).get("/queue")).text
        await posted(desk, browser, "/queue/views/drop", name="nights in")
        assert "nights in" not in (await browser.get("/queue")).text

    async def test_counts_are_told_without_the_page(self, desk: Desk) -> None:
        """As the page says them, and nothing of another tenant's."""
        await desk.held()
        await desk.store.tenants.add(Tenant("meadow", "Meadow", NOON))
        await desk.add("elsewhere", Role.REVIEWER, "meadow")

        here, there = [await desk.signed_in(name) for name in ("reviewer", "elsewhere")]

        assert (await here.get("/queue/counts")).json() == {"waiting": 1, "mine": 0, "late": 0}
        assert (await there.get("/queue/counts")).json()["waiting"] == 0
        assert (await here.get("/queue?code=a;b")).status_code == 404


class TestWhatIsKnown:
    async def test_words_come_with_glosses_views_and_what_was_before(self, desk: Desk) -> None:
        """To whoever has claimed it; a disguise is shown undone."""
        desk.house.upstream.colours = [HELD]
        await desk.house.end("1girl, wide shot, h.a.r.b.o.r")
        *_, hold = await desk.store.holds.waiting()
        page = (await (await claimed(desk, hold)).get(f"/cases/{hold.id}")).text

        assert "one female character; says nothing of her age" in page
        assert "closed_up" in page
        assert "harbor" in page
        assert "The platform names no end user for it" in page

    async def test_boxes_come_before_pixels(self, desk: Desk) -> None:
        """An outline, and where in it something was found: for most that is enough."""
        own: Any = desk.house.viewer.own
        desk.house.viewer.own = Boxed(
            **{each.name: getattr(own, each.name) for each in fields(own)}
        )
        hold = await desk.held()
        other = (await (await desk.signed_in("auditor")).get(f"/cases/{hold.id}")).text
        page = (await (await claimed(desk, hold)).get(f"/cases/{hold.id}")).text

        assert '<svg class="outline" viewBox="0 0 64 64"' in page
        assert 'x="8" y="9" width="20" height="21"' in page
        assert "20 x 21" in page
        assert page.index("<svg") < page.index("small.png")
        assert "<svg" not in other

    async def test_what_was_decided_on_the_like_is_shown(self, desk: Desk) -> None:
        """With its reason; to read it nothing is opened."""
        first = await desk.held()
        await ruled(desk, first)
        await desk.carried_out()
        second = await desk.held()

        page = (await (await claimed(desk, second)).get(f"/cases/{second.id}")).text

        assert "it is not allowed" in page
        assert "words 0 of 64 bits" in page

    async def test_what_nobody_could_compare_is_told(self, desk: Desk) -> None:
        """Not as if nothing were like it."""
        hold = await desk.held()
        browser = await desk.signed_in("reviewer")
        me = (await desk.session(browser)).person.name
        await desk.store.claims.take(hold.id, me, desk.clock())
        page = (await browser.get(f"/cases/{hold.id}")).text
        assert "Nobody could compare it with earlier cases" in page

    async def test_a_proof_is_of_an_entry_of_the_case(self, desk: Desk) -> None:
        """Others are not there by this way."""
        hold = await desk.held()
        browser = await desk.signed_in("auditor")
        *_, step = await desk.cases.timeline(hold)
        path = f"/cases/{hold.id}/proof"

        given = (await browser.get(f"{path}?entry={step.entry}")).json()

        assert sorted(given) == ["keys", "leaf", "proof"]
        assert (await browser.get(f"{path}?entry={uuid4()}")).status_code == 404
        assert (await browser.get(path)).status_code == 404
        assert "policy " in (await browser.get(f"/cases/{hold.id}")).text
