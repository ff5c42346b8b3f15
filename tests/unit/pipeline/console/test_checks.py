"""Blind checks: what is shown, what is not, what is written down, and what follows."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from audit.entry import Kind
from audit.leaf import Leaf
from pipeline.access.permissions import Permission, Person
from pipeline.console.checks import GOLDEN_A_DAY, UnescalatedError
from pipeline.console.errors import NowhereError
from pipeline.console.roles import Role
from pipeline.duties.quality.golden import Golden
from pipeline.jobs.rulings import Ruling
from pipeline.store.exposures import MOST_IN_A_ROW
from pipeline.store.holds import End
from pipeline.store.pictures import PictureState
from pipeline.store.samples import Sample
from pipeline.store.tenants import Tenant
from policies.labels import HarmCode
from tests.unit.pipeline.console.checking import draw, let_go, serve_checks
from tests.unit.pipeline.console.desks import Desk, open_desk
from tests.unit.pipeline.world import HELD, KEEP_FOR, NOON, TENANT


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk whose every decision is drawn."""
    async with open_desk(tmp_path) as opened:
        serve_checks(opened)
        yield opened


async def posted(desk: Desk, browser: httpx.AsyncClient, path: str, **form: str) -> httpx.Response:
    """What a form of this session's pages answers."""
    carried = (await desk.session(browser)).form
    return await browser.post(path, data={"form": carried, **form})


async def said(desk: Desk, sample: Sample, who: str, code: str) -> httpx.Response:
    """What somebody is answered who says what they would decide."""
    async with await desk.signed_in(who) as browser:
        return await posted(desk, browser, f"/checks/{sample.id}", code=code)


async def opinions(desk: Desk) -> list[str]:
    """What was said so far."""
    given = await desk.store.samples.given(NOON, NOON + timedelta(days=30))
    return [each.code for each in given]


async def leaves(desk: Desk) -> list[Leaf]:
    return [Leaf.parse(each.leaf) for each in await desk.log.tail(1000)]


class TestBlind:
    async def test_words_and_picture_are_shown_and_nothing_of_what_was_decided(
        self, desk: Desk
    ) -> None:
        """Neither whose it is, nor by what it was decided; that it is shown is an entry."""
        sample = await let_go(desk)
        async with await desk.signed_in("reviewer") as browser:
            first = await browser.get("/checks")
            page = await browser.get(f"/checks/{sample.id}")
            small = await browser.get(f"/checks/{sample.id}/small.png")

        assert f"/checks/{sample.id}" in first.text
        assert "secretword" in page.text
        assert TENANT not in page.text
        assert str(sample.submission) not in page.text
        assert "score" not in page.text.lower()
        assert small.content.startswith(b"\x89PNG")
        assert (await desk.events()).count("check.opened") == 1

    async def test_a_picture_is_revealed_on_record_and_keeps_nothing_from_erasure(
        self, desk: Desk
    ) -> None:
        """The entries name no submission: whoever is erased is erased."""
        sample = await let_go(desk)
        async with await desk.signed_in("reviewer") as browser:
            shown = await posted(desk, browser, f"/checks/{sample.id}/reveal")
            revealed = shown.headers["X-Reveal"]
            path = f"/checks/{sample.id}/covered"
            covered = await posted(desk, browser, path, revealed=revealed, milliseconds="900")
            again = await posted(desk, browser, path, revealed=revealed, milliseconds="900")
            for _ in range(MOST_IN_A_ROW - 1):
                assert (await posted(desk, browser, f"/checks/{sample.id}/reveal")).is_success
            enough = await posted(desk, browser, f"/checks/{sample.id}/reveal")
        await said(desk, sample, "reviewer", "OK")

        assert enough.status_code == 429
        assert shown.content.startswith(b"\x89PNG")
        assert (covered.status_code, again.status_code) == (204, 404)
        assert (await desk.media())[:2] == ["media.revealed", "media.covered"]
        about = [
            leaf
            for leaf in await leaves(desk)
            if leaf.kind in {Kind.MEDIA, Kind.CASE} or leaf.public.get("event") == "check.opened"
        ]
        assert len(about) == 2 + MOST_IN_A_ROW
        assert not any({"submission", "tenant"} & {*leaf.public} for leaf in about)

    async def test_words_are_shown_of_what_is_held_and_of_golden_items_alike(
        self, desk: Desk
    ) -> None:
        """By the page nobody can tell which it is."""
        known = Golden(UUID(int=7), "holdme, a field", HarmCode.OK)
        serve_checks(desk, [known])
        await desk.house.end("holdme")
        (sample,) = await draw(desk)
        async with await desk.signed_in("reviewer") as browser:
            pages = [(await browser.get(f"/checks/{each}")).text for each in (sample.id, known.id)]
            picture = await browser.get(f"/checks/{known.id}/small.png")
            reveal = await posted(desk, browser, f"/checks/{known.id}/reveal")

        one, other = (
            page.replace(str(each), "ID").replace(words, "WORDS")
            for page, each, words in zip(
                pages, (sample.id, known.id), ("holdme", "holdme, a field"), strict=True
            )
        )
        assert one == other
        assert (picture.status_code, reveal.status_code) == (404, 404)

    async def test_it_is_there_for_who_may_rule_and_sees_the_tenant(self, desk: Desk) -> None:
        """An auditor decides nothing; another tenant's is not there."""
        sample = await let_go(desk)
        await desk.store.tenants.add(Tenant("meadow", "Meadow", NOON))
        await desk.add("elsewhere", Role.REVIEWER, "meadow")
        for who, status in (("auditor", 403), ("elsewhere", 404)):
            async with await desk.signed_in(who) as browser:
                for path in (f"/checks/{sample.id}", f"/checks/{sample.id}/small.png"):
                    assert (await browser.get(path)).status_code == status
                for end in ("", "/reveal", "/covered"):
                    form = {"code": "OK", "revealed": str(UUID(int=0)), "milliseconds": "5"}
                    answer = await posted(desk, browser, f"/checks/{sample.id}{end}", **form)
                    assert answer.status_code == status
        assert await opinions(desk) == []


class TestWhatIsKept:
    async def test_a_released_picture_can_be_checked_as_long_as_it_is_kept(
        self, desk: Desk
    ) -> None:
        """Not a second longer, and what was said of it stays."""
        sample = await let_go(desk)
        desk.clock.passes(seconds=KEEP_FOR.total_seconds() + 1)
        async with await desk.signed_in("reviewer") as browser:
            assert (await browser.get(f"/checks/{sample.id}")).status_code == 404
            assert "nothing for you to check" in (await browser.get("/checks")).text

    async def test_what_is_held_can_be_checked_until_it_is_ruled_on(self, desk: Desk) -> None:
        """By somebody else than who rules; then the two are a pair."""
        desk.house.upstream.colours = [HELD]
        await desk.house.end("a mill")
        (sample,) = await draw(desk)
        (hold,) = await desk.house.store.holds.waiting()
        await said(desk, sample, "senior", "SEX.EXPLICIT")
        person = Person("person-1", frozenset({Permission.REVIEW_RULE}))
        await desk.house.rulings.rule(hold, Ruling(person, approves=False, reason="no"))

        assert (await said(desk, sample, "reviewer", "OK")).status_code == 404
        (found,) = await desk.store.samples.drawn(NOON, NOON + timedelta(days=30))
        assert found.ruled is not None
        assert (found.ruled.person, found.ruled.approved) == ("person-1", False)

    async def test_what_turns_out_to_be_the_worst_is_shown_to_nobody(self, desk: Desk) -> None:
        """Drawn as something else, and by now of `CSE.*`."""
        desk.house.upstream.colours = [HELD]
        await desk.house.end("a mill")
        (sample,) = await draw(desk)
        await desk.house.store.writer(
            lambda sql: sql.exec_driver_sql("UPDATE holds SET code = 'CSE.KNOWN'").rowcount
        )
        for who in ("reviewer", "child-safety"):
            async with await desk.signed_in(who) as browser:
                assert (await browser.get(f"/checks/{sample.id}")).status_code == 404


class TestSaying:
    async def test_two_people_say_it_once_each(self, desk: Desk) -> None:
        """What somebody said first counts; a third is not asked."""
        sample = await let_go(desk)
        assert (await said(desk, sample, "reviewer", "OK")).status_code == 303
        assert (await said(desk, sample, "reviewer", "VIO.GORE")).status_code == 404
        assert (await said(desk, sample, "senior", "VIO.GORE")).status_code == 303
        assert (await said(desk, sample, "child-safety", "OK")).status_code == 404

        assert await opinions(desk) == ["OK", "VIO.GORE"]
        (row,) = await desk.store.pictures.of(TENANT, sample.submission)
        assert row.state is PictureState.RELEASED
        assert (await desk.events()).count("check.given") == 2

    async def test_after_a_crash_the_same_is_said_again_and_nothing_else(self, desk: Desk) -> None:
        """The entry came first: it says what was said."""
        sample = await let_go(desk)
        await said(desk, sample, "reviewer", "VIO.GORE")
        await desk.house.store.writer(
            lambda sql: sql.exec_driver_sql("DELETE FROM opinions").rowcount
        )
        other = await said(desk, sample, "reviewer", "OK")
        same = await said(desk, sample, "reviewer", "VIO.GORE")

        assert (other.status_code, same.status_code) == (400, 303)
        assert await opinions(desk) == ["VIO.GORE"]
        assert (await desk.events()).count("check.given") == 1

    async def test_who_sees_the_worst_in_what_was_released_withdraws_it(self, desk: Desk) -> None:
        """With its batch, on record by that code, for the quarantine; nobody else is asked."""
        sample = await let_go(desk, n_samples=2)
        await said(desk, sample, "reviewer", "CSE.SUGGEST")

        rows = await desk.store.pictures.of(TENANT, sample.submission)
        assert {row.state for row in rows} == {PictureState.WITHHELD}
        ends = [
            (leaf.public.get("reason"), leaf.public.get("code"))
            for leaf in await leaves(desk)
            if leaf.kind is Kind.WITHHOLD
        ]
        assert sorted(ends, key=str) == [("blind_check", "CSE.SUGGEST"), ("sibling", None)]
        (order,) = await desk.store.seizures.ordered()
        assert order.code == "CSE.SUGGEST"

    @pytest.mark.parametrize("words", [True, False], ids=["words", "a picture"])
    async def test_who_sees_the_worst_in_what_is_held_gives_it_to_the_team(
        self, desk: Desk, *, words: bool
    ) -> None:
        """It is there for nobody else from then on, and nobody is asked about it any more."""
        if words:
            await desk.house.end("holdme")
        else:
            await desk.held()
        (sample,) = await draw(desk)
        done = await said(desk, sample, "reviewer", "CSE.TEXT")

        (hold,) = await desk.store.holds.waiting()
        senior, team = await desk.signed_in("senior"), await desk.signed_in("child-safety")
        assert done.status_code == 303
        assert (hold.code, hold.facts["code"]) == ("CSE.TEXT", "CSE.TEXT")
        assert await draw(desk) == ()
        assert (await desk.cases.find(await desk.session(team), hold.id)).id == hold.id
        with pytest.raises(NowhereError):
            await desk.cases.find(await desk.session(senior), hold.id)
        assert (await desk.events()).count("case.escalated") == 1

    async def test_where_nobody_gets_it_whoever_saw_it_is_told(self, desk: Desk) -> None:
        """An escalation that does nothing MUST NOT look like one that does, nor be an opinion."""
        await desk.house.end("holdme")
        (sample,) = await draw(desk)
        browser = await desk.signed_in("reviewer")
        checks = serve_checks(desk)
        session = await desk.session(browser)
        item = await checks.find(session, sample.id)
        (hold,) = await desk.store.holds.waiting()
        await desk.store.holds.close(hold, End.REJECTED, desk.clock(), "somebody")

        with pytest.raises(UnescalatedError, match="tell the child-safety team"):
            await checks.give(session, item, HarmCode.CSE_TEXT)
        assert await opinions(desk) == []

    async def test_of_golden_items_few_are_given_a_day(self, desk: Desk) -> None:
        """Else whoever checks much would check nothing else."""
        known = [
            Golden(UUID(int=each), f"words {each}", HarmCode.OK) for each in range(GOLDEN_A_DAY + 2)
        ]
        checks = serve_checks(desk, known)
        async with await desk.signed_in("reviewer") as browser:
            session = await desk.session(browser)
            for _ in range(GOLDEN_A_DAY):
                item = await checks.next(session)
                assert item is not None
                await posted(desk, browser, f"/checks/{item.id}", code="OK")
            assert await checks.next(session) is None
            desk.clock.passes(days=1, seconds=1)
            assert await checks.next(session) is not None
