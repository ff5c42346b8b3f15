"""What people have uncovered: a budget for a day, a break after many, and what they opt out of."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from pipeline.store.exposures import A_DAY, BREAK, LONGEST_A_DAY, MOST_A_DAY, MOST_IN_A_ROW, Day
from pipeline.store.store import Store

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
ADA, BO = "person-ada", "person-bo"
APART = BREAK + timedelta(seconds=1)


async def uncovered(store: Store, at: datetime, person: str = ADA) -> Day | None:
    """Uncover something for a second."""
    reveal = uuid4()
    rest = await store.exposures.begin(reveal, person, at)
    await store.exposures.end(reveal, timedelta(seconds=1))
    return rest


async def test_after_many_without_a_break_somebody_rests(store: Store) -> None:
    """Only whoever looked, and only until the break is over."""
    for number in range(MOST_IN_A_ROW):
        assert await uncovered(store, NOON + timedelta(seconds=number)) is None
    last = NOON + timedelta(seconds=MOST_IN_A_ROW - 1)

    rest = await uncovered(store, last + timedelta(seconds=30))

    assert rest is not None
    assert rest.rests_until == last + BREAK
    assert await uncovered(store, last + timedelta(seconds=30), BO) is None
    assert await uncovered(store, last + BREAK) is None
    day = await store.exposures.day(ADA, last + BREAK)
    assert day == Day(MOST_IN_A_ROW + 1, timedelta(seconds=MOST_IN_A_ROW + 1), 1)


async def test_a_break_in_between_begins_anew(store: Store) -> None:
    """Whoever pauses on their own is not made to."""
    for number in range(MOST_IN_A_ROW + 9):
        later = APART if number >= 10 else timedelta()
        assert await uncovered(store, NOON + number * timedelta(seconds=1) + later) is None


async def test_a_days_budget_is_used_up_by_pictures(store: Store) -> None:
    """And comes back as the day goes by."""
    for number in range(MOST_A_DAY):
        assert await uncovered(store, NOON + number * APART * 0.1 + number // 20 * APART) is None
    end = NOON + MOST_A_DAY * APART * 0.1 + MOST_A_DAY // 20 * APART

    rest = await uncovered(store, end)

    assert rest is not None
    assert rest.rests_until == NOON + A_DAY
    assert await uncovered(store, NOON + A_DAY) is None


async def test_a_days_budget_is_used_up_by_time(store: Store) -> None:
    """Few pictures that are looked at for long are as much as many."""
    reveal = uuid4()
    await store.exposures.begin(reveal, ADA, NOON)
    await store.exposures.end(reveal, LONGEST_A_DAY)

    assert await uncovered(store, NOON + APART) is not None


async def test_what_is_long_ago_is_forgotten(store: Store) -> None:
    """It is a record of somebody at work."""
    await uncovered(store, NOON)
    await uncovered(store, NOON + APART)

    assert await store.exposures.purge(NOON + APART) == 1


async def test_people_opt_out_of_kinds(store: Store) -> None:
    """Of as many as they like, and no longer than they like."""
    await store.exposures.opt_out(ADA, frozenset({"VIO", "SEX"}))
    await store.exposures.opt_out(ADA, frozenset({"VIO"}))

    assert await store.exposures.opted_out(ADA) == {"VIO"}
    assert await store.exposures.opted_out(BO) == frozenset()
    await store.exposures.opt_out(ADA, frozenset())
    assert await store.exposures.opted_out(ADA) == frozenset()
