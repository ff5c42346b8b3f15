"""What waits for people: in which order, whose, and who has taken it."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from pipeline.items import Cause, Stage
from pipeline.store.claims import LASTS
from pipeline.store.holds import End, Hold, Lane, Worse
from pipeline.store.queue import PAGE, Counts, Wanted
from pipeline.store.store import Store
from pipeline.store.submissions import SubmissionRow

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
OVER = NOON + timedelta(hours=72)
ADA, BO = "reviewer-ada", "reviewer-bo"
Add = Callable[..., Coroutine[None, None, Hold]]


@pytest.fixture
async def add(store: Store, row: SubmissionRow) -> Add:
    """Let something wait; each by its number."""
    await store.admission.admit(row)
    plain = Hold(
        id=UUID(int=0),
        tenant="harbour",
        submission=row.id,
        stage=Stage.EXAMINE,
        index=0,
        cause=Cause.SUSPICION,
        vault_id="a" * 32,
        opened_at=NOON,
        expires_at=OVER,
        code="SEX.NUDITY",
        severity=3,
        due_at=OVER,
    )

    async def added(number: int, **changed: object) -> Hold:
        hold = replace(plain, id=UUID(int=number), **changed)  # type: ignore[arg-type] # its own fields
        await store.holds.open(hold)
        return hold

    return added


async def numbers(store: Store, after: int | None = None, **wanted: object) -> list[int]:
    """What stands in the queue, in order."""
    last = None if after is None else UUID(int=after)
    found = await store.queue.page(Wanted(**wanted), NOON, last)  # type: ignore[arg-type] # the same
    return [each.hold.id.int for each in found]


async def test_the_worst_is_first_and_of_equals_what_has_least_time(store: Store, add: Add) -> None:
    """Whoever takes the first of the page always takes the right one."""
    await add(1)
    await add(2, due_at=NOON + timedelta(hours=1))
    await add(3, severity=9, code="NCII.REAL")

    assert await numbers(store) == [3, 2, 1]


async def test_only_what_people_can_rule_on_is_in_it(store: Store, add: Add) -> None:
    """What machines failed to look at is theirs; what is over is over."""
    await add(1, cause=Cause.INCAPACITY)
    await add(2, expires_at=NOON)
    ended = await add(3)
    await store.holds.close(ended, End.REJECTED, NOON, ADA)
    await add(4)

    assert await numbers(store) == [4]


async def test_it_is_narrowed_by_tenant_and_code(store: Store, add: Add) -> None:
    """A code with its dot is a family; a wildcard in it means nothing."""
    await add(1)
    await add(2, code="SEXY")
    await add(3, code="NCII.REAL")

    assert await numbers(store, code="SEX.") == [1]
    assert await numbers(store, code="NCII.REAL") == [3]
    assert await numbers(store, code="%.") == []
    assert await numbers(store, tenants=frozenset({"meadow"})) == []
    assert len(await numbers(store, tenants=frozenset({"harbour", "meadow"}))) == 3


async def test_it_is_narrowed_by_what_a_case_is(store: Store, add: Add) -> None:
    """By where it is held, whom for, in which language, and since when."""
    await add(1, stage=Stage.SCREEN, index=None)
    await add(2, tier="adult")
    await add(3, language="ja")
    await add(4, opened_at=NOON - timedelta(hours=2))

    assert await numbers(store, stage=Stage.SCREEN) == [1]
    assert await numbers(store, tier="adult") == [2]
    assert await numbers(store, language="ja") == [3]
    assert await numbers(store, opened_before=NOON - timedelta(hours=1)) == [4]
    assert await numbers(store, without={"SEX"}) == []


async def test_what_is_escalated_is_for_those_whom_it_was_escalated_to(
    store: Store, add: Add
) -> None:
    """As what it turned out to be: of the worst, nobody else is told that it is there."""
    to_senior, to_team, ended = await add(1), await add(2), await add(3)
    worse = Worse("CSE.SUSPECTED", 90, NOON)
    await store.holds.close(ended, End.REJECTED, NOON, ADA)

    assert await store.holds.escalate(to_senior, Lane.SENIOR)
    assert await store.holds.escalate(to_team, Lane.ANY, worse)
    assert not await store.holds.escalate(ended, Lane.SENIOR)

    assert await numbers(store) == []
    assert await numbers(store, senior=True) == [1]
    assert await numbers(store, senior=True, worst=True) == [2, 1]
    found = await store.holds.get_for_review(to_team.id)
    assert found is not None
    assert (found.code, found.facts["code"], found.severity) == (worse.code, worse.code, 90)


async def test_a_tenants_cases_are_counted_no_further_than_one_asks(store: Store, add: Add) -> None:
    """Whether there are as many as its people can look at: machines' and ended ones are none."""
    await add(1)
    await add(2)
    await add(3, cause=Cause.INCAPACITY)
    await add(4, expires_at=NOON)
    await store.holds.close(await add(5), End.REJECTED, NOON, ADA)

    assert await store.holds.waiting_for("harbour", 9, NOON) == 2
    assert await store.holds.waiting_for("harbour", 1, NOON) == 1
    assert await store.holds.waiting_for("meadow", 9, NOON) == 0


async def test_a_page_has_one_more_if_there_is_another(store: Store, add: Add) -> None:
    """So that nothing needs to be counted to know it."""
    for number in range(PAGE + 2):
        await add(number + 1)

    assert len(await numbers(store)) == PAGE + 1
    assert await numbers(store, PAGE) == [PAGE + 1, PAGE + 2]


async def test_the_next_page_begins_where_the_last_ended_whatever_went_meanwhile(
    store: Store, add: Add
) -> None:
    """Pages by number skip a case for each that somebody rules on between two of them."""
    for number in range(1, 5):
        await add(number, severity=9 if number < 3 else 3)
    last = await add(5, severity=9, due_at=NOON + timedelta(hours=1))
    assert await numbers(store) == [5, 1, 2, 3, 4]

    await store.holds.close(last, End.REJECTED, NOON, ADA)

    assert await numbers(store, 5) == [1, 2, 3, 4]
    assert await numbers(store, 1) == [2, 3, 4]
    assert await numbers(store, 3) == [4]
    assert await numbers(store, 77) == [1, 2, 3, 4]


async def test_the_worst_of_all_is_there_for_those_alone_who_may_see_it(
    store: Store, add: Add
) -> None:
    """It is in nobody else's list, nor in their counts."""
    await add(1, code="CSE.KNOWN", severity=99)
    await add(2)

    assert await numbers(store) == [2]
    assert await numbers(store, worst=True) == [1, 2]
    assert (await store.queue.counts(Wanted(), NOON)).waiting == 1
    assert (await store.queue.counts(Wanted(worst=True), NOON)).waiting == 2


class TestClaims:
    async def test_of_thirty_who_reach_for_one_only_one_gets_it(
        self, store: Store, add: Add
    ) -> None:
        """Nobody looks at a bad picture that somebody else is looking at already."""
        hold = await add(1)
        people = [f"reviewer-{number}" for number in range(30)]

        taken = await asyncio.gather(*(store.claims.take(hold.id, who, NOON) for who in people))

        claim = await store.claims.of(hold.id, NOON)
        assert taken.count(True) == 1
        assert claim is not None
        assert claim.person == people[taken.index(True)]

    async def test_of_thirty_who_work_at_once_no_two_have_the_same(
        self, store: Store, add: Add
    ) -> None:
        """Each reads the queue and takes the first that they get, again and again."""
        for number in range(60):
            await add(number + 1)
        had: list[tuple[str, int]] = []

        async def work(who: str) -> None:
            while free := await store.queue.page(Wanted(person=who, free=True), NOON):
                for each in free:
                    if await store.claims.take(each.hold.id, who, NOON):
                        had.append((who, each.hold.id.int))
                        break

        await asyncio.gather(*(work(f"reviewer-{number}") for number in range(30)))

        assert sorted(number for _, number in had) == [*range(1, 61)]
        for who, number in had:
            claim = await store.claims.of(UUID(int=number), NOON)
            assert claim is not None
            assert claim.person == who

    async def test_it_can_be_made_again_and_runs_out(self, store: Store, add: Add) -> None:
        """Who goes on working keeps it, who has gone loses it."""
        hold = await add(1)
        assert await store.claims.take(hold.id, ADA, NOON)
        assert await store.claims.take(hold.id, ADA, NOON + LASTS / 2)
        assert not await store.claims.take(hold.id, BO, NOON + LASTS)
        assert await store.claims.take(hold.id, BO, NOON + LASTS * 1.5)
        assert await store.claims.of(hold.id, NOON + LASTS * 3) is None

    async def test_nobody_gives_back_anothers(self, store: Store, add: Add) -> None:
        """A late click of somebody who lost it takes nothing from whoever has it."""
        hold = await add(1)
        await store.claims.take(hold.id, ADA, NOON)
        await store.claims.give_back(hold.id, BO)
        assert not await store.claims.take(hold.id, BO, NOON)
        await store.claims.give_back(hold.id, ADA)
        assert await store.claims.take(hold.id, BO, NOON)

    async def test_the_queue_says_whose_something_is(self, store: Store, add: Add) -> None:
        """And counts one's own beside all that waits, whatever one looks at."""
        for number in (1, 2, 3):
            await add(number)
        await store.claims.take(UUID(int=1), ADA, NOON)
        await store.claims.take(UUID(int=2), BO, NOON)

        assert await numbers(store, person=ADA, mine=True) == [1]
        assert await numbers(store, person=ADA, free=True) == [3]
        wanted = Wanted(person=ADA, code="NCII.")
        assert await store.queue.counts(wanted, NOON) == Counts(waiting=3, mine=1)
        assert await store.queue.counts(wanted, NOON + LASTS) == Counts(3, 0)
