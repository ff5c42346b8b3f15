"""The desk: it admits what it can carry, lets repeats join, and finishes what it has."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from classifiers.errors import UnreadableError
from pipeline.errors import ConflictError
from pipeline.items import Halted, Held, PublicCode, Released, Subject
from pipeline.jobs.desk import Ticket
from pipeline.jobs.errors import (
    BusyError,
    ClosingError,
    KeyReusedError,
    LongWaitError,
    OverBudgetError,
)
from pipeline.novelai.limits import Limits
from pipeline.store.submissions import State
from tests.unit.pipeline.lookers import CANARY
from tests.unit.pipeline.world import TENANT, World, body


async def spent(house: World) -> int:
    tenant = await house.store.tenants.get(TENANT)
    assert tenant is not None
    return tenant.anlas_spent


def sealed(house: World) -> int:
    return len([path for path in (house.folder / "vault").rglob("*") if path.is_file()])


async def submit(
    house: World, asked: dict[str, Any], key: str | None = None, price: int = 5
) -> Any:
    received = house.received(asked)
    work = received.work(Limits())
    return await house.gate.desk.submit(received, work, house.key_id, price, "", key)


async def test_an_admitted_request_is_charged_once_and_carried(house: World) -> None:
    """What was paid for is spent; what is on its way is counted."""
    ticket = await house.submit()
    assert house.gate.desk.in_flight == 1

    assert ticket.end is not None
    assert isinstance((await ticket.end).outcome, Released)
    await asyncio.sleep(0)
    assert house.gate.desk.in_flight == 0
    assert await spent(house) == 5


@pytest.mark.parametrize("prompt", ["blockme", "graveword"])
async def test_what_was_surely_not_paid_is_given_back(house: World, prompt: str) -> None:
    """A refusal costs the tenant nothing."""
    assert isinstance(await house.end(prompt), Halted)
    assert await spent(house) == 0


async def test_an_identical_request_joins_the_one_in_flight(house: World) -> None:
    """An impatient client does not pay twice."""
    asked = body(seed=99)
    first, second = await submit(house, asked), await submit(house, asked)

    assert first.id == second.id
    assert first.waiting == 2
    await first.end
    assert len(house.upstream.calls) == 1
    assert await spent(house) == 5


async def test_another_subjects_identical_request_is_its_own(house: World) -> None:
    """For whom it is made is a part of a request."""
    content = house.received(body(seed=99)).body
    made = [house.received(body(seed=99), Subject(TENANT, pseudonym)) for pseudonym in ("u1", "u2")]

    assert made[0].body == made[1].body == content
    assert made[0].sha256 != made[1].sha256


async def test_an_idempotency_key_is_for_one_body(house: World) -> None:
    """Another body under it is refused, and leaves nothing behind."""
    first = await submit(house, body(seed=1), "order-1")
    await first.end
    before, charged = sealed(house), await spent(house)

    again = await submit(house, body(seed=1), "order-1")
    with pytest.raises(KeyReusedError):
        await submit(house, body(seed=2), "order-1")

    assert again.id == first.id
    assert (sealed(house), await spent(house)) == (before, charged)
    assert len(house.upstream.calls) == 1


async def test_a_spent_budget_admits_nothing(house: World) -> None:
    """Nothing goes upstream that the tenant cannot pay for."""
    with pytest.raises(OverBudgetError):
        await submit(house, body(), price=10_001)

    assert house.upstream.calls == []
    assert await spent(house) == 0


async def test_it_carries_so_many_and_no_more(house: World) -> None:
    """Who finds the house full is told so, at once."""
    async with house.accounts.lease():  # another generation holds the account
        tickets = [await house.submit() for _ in range(8)]

        with pytest.raises(BusyError):
            await house.submit()

    await asyncio.gather(*(ticket.end for ticket in tickets if ticket.end is not None))
    assert isinstance(await house.end(), Released)


async def test_a_picture_that_is_none_is_not_admitted(house: World) -> None:
    """Bad input leaves neither a charge nor an object."""
    before = sealed(house)

    with pytest.raises(UnreadableError) as fault:
        await house.submit(image="aGVsbG8gd29ybGQ=", strength=0.5)

    assert CANARY not in str(fault.value)
    assert (sealed(house), await spent(house)) == (before, 0)


async def test_an_unknown_tenant_is_not_admitted(house: World) -> None:
    """A key whose tenant is gone can spend nothing."""
    received = house.received(subject=Subject("nobody"))

    with pytest.raises(ConflictError):
        await house.gate.desk.submit(received, received.work(Limits()), UUID(int=9), 5, "")
    assert house.upstream.calls == []
    assert sealed(house) == 0


class TestDraining:
    async def test_admits_nothing_more_and_finishes_what_it_has(self, house: World) -> None:
        """A stop loses no paid picture."""
        ticket = await house.submit()

        cut = await house.gate.desk.drain(10)

        assert cut == 0
        assert ticket.end is not None
        assert isinstance(ticket.end.result().outcome, Released)
        with pytest.raises(ClosingError):
            await house.submit()

    async def test_cuts_off_what_takes_too_long_and_counts_it(self, house: World) -> None:
        """What is cut off is in the log, for the next start to find."""
        async with house.accounts.lease():  # another generation holds the account
            ticket = await house.submit()
            while not await house.log.open_submissions():  # noqa: ASYNC110 - the log has no event
                await asyncio.sleep(0)

            assert await house.gate.desk.drain(0.05) == 1
        assert [each.submission for each in await house.log.open_submissions()] == [ticket.id]

    async def test_of_an_idle_desk_takes_no_time(self, house: World) -> None:
        """Nothing to wait for."""
        assert await house.gate.desk.drain(10) == 0


async def test_a_client_that_left_is_not_paid_for(house: World) -> None:
    """The last one to leave drops it."""
    ticket = await house.submit()
    ticket.leave()

    assert ticket.end is not None
    outcome = (await ticket.end).outcome

    assert isinstance(outcome, Halted)
    assert (outcome.reason, house.upstream.calls) == ("client_left", [])


async def test_whoever_waits_for_an_answer_goes_before_a_job(house: World) -> None:
    """A queue of jobs makes nobody wait who stands before a screen."""
    desk = house.gate.desk
    async with house.accounts.lease():  # another generation holds the account
        received = house.received(body("an old barn"))
        with desk.entering():
            work = received.work(Limits())
            job = await desk.submit(received, work, house.key_id, 5, "", is_job=True)
        await house.in_line()
        ticket = await house.submit("seven kites")
        while len(house.accounts._line) < 2:  # noqa: ASYNC110 - the line has no event
            await asyncio.sleep(0)
    assert ticket.end is not None
    assert job.end is not None
    await asyncio.gather(ticket.end, job.end)

    first, second = house.upstream.calls
    assert b"seven kites" in first
    assert b"an old barn" in second


async def test_of_how_many_go_before_it_a_job_counts_its_own_tenants(house: World) -> None:
    """Tenants take turns: who asks for the first is not refused for another's thousand."""
    desk = house.gate.desk
    desk._recent_seconds, desk.longest_wait = 10.0, timedelta(seconds=35)
    for number in range(9):
        known_as = UUID(int=number)
        desk._running[known_as] = Ticket(known_as, is_job=True, tenant="meadow")

    desk._refuse_long_wait(TENANT)
    with pytest.raises(LongWaitError):
        desk._refuse_long_wait("meadow")
    desk._running.clear()


async def test_a_held_request_keeps_its_place(house: World) -> None:
    """Its charge stands until it is ruled on: an approval goes straight on."""
    outcome = await house.end("holdme")

    assert isinstance(outcome, Held)
    row = await house.row(outcome.submission)
    assert (row.state, row.code) == (State.HELD, PublicCode.HELD)
    assert await spent(house) == 5
