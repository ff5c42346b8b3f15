"""Ledgers: what each call may cost its account, and what NovelAI said was left there."""

from dataclasses import replace
from uuid import UUID

import pytest

from pipeline.store.accounts import AccountRow
from pipeline.store.ledgers import Call, Ledger
from pipeline.store.store import Store
from pipeline.store.submissions import State, SubmissionRow
from tests.unit.pipeline.store.conftest import NOON

TOKEN, OTHER = "a" * 64, "b" * 64
SEEN = Ledger(TOKEN, opening=100, left=100, full=100, opus=False, seen_at=NOON)


async def called(store: Store, row: SubmissionRow, number: int, token: str = TOKEN) -> UUID:
    """Begin a call."""
    one = replace(row, id=UUID(int=number), body_sha256=str(number) * 64)
    await store.admission.admit(one)
    await store.submissions.call("harbour", one.id, token, NOON)
    await store.ledgers.begin(one.id, token, one.price, (0, 8))
    return one.id


async def test_of_an_account_that_nobody_used_nothing_is_known(store: Store) -> None:
    """That is not nothing: it has no balance, rather than one of nought."""
    assert await store.ledgers.get(TOKEN) == Ledger(TOKEN)
    assert await store.ledgers.all() == ()
    assert TOKEN not in repr(Ledger(TOKEN))


@pytest.mark.parametrize(("opus", "least", "most"), [(True, 0, 8), (False, 20, 20), (None, 0, 20)])
async def test_a_call_is_counted_by_what_is_known_of_the_plan(
    store: Store, row: SubmissionRow, opus: bool | None, least: int, most: int
) -> None:
    """Where nobody knows whether it is included, it may be either."""
    if opus is not None:
        await store.ledgers.see(replace(SEEN, opus=opus), ())
    known_as = await called(store, row, 1)

    assert (await store.ledgers.get(TOKEN)).calls == (Call(known_as, least, most, is_over=False),)


async def test_what_is_over_is_told_from_what_is_under_way(
    store: Store, row: SubmissionRow
) -> None:
    """And what was surely not paid, or was called with another account in the end, is neither."""
    await store.ledgers.see(SEEN, ())
    over, under_way, unpaid, moved = [await called(store, row, number) for number in range(1, 5)]
    await store.submissions.move("harbour", over, State.RELEASED, NOON)
    await store.ledgers.drop(unpaid)
    await store.ledgers.drop(moved)
    await store.ledgers.begin(moved, OTHER, 20, (0, 8))

    found = {each.submission: each.is_over for each in (await store.ledgers.get(TOKEN)).calls}
    assert found == {over: True, under_way: False}
    assert [each.submission for each in (await store.ledgers.get(OTHER)).calls] == [moved]


async def test_what_novelai_said_is_remembered_and_what_is_in_it_settled(
    store: Store, row: SubmissionRow
) -> None:
    """A call that was begun meanwhile is not."""
    first, second = [await called(store, row, number) for number in (1, 2)]
    await store.ledgers.see(SEEN, (first,))
    await store.ledgers.see(replace(SEEN, left=80), ())

    found = await store.ledgers.get(TOKEN)
    assert replace(found, calls=()) == replace(SEEN, left=80)
    assert [each.submission for each in found.calls] == [second]
    assert await store.ledgers.all() == (replace(SEEN, left=80),)


async def test_it_stays_with_an_account_whose_token_is_rotated(
    store: Store, row: SubmissionRow
) -> None:
    """An old token that comes back brings nothing of its own."""
    await store.ledgers.see(SEEN, ())
    await store.ledgers.see(replace(SEEN, token=OTHER, left=7), ())
    known_as = await called(store, row, 1)
    await store.accounts.rotate(TOKEN, AccountRow(OTHER, NOON, rests_until=NOON))

    assert await store.ledgers.all() == (replace(SEEN, token=OTHER),)
    assert [each.submission for each in (await store.ledgers.get(OTHER)).calls] == [known_as]
