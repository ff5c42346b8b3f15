"""Cases in the console: who sees what of them, when, and what is written down of it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from audit.entry import Kind
from audit.leaf import Leaf
from pipeline.access.permissions import Permission
from pipeline.console.roles import MAY, Role
from pipeline.console.sessions import IDLE
from pipeline.jobs.uncovered import LONGEST, SILENT
from pipeline.projection import ruling_id
from pipeline.store.accounts import GateMiss
from pipeline.store.claims import LASTS
from pipeline.store.holds import Hold
from pipeline.store.tenants import Tenant
from policies.labels import HarmCode
from tests.unit.pipeline.console.desks import NUDE, Desk, open_desk
from tests.unit.pipeline.world import HELD, NOON, TENANT, png


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk for one test."""
    async with open_desk(tmp_path) as opened:
        yield opened


async def posted(desk: Desk, browser: httpx.AsyncClient, path: str, **form: str) -> httpx.Response:
    """What a form of this session's pages answers."""
    carried = (await desk.session(browser)).form
    return await browser.post(path, data={"form": carried, **form})


async def claimed(desk: Desk, hold: Hold, who: str = "reviewer") -> httpx.AsyncClient:
    """A browser of somebody who has claimed a case."""
    browser = await desk.signed_in(who)
    assert (await posted(desk, browser, f"/cases/{hold.id}/claim")).status_code == 303
    return browser


class TestSeeing:
    async def test_the_queue_says_what_waits_and_for_how_long(self, desk: Desk) -> None:
        """And whose it is, once it is somebody's."""
        hold = await desk.held()
        browser = await desk.signed_in("senior")

        before = await browser.get("/queue")
        await claimed(desk, hold)
        after = await browser.get("/queue")

        assert f"/console/cases/{hold.id}" in before.text
        assert hold.code in before.text
        assert 'data-count="waiting">1<' in before.text
        assert "somebody" not in before.text
        assert "somebody" in after.text
        for narrowed in ("whose=free", "code=CIVIC.", "stage=screen", "language=ja", "older=1"):
            assert str(hold.id) not in (await browser.get(f"/queue?{narrowed}")).text
        for kept in ("", "tier=general", "tenant=harbour", f"code={hold.code}", "stage=examine"):
            assert str(hold.id) in (await browser.get(f"/queue?{kept}")).text

    async def test_words_are_shown_to_whoever_has_claimed_it_and_that_is_written_down(
        self, desk: Desk
    ) -> None:
        """The facts are for everybody who may read cases."""
        hold = await desk.held()
        auditor, reviewer = await desk.signed_in("auditor"), await claimed(desk, hold)

        facts, whole = [await each.get(f"/cases/{hold.id}") for each in (auditor, reviewer)]

        assert (facts.status_code, whole.status_code) == (200, 200)
        assert "secretword" not in facts.text
        assert "secretword" in whole.text
        assert (await desk.events()).count("case.opened") == 1
        assert "imprimatur audit prove" in facts.text

    async def test_anothers_tenants_case_is_not_there(self, desk: Desk) -> None:
        """Not its page, its picture, nor its claim."""
        hold = await desk.held()
        await desk.store.tenants.add(Tenant("meadow", "Meadow", NOON))
        await desk.add("elsewhere", Role.REVIEWER, "meadow")
        browser = await desk.signed_in("elsewhere")

        answers = [
            await browser.get(f"/cases/{hold.id}"),
            await browser.get(f"/cases/{hold.id}/small.png"),
            await posted(desk, browser, f"/cases/{hold.id}/claim"),
            await posted(desk, browser, f"/cases/{hold.id}/reveal"),
            await browser.get(f"/cases/{UUID(int=5)}"),
        ]

        assert {answer.status_code for answer in answers} == {404}
        assert str(hold.id) not in (await browser.get("/queue")).text
        assert str(hold.id) not in (await browser.get("/queue?tenant=harbour")).text

    async def test_the_worst_is_there_for_the_child_safety_team_alone_and_never_shown(
        self, desk: Desk
    ) -> None:
        """They rule by its facts."""
        hold = await desk.held()
        await becomes(desk, hold, "CSE.KNOWN")
        senior = await desk.signed_in("senior")
        team = await claimed(desk, hold, "child-safety")

        assert (await senior.get(f"/cases/{hold.id}")).status_code == 404
        assert str(hold.id) not in (await senior.get("/queue")).text
        page = await team.get(f"/cases/{hold.id}")
        assert page.status_code == 200
        assert "small.png" not in page.text
        assert (await team.get(f"/cases/{hold.id}/small.png")).status_code == 404
        assert (await posted(desk, team, f"/cases/{hold.id}/reveal")).status_code == 404
        assert await desk.media() == []

    async def test_what_novelai_objected_to_stands_in_the_queue_until_it_is_closed(
        self, desk: Desk
    ) -> None:
        """This gate approved it: whoever rules should know. Another tenant's is not there."""
        token = "a" * 64
        for number, tenant in ((1, TENANT), (2, "")):
            submission = UUID(int=7) if tenant else None
            miss = GateMiss(UUID(int=number), submission, tenant, token, "objected", NOON)
            await desk.store.accounts.open(miss)
        await desk.store.tenants.add(Tenant("meadow", "Meadow", NOON))
        await desk.add("elsewhere", Role.REVIEWER, "meadow")
        senior, elsewhere = await desk.signed_in("senior"), await desk.signed_in("elsewhere")

        seen, unseen = [(await each.get("/queue")).text for each in (senior, elsewhere)]
        await desk.store.accounts.close(token, "ana", NOON)
        closed = (await senior.get("/queue")).text

        for shown in (UUID(int=1), UUID(int=2), UUID(int=7)):
            assert str(shown) in seen
        assert token not in seen
        assert "NovelAI objected" not in unseen
        assert "NovelAI objected" not in closed


async def becomes(desk: Desk, hold: Hold, code: str) -> None:
    def change(sql: Any) -> None:
        sql.exec_driver_sql("UPDATE holds SET code = ? WHERE id = ?", (code, hold.id.hex))

    await desk.house.store.writer(change)


@pytest.mark.parametrize(
    ("cause", "cases", "misses"), [("", 1, 1), ("suspicion", 1, 0), ("gate-miss", 0, 1)]
)
async def test_the_queue_is_narrowed_by_cause(
    desk: Desk, cause: str, cases: int, misses: int
) -> None:
    """Suspicion waits for a ruling; of what NovelAI minded, somebody looks at the gates."""
    hold = await desk.held()
    miss = GateMiss(UUID(int=8), UUID(int=7), TENANT, "t1", "objected", NOON)
    await desk.store.accounts.open(miss)
    browser = await desk.signed_in("reviewer")

    page = (await browser.get(f"/queue?cause={cause}")).text
    strange = await browser.get("/queue?cause=incapacity")

    assert page.count(f'href="/console/cases/{hold.id}"') == cases
    assert page.count(str(miss.id)) == misses
    assert "Nothing waits here." not in page
    assert strange.status_code == 404


class TestRevealing:
    async def test_whole_pixels_leave_with_an_entry_only(self, desk: Desk) -> None:
        """Every answer of a whole session is read: the picture is in one of them."""
        hold = await desk.held()
        picture = png(HELD)
        browser = await claimed(desk, hold)
        paths = ("/queue", f"/cases/{hold.id}", f"/cases/{hold.id}/small.png", "/static/case.js")
        seen = [(await browser.get(path)).content for path in paths]
        assert await desk.media() == []

        shown = await posted(desk, browser, f"/cases/{hold.id}/reveal")

        assert shown.content == picture
        assert shown.headers["cache-control"] == "no-store"
        assert not any(picture in each for each in seen)
        assert await desk.media() == ["media.revealed"]
        desk.clock.passes(seconds=2)
        said = {"revealed": shown.headers["x-reveal"], "milliseconds": "1500"}
        assert (await posted(desk, browser, f"/cases/{hold.id}/covered", **said)).status_code == 204
        covered = (await desk.house.leaves(hold.submission))[-1]
        assert covered.public["event"] == "media.covered"
        assert covered.public["object"] == shown.headers["x-reveal"]
        assert covered.public["duration_us"] == 1_500_000

    async def test_only_whoever_revealed_it_says_that_it_is_covered_once(self, desk: Desk) -> None:
        """Else anybody could write down, in another's name, that a picture was hardly seen."""
        hold = await desk.held()
        other, browser = await desk.signed_in("senior"), await claimed(desk, hold)
        shown = await posted(desk, browser, f"/cases/{hold.id}/reveal")
        path = f"/cases/{hold.id}/covered"
        said = {"revealed": shown.headers["x-reveal"], "milliseconds": "90000"}

        answers = [
            await posted(desk, other, path, **said),
            await posted(desk, browser, path, **said | {"revealed": str(UUID(int=4))}),
            await posted(desk, browser, path, **said),
            await posted(desk, browser, path, **said),
        ]

        assert [answer.status_code for answer in answers] == [404, 404, 204, 404]
        assert await desk.media() == ["media.revealed", "media.covered"]
        covered = (await desk.house.leaves(hold.submission))[-1]
        assert covered.public["duration_us"] == 0  # by the server's clock no time went by

    async def test_what_no_browser_covers_is_written_down_as_the_longest(self, desk: Desk) -> None:
        """A browser that is cut off, or told not to say it, shortens nothing."""
        hold = await desk.held()
        shown = await posted(desk, await claimed(desk, hold), f"/cases/{hold.id}/reveal")
        await desk.uncovered.expire()
        assert await desk.media() == ["media.revealed"]

        desk.clock.passes(seconds=SILENT.total_seconds() + 1)
        await desk.uncovered.expire()
        await desk.uncovered.expire()

        assert await desk.media() == ["media.revealed", "media.covered"]
        covered = (await desk.house.leaves(hold.submission))[-1]
        assert covered.public["object"] == shown.headers["x-reveal"]
        assert covered.public["duration_us"] == LONGEST // timedelta(microseconds=1)
        assert covered.public["reason"] == "unreported"

    async def test_what_was_never_shown_has_no_end(self, desk: Desk) -> None:
        """Where the log refused, no picture left, and nothing is to be covered."""
        hold = await desk.held()
        browser = await claimed(desk, hold)
        desk.house.log.refuses = frozenset({Kind.MEDIA})
        await posted(desk, browser, f"/cases/{hold.id}/reveal")
        desk.house.log.refuses = frozenset()
        desk.clock.passes(seconds=SILENT.total_seconds() + 1)

        await desk.uncovered.expire()

        assert await desk.media() == []
        assert await desk.house.store.reveals.begun_before(desk.clock()) == ()

    async def test_it_is_not_revealed_without_a_claim_a_form_or_an_entry(self, desk: Desk) -> None:
        """Three ways in which nobody would know who saw it."""
        hold = await desk.held()
        path = f"/cases/{hold.id}/reveal"
        unclaimed, auditor = await desk.signed_in("senior"), await desk.signed_in("auditor")
        browser = await claimed(desk, hold)

        answers = [
            await posted(desk, unclaimed, path),
            await posted(desk, auditor, path),
            await browser.post(path),
        ]
        desk.house.log.refuses = frozenset({Kind.MEDIA})
        answers.append(await posted(desk, browser, path))

        assert [answer.status_code for answer in answers] == [409, 403, 403, 503]
        assert not any(png(HELD) in answer.content for answer in answers)

    async def test_who_takes_it_is_written_down_and_not_that_they_keep_it(self, desk: Desk) -> None:
        """Who was given what, and when, is asked for by whoever audits reviewers."""
        hold = await desk.held()
        await claimed(desk, hold)
        await claimed(desk, hold)
        desk.clock.passes(seconds=LASTS.total_seconds())
        await claimed(desk, hold, "senior")

        told = [leaf for leaf in await desk.house.leaves(hold.submission) if leaf.kind is Kind.CASE]
        assert [(each.public["event"], each.public["role"]) for each in told] == [
            ("case.assigned", "reviewer"),
            ("case.assigned", "senior"),
        ]

    async def test_it_is_nobodys_without_that_entry(self, desk: Desk) -> None:
        """Another can take it once the log is back."""
        hold = await desk.held()
        browser = await desk.signed_in("reviewer")
        desk.house.log.refuses = frozenset({Kind.CASE})
        refused = await posted(desk, browser, f"/cases/{hold.id}/claim")
        desk.house.log.refuses = frozenset()

        assert refused.status_code == 503
        assert await desk.house.store.claims.of(hold.id, desk.clock()) is None

    async def test_a_claim_runs_out(self, desk: Desk) -> None:
        """Whoever left their desk sees nothing more of it."""
        hold = await desk.held()
        browser = await claimed(desk, hold)
        desk.clock.passes(seconds=LASTS.total_seconds())

        assert (await posted(desk, browser, f"/cases/{hold.id}/reveal")).status_code == 409
        assert "secretword" not in (await browser.get(f"/cases/{hold.id}")).text


class TestRuling:
    async def test_one_person_rejects(self, desk: Desk) -> None:
        """With a reason; what is done twice is done once."""
        hold = await desk.held()
        browser, path = await claimed(desk, hold), f"/cases/{hold.id}/ruling"

        bare = await posted(desk, browser, path, ruling="reject", reason=" ")
        done = await posted(desk, browser, path, ruling="reject", reason="it is not allowed")
        again = await posted(desk, browser, path, ruling="reject", reason="it is not allowed")

        assert bare.status_code == 400
        assert done.headers["location"] == "/console/queue?done=ruled"
        assert "you can take it back" in (await browser.get("/queue?done=ruled")).text
        assert again.status_code == 409
        assert await desk.carried_out() == ["withheld"]
        assert "withheld for good" in (await browser.get("/rulings")).text
        late = await posted(desk, browser, path, ruling="reject", reason="it is not allowed")
        assert late.status_code == 404
        assert (await desk.house.kinds(hold.submission)).count("ruling") == 1

    async def test_the_code_that_it_was_ruled_by_is_written_down(self, desk: Desk) -> None:
        """Figures of what was done wrong are made of it; a word of one's own is none."""
        hold = await desk.held()
        browser, path = await claimed(desk, hold), f"/cases/{hold.id}/ruling"
        form = {"ruling": "reject", "reason": "it is not allowed"}

        unknown = await posted(desk, browser, path, code="MADE.UP", **form)
        done = await posted(desk, browser, path, code=HarmCode.NCII_REAL.value, **form)

        assert unknown.status_code == 400
        assert done.status_code == 303
        await desk.carried_out()
        receipt = await desk.house.log.receipt(ruling_id(hold.id))
        assert receipt is not None
        assert Leaf.parse(receipt.leaf).public["code"] == "NCII.REAL"

    async def test_nobody_rules_on_what_they_have_not_claimed(self, desk: Desk) -> None:
        """Somebody else is about to."""
        hold = await desk.held()
        await claimed(desk, hold)
        senior = await desk.signed_in("senior")
        form = {"ruling": "reject", "reason": "because"}

        assert (await posted(desk, senior, f"/cases/{hold.id}/claim")).status_code == 409
        assert (await posted(desk, senior, f"/cases/{hold.id}/ruling", **form)).status_code == 409
        assert "ruling" not in await desk.house.kinds(hold.submission)

    async def test_what_may_harm_somebody_is_released_by_two_people_or_not_at_all(
        self, desk: Desk
    ) -> None:
        """The second has to be another, and one whose role it is."""
        hold = await desk.held(NUDE)
        await desk.add("bo", Role.REVIEWER)
        form = {"ruling": "approve", "reason": "it is a drawing of a harbour"}
        path = f"/cases/{hold.id}/ruling"

        first = await posted(desk, await claimed(desk, hold), path, **form)
        alone = await posted(desk, await claimed(desk, hold), path, **form)
        desk.clock.passes(seconds=LASTS.total_seconds())
        junior = await posted(desk, await claimed(desk, hold, "bo"), path, **form)
        desk.clock.passes(seconds=LASTS.total_seconds())
        assert "ruling" not in await desk.house.kinds(hold.submission)
        second = await posted(desk, await claimed(desk, hold, "senior"), path, **form)

        assert hold.code.startswith("NCII.")
        assert first.headers["location"].endswith("done=approved+once")
        assert [alone.status_code, junior.status_code] == [400, 403]
        assert second.headers["location"].endswith("done=ruled")
        assert await desk.carried_out() == ["released"]
        assert (await desk.events()).count("case.first_approval") == 1
        assert (await desk.house.kinds(hold.submission))[-1] == "release"

    async def test_what_is_labelled_is_released_and_says_as_what(self, desk: Desk) -> None:
        """A label needs a code, whatever the form of somebody's browser lets through."""
        hold = await desk.held()
        browser, path = await claimed(desk, hold), f"/cases/{hold.id}/ruling"
        form = {"ruling": "label", "reason": "it is red"}
        assert (await posted(desk, browser, path, **form)).status_code == 400
        assert (await posted(desk, browser, path, **form, code="OK")).status_code == 400
        assert await desk.carried_out() == []

        done = await posted(desk, await claimed(desk, hold), path, **form, code="VIO.GORE")

        assert done.status_code == 303
        assert ">labelled<" in (await browser.get("/rulings")).text
        assert await desk.carried_out() == ["released"]
        leaf = await desk.house.leaves(hold.submission)
        (ruling,) = [each for each in leaf if each.kind is Kind.RULING]
        assert (ruling.public["action"], ruling.public["code"]) == ("label", "VIO.GORE")

    @pytest.mark.parametrize(
        ("second", "shown"),
        [
            ({"ruling": "approve", "code": "NCII.REAL"}, "SEX.NUDITY"),
            ({"ruling": "label", "code": "SEX.EXPLICIT"}, "SEX.EXPLICIT"),
        ],
    )
    async def test_a_label_of_the_first_of_two_is_shown_to_the_second_and_stays(
        self, desk: Desk, second: dict[str, str], shown: str
    ) -> None:
        """To agree takes no label off; another one, by who comes last, counts instead of it."""
        hold = await desk.held(NUDE)
        path, why = f"/cases/{hold.id}/ruling", {"reason": "it is a drawing of a harbour"}
        form = {"ruling": "label", "code": "SEX.NUDITY", **why}
        await posted(desk, await claimed(desk, hold), path, **form)
        senior = await claimed(desk, hold, "senior")

        page = (await senior.get(f"/cases/{hold.id}")).text
        assert "to be shown as <strong>SEX.NUDITY</strong>" in page
        assert "<option selected>SEX.NUDITY</option>" in page
        assert (await posted(desk, senior, path, **second, **why)).status_code == 303
        assert await desk.carried_out() == ["released"]
        leaves = await desk.house.leaves(hold.submission)
        (ruling,) = [each for each in leaves if each.kind is Kind.RULING]
        assert (ruling.public["action"], ruling.public["code"]) == ("label", shown)
        (first,) = [x for x in leaves if x.public.get("event") == "case.first_approval"]
        assert (first.public["outcome"], first.public["code"]) == ("labelled", "SEX.NUDITY")

    async def test_what_was_written_in_vain_is_there_to_be_used_again(self, desk: Desk) -> None:
        """A claim or a session that ran out loses nobody's words; nothing else of it is told."""
        hold = await desk.held()
        browser, path = await claimed(desk, hold), f"/cases/{hold.id}/ruling"
        form = {"ruling": "reject", "reason": "it is <b>not</b> a lake"}
        desk.clock.passes(seconds=LASTS.total_seconds())
        stale = await posted(desk, browser, path, **form)
        forged = await browser.post(path, data={**form, "form": "another"})
        token = (await desk.session(browser)).form
        desk.clock.passes(seconds=IDLE.total_seconds())
        late = await browser.post(path, data={**form, "form": token})

        assert [each.status_code for each in (stale, forged, late)] == [409, 403, 401]
        for answer in (stale, late):
            assert "readonly>it is &lt;b&gt;not&lt;/b&gt; a lake</textarea>" in answer.text
            assert token not in answer.text
        assert "a lake" not in forged.text
        assert await desk.carried_out() == []

    async def test_two_rulings_at_once_are_one(self, desk: Desk) -> None:
        """A double click releases nothing twice, and neither does a second window."""
        hold = await desk.held()
        browser, path = await claimed(desk, hold), f"/cases/{hold.id}/ruling"
        form = {"ruling": "reject", "reason": "because"}

        answers = await asyncio.gather(*(posted(desk, browser, path, **form) for _ in range(2)))

        assert sorted(answer.status_code for answer in answers) in (
            [303, 400],
            [303, 404],
            [303, 409],
        )
        assert await desk.carried_out() == ["withheld"]
        assert (await desk.house.kinds(hold.submission)).count("ruling") == 1
        assert (await desk.events()).count("case.ruled") == 1


@pytest.mark.parametrize("role", Role)
def test_every_role_that_rules_can_claim(role: Role) -> None:
    """Without a claim nobody rules."""
    assert (Permission.REVIEW_RULE in MAY[role]) == (Permission.CASES_CLAIM in MAY[role])
