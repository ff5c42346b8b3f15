"""Accounts at NovelAI: whose they are, and what nobody knows of a dead process's last call."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from pipeline.store.accounts import AccountRow, GateMiss
from pipeline.store.store import Store
from pipeline.store.submissions import State, SubmissionRow
from tests.unit.pipeline.store.conftest import NOON

LONGEST = timedelta(seconds=60)
TOKEN, OTHER = "a" * 64, "b" * 64
LATER = NOON + timedelta(hours=1)


async def take(store: Store, owner: str, *tokens: str) -> tuple[AccountRow, ...]:
    """Take accounts as a process does that starts an hour after the first."""
    return await store.accounts.take(tokens or (TOKEN,), owner, LATER, LONGEST)


async def test_an_account_is_remembered_from_its_first_use(store: Store) -> None:
    """Its token's age counts from there."""
    (first,) = await store.accounts.take([TOKEN], "process-1", NOON, LONGEST)
    (again,) = await take(store, "process-1")

    assert (first.since, again.since, again.rests_until) == (NOON, NOON, NOON)
    assert TOKEN not in repr(again)


async def test_it_rests_after_a_process_that_died_during_a_paid_call(
    store: Store, row: SubmissionRow
) -> None:
    """NovelAI may still be generating with it: the lease outlives its owner, a second death too.

    No other account has to rest.
    """
    await take(store, "process-1", TOKEN, OTHER)
    await store.admission.admit(row)
    assert await store.submissions.call("harbour", row.id, OTHER, NOON)
    assert await store.submissions.call("harbour", row.id, TOKEN, LATER, again=True)
    (first, other) = await take(store, "process-2", TOKEN, OTHER)
    await store.submissions.move("harbour", row.id, State.HALTED, LATER)
    (again,) = await take(store, "process-3")

    assert [first.rests_until, again.rests_until] == [LATER + LONGEST] * 2
    assert other.rests_until == LATER


async def test_it_does_not_rest_where_the_process_that_calls_is_alive(
    store: Store, row: SubmissionRow
) -> None:
    """Of several gateways one may start at any time: leases keep the account apart."""
    await take(store, "process-1")
    await store.admission.admit(row)
    await store.submissions.call("harbour", row.id, TOKEN, LATER)
    (taken,) = await store.accounts.take([TOKEN], "process-2", LATER, LONGEST, {"process-1"})

    assert taken.rests_until == LATER


async def test_it_rests_as_well_if_its_token_was_rotated_meanwhile(
    store: Store, row: SubmissionRow
) -> None:
    """It is the account that generates, not the token."""
    (known,) = await take(store, "process-1")
    await store.admission.admit(row)
    await store.submissions.call("harbour", row.id, TOKEN, LATER)
    await store.accounts.rotate(TOKEN, replace(known, token=OTHER))
    (taken,) = await take(store, "process-2", OTHER)

    assert taken.rests_until == LATER + LONGEST


async def test_it_does_not_rest_after_a_process_that_called_nobody(
    store: Store, row: SubmissionRow
) -> None:
    """Or each restart would cost a minute."""
    await take(store, "process-1")
    await store.admission.admit(row)
    (taken,) = await take(store, "process-2")

    assert taken.rests_until == LATER


async def test_what_is_declared_and_paused_is_remembered(store: Store) -> None:
    """A restart lifts nothing."""
    (row,) = await take(store, "process-1")
    await store.accounts.put(replace(row, entitlement="contract 7", declared_by="ana"))
    await store.accounts.pause(TOKEN, "suspect", LATER)
    found = await store.accounts.get(TOKEN)

    assert found == replace(row, entitlement="contract 7", declared_by="ana", paused="suspect")
    assert await store.accounts.get(OTHER) is None
    assert await store.accounts.all() == {TOKEN: found}


async def test_a_case_is_open_until_a_person_closes_it(store: Store) -> None:
    """Once, however often it is told."""
    miss = GateMiss(UUID(int=1), UUID(int=2), "harbour", TOKEN, "upstream_objected", NOON)
    await store.accounts.open(miss)
    await store.accounts.open(miss)
    await store.accounts.close(OTHER, "ana", NOON)
    assert await store.accounts.opened() == (miss,)

    await store.accounts.close(TOKEN, "ana", NOON)
    assert await store.accounts.opened() == ()
