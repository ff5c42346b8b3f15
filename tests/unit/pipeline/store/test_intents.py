"""Rulings that wait: given once, taken back by whoever gave them, and in nobody's queue."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from pipeline.items import Cause, Stage
from pipeline.store.holds import Hold
from pipeline.store.intents import Intent
from pipeline.store.queue import Wanted
from pipeline.store.store import Store
from pipeline.store.submissions import SubmissionRow

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
SOON = NOON + timedelta(minutes=1)
ADA, BO = "person-ada", "person-bo"
GIVEN = Intent(
    hold=UUID(int=1),
    tenant="harbour",
    batch=None,
    person=ADA,
    role="reviewer",
    approves=False,
    reason="why",
    code="SEX.NUDITY",
    given_at=NOON,
    due_at=SOON,
)


@pytest.fixture(autouse=True)
async def hold(store: Store, row: SubmissionRow) -> None:
    """Something that waits."""
    await store.admission.admit(row)
    over = NOON + timedelta(hours=9)
    known_as, stage, cause = GIVEN.hold, Stage.SCREEN, Cause.SUSPICION
    hold = Hold(known_as, "harbour", row.id, stage, None, cause, "a" * 32, NOON, over)
    await store.holds.open(hold)


async def test_one_ruling_waits_for_a_case_and_it_leaves_the_queue(store: Store) -> None:
    """Nobody begins to work on what is ruled; taken back, it is there again."""
    assert len(await store.queue.page(Wanted(), NOON)) == 1
    assert await store.intents.give(GIVEN)
    assert not await store.intents.give(replace(GIVEN, person=BO))

    assert await store.queue.page(Wanted(), NOON) == ()
    assert await store.intents.of(GIVEN.hold) == GIVEN
    assert not await store.intents.take_back(BO, NOON, GIVEN.hold)
    assert await store.intents.take_back(ADA, NOON, GIVEN.hold)
    assert len(await store.queue.page(Wanted(), NOON)) == 1


async def test_it_is_due_once_and_then_cannot_be_taken_back(store: Store) -> None:
    """What became of it is told to whoever gave it."""
    await store.intents.give(GIVEN)
    assert await store.intents.due(NOON, 9) == ()
    assert await store.intents.due(SOON, 9) == (GIVEN,)
    assert not await store.intents.take_back(ADA, SOON, GIVEN.hold)

    await store.intents.done(GIVEN.hold, "not possible")

    assert await store.intents.due(SOON, 9) == ()
    assert await store.intents.of_person(ADA) == (replace(GIVEN, outcome="not possible"),)
    assert await store.intents.of_person(BO) == ()
    assert len(await store.queue.page(Wanted(), NOON)) == 1
    assert await store.intents.give(GIVEN), "what was not possible can be ruled on again"


async def test_what_cannot_be_done_now_is_due_later(store: Store) -> None:
    """And whoever gave it can take it back once more."""
    await store.intents.give(GIVEN)
    await store.intents.postpone(GIVEN.hold, SOON + timedelta(minutes=1))
    assert await store.intents.due(SOON, 9) == ()
    assert await store.intents.take_back(ADA, SOON, GIVEN.hold)


async def test_whoever_is_erased_leaves_no_reason_behind(store: Store, row: SubmissionRow) -> None:
    """People write there what they saw."""
    await store.intents.give(GIVEN)
    await store.intents.done(GIVEN.hold, "withheld")
    await store.forgetting.submission(row.id)
    (kept,) = await store.intents.of_person(ADA)
    assert kept.reason == ""


async def test_what_is_over_is_forgotten(store: Store) -> None:
    """What waits is not."""
    await store.intents.give(GIVEN)
    assert await store.intents.purge(SOON + timedelta(days=1)) == 0
    await store.intents.done(GIVEN.hold, "withheld")
    assert await store.intents.purge(SOON + timedelta(days=1)) == 1
