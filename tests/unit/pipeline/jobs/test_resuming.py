"""What waited in the queue when a process died is taken up again, and nothing is paid twice."""

from dataclasses import dataclass, fields, replace
from uuid import UUID

import pytest
from typing_extensions import override

from audit.entry import Kind
from audit.errors import NotDurableError
from pipeline.errors import StoreUnavailableError
from pipeline.items import Submission
from pipeline.jobs.desk import Desk
from pipeline.jobs.resuming import FALLEN, STRANDED, Resuming
from pipeline.record import Record
from pipeline.store.submissions import State
from tests.unit.pipeline.world import World


@dataclass(frozen=True)
class Unnoted(Record):
    """One whose database fails when a paid call is to be noted."""

    @override
    async def calling(
        self,
        submission: Submission,
        account: str = "",
        included: tuple[int, int] = (0, 0),
        *,
        again: bool = False,
    ) -> None:
        raise StoreUnavailableError("store", "a working database", "none")


def next_desk(house: World) -> Desk:
    """The desk of the process that starts after this one died."""
    return replace(house.gate.desk, owner="process-2", _running={})


async def resumed(house: World) -> tuple[int, int]:
    """Start anew; return how many were closed or finished, and how many taken up again."""
    closed = await house.recovery.run()
    desk = next_desk(house)
    taken = await Resuming(desk, house.restore).round()
    for ticket in [*desk._running.values()]:
        assert ticket.end is not None
        await ticket.end
    return closed, taken


async def job(house: World, submission: UUID) -> UUID:
    """Let a submission be a job."""
    await house.store.jobs.ask(submission, house.clock())
    return submission


async def test_what_was_only_queued_goes_on(house: World) -> None:
    """Its client went away on purpose, and nothing of it was done."""
    known_as = await job(house, (await house.submission()).id)

    assert await resumed(house) == (0, 1)

    assert (await house.row(known_as)).state is State.RELEASED
    assert len(house.upstream.calls) == 1
    assert await resumed(house) == (0, 0)


async def test_what_was_screened_goes_on_without_a_second_entry(house: World) -> None:
    """Its admission stands in the log already."""
    known_as = await job(house, (await house.screened()).outcome.submission.id)

    assert await resumed(house) == (0, 1)

    assert await house.kinds(known_as) == ["admit", "generated", "examined", "release"]


async def test_what_is_refused_by_now_is_closed(house: World) -> None:
    """Policy and banks of today have the last word."""
    submission = await house.submission("blockme")
    judged = (await house.screened()).outcome.judged
    screened = replace((await house.screened()).outcome, submission=submission, judged=judged)
    known_as = await job(house, submission.id)
    await house.record.write(submission, screened)

    await resumed(house)

    assert (await house.row(known_as)).state is State.HALTED
    assert (await house.leaves(known_as))[-1].public["reason"] == "policy_forbids"
    assert house.upstream.calls == []


async def test_what_may_have_been_paid_is_never_called_again(house: World) -> None:
    """That it is a job changes nothing about it."""
    submission = (await house.screened()).outcome.submission
    await job(house, submission.id)
    await house.record.calling(submission)

    assert await resumed(house) == (1, 0)

    assert (await house.leaves(submission.id))[-1].public["reason"] == "unknown_outcome"
    assert house.upstream.calls == []


async def test_what_waited_for_an_account_goes_on(house: World) -> None:
    """Nothing of it was sent: whoever dies in that line has paid for nothing."""
    desk = house.gate.desk
    received = house.received()
    async with house.accounts.lease():  # another generation holds the account
        with desk.entering():
            work = received.work(house.gate.limits)
            ticket = await desk.submit(received, work, house.key_id, 5, "", is_job=True)
        await house.in_line()
        assert (await house.row(ticket.id)).state is State.ADMITTED
        assert ticket.end is not None
        ticket.end.cancel()  # as its process's death would

    assert await resumed(house) == (0, 1)

    assert await house.kinds(ticket.id) == ["admit", "generated", "examined", "release"]
    assert len(house.upstream.calls) == 1


async def test_whose_call_could_not_be_noted_goes_on_later(house: World) -> None:
    """A database that fails over at that moment neither loses a job nor lets it be paid twice."""
    desk, flow = house.gate.desk, house.flow
    received = house.received()
    parts = {each.name: getattr(house.record, each.name) for each in fields(Record)}
    desk.flow = replace(flow, record=Unnoted(**parts))
    with desk.entering():
        work = received.work(house.gate.limits)
        ticket = await desk.submit(received, work, house.key_id, 5, "", is_job=True)
    assert ticket.end is not None
    with pytest.raises(StoreUnavailableError):
        await ticket.end
    desk.flow = flow
    assert (await house.row(ticket.id)).state is State.ADMITTED
    assert await resumed(house) == (0, 1)

    assert await house.kinds(ticket.id) == ["admit", "generated", "examined", "release"]
    assert len(house.upstream.calls) == 1


async def test_what_ended_before_app_db_heard_of_it_is_only_followed(house: World) -> None:
    """The log has the last word."""
    submission = await house.submission("blockme")
    known_as = await job(house, submission.id)
    outcome = await house.flow.screen(submission)
    for entry in house.record._entries(submission, outcome):
        await house.log.append(entry)

    await resumed(house)

    assert (await house.row(known_as)).state is State.HALTED
    assert await house.kinds(known_as) == ["halted"]


async def test_whoever_waited_is_not_taken_up(house: World) -> None:
    """Its client got no answer, and asks again."""
    known_as = (await house.screened()).outcome.submission.id

    assert await resumed(house) == (1, 0)
    assert (await house.row(known_as)).state is State.HALTED


async def test_a_server_that_stops_leaves_the_queue_for_the_next(house: World) -> None:
    """Only what is on its way is waited for."""
    desk = house.gate.desk
    received = house.received()
    work = received.work(house.gate.limits)
    async with desk.turns.taken("other"):
        with desk.entering():
            ticket = await desk.submit(received, work, house.key_id, 5, "", is_job=True)
        await desk.drain(5.0)

    assert (await house.row(ticket.id)).state is State.ADMITTED
    assert await resumed(house) == (0, 1)
    assert (await house.row(ticket.id)).state is State.RELEASED


async def test_what_fell_because_the_log_failed_goes_on_in_the_same_process(house: World) -> None:
    """Nobody else takes it up as long as this one lives, and it says that it does."""
    desk = house.gate.desk
    received = house.received()
    house.log.refuses = frozenset({Kind.ADMIT})
    with desk.entering():
        work = received.work(house.gate.limits)
        ticket = await desk.submit(received, work, house.key_id, 5, "", is_job=True)
    assert ticket.end is not None
    with pytest.raises(NotDurableError):
        await ticket.end
    resuming = Resuming(desk, house.restore)
    house.log.refuses = frozenset()
    at_once = await resuming.round()
    house.clock.passes(seconds=FALLEN.total_seconds())
    later = await resuming.round()
    again = desk.ticket(ticket.id)
    assert again is not None
    assert again.end is not None
    await again.end

    assert (at_once, later) == (0, 1)
    assert (await house.row(ticket.id)).state is State.RELEASED
    assert len(house.upstream.calls) == 1


async def test_what_waits_for_its_turn_is_not_taken_up_a_second_time(house: World) -> None:
    """A queue may be long: whoever stands in it is carried."""
    desk = house.gate.desk
    received = house.received()
    async with desk.turns.taken("other"):
        with desk.entering():
            work = received.work(house.gate.limits)
            ticket = await desk.submit(received, work, house.key_id, 5, "", is_job=True)
        house.clock.passes(seconds=STRANDED.total_seconds())
        assert await Resuming(desk, house.restore).round() == 0
    assert ticket.end is not None
    await ticket.end

    assert await house.kinds(ticket.id) == ["admit", "generated", "examined", "release"]


async def test_a_fault_with_one_keeps_no_other_from_its_turn(house: World) -> None:
    """And what was taken over by then is not forgotten."""
    lost, whole = [await job(house, (await house.submission()).id) for _ in range(2)]
    await house.vault.destroy((await house.row(lost)).vault_id)
    desk = next_desk(house)
    resuming = Resuming(desk, house.restore)

    assert await resuming.round() == 2
    for ticket in [*desk._running.values()]:
        assert ticket.end is not None
        await ticket.end
    house.clock.passes(seconds=STRANDED.total_seconds())
    await resuming.round()

    assert (await house.row(whole)).state is State.RELEASED
    assert (await house.leaves(lost))[-1].public["reason"] == "interrupted"
