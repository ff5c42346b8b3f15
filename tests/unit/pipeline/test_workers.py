"""The threads that look: a bounded number, each in its turn, and nobody waits for ever."""

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial
from threading import Event

import pytest

from pipeline.workers import Workers


class Shop:
    """One thread, which is kept busy until it may go on, and what it did then."""

    def __init__(self) -> None:
        self.workers = Workers(1, deadline_seconds=5, longest_wait_seconds=5)
        self.go_on = Event()
        self.done: list[int] = []
        self.tasks: list[asyncio.Task[object]] = []

    async def begin(self) -> None:
        """Take the thread."""
        self.tasks.append(asyncio.create_task(self.workers.run(self.go_on.wait)))
        await asyncio.sleep(0)

    async def ask(self, number: int) -> asyncio.Task[object]:
        """Ask for a job, which waits."""
        job = partial(self.done.append, number)
        task: asyncio.Task[object] = asyncio.create_task(self.workers.run(job))
        self.tasks.append(task)
        await asyncio.sleep(0)
        return task

    async def end(self) -> None:
        """Let the thread go on, until all is done."""
        self.go_on.set()
        await asyncio.gather(*self.tasks, return_exceptions=True)


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    opened = Shop()
    await opened.begin()
    yield opened
    await opened.end()
    opened.workers.close()


async def test_a_queue_stands_when_more_wait_than_can_be_taken_next(shop: Shop) -> None:
    """One job each that is next in its thread is no queue."""
    await shop.ask(1)
    assert not shop.workers.queued

    await shop.ask(2)
    assert shop.workers.queued

    await shop.end()
    assert not shop.workers.queued


async def test_turns_are_in_the_order_of_coming(shop: Shop) -> None:
    """Nobody overtakes."""
    for number in range(40):
        await shop.ask(number)

    await shop.end()

    assert shop.done == [*range(40)]


class TestOneWhoGivesUp:
    async def test_takes_no_turn(self, shop: Shop) -> None:
        """Whoever waits behind one that left is next."""
        left = await shop.ask(1)
        await shop.ask(2)
        left.cancel()

        await shop.end()

        assert shop.done == [2]

    @pytest.mark.parametrize("steps", range(6))
    async def test_hands_on_a_turn_that_came_at_that_moment(self, steps: int) -> None:
        """Else a thread would be lost for good: one of these steps is just that moment."""
        workers, ended = Workers(1, deadline_seconds=5, longest_wait_seconds=5), Event()
        first = asyncio.create_task(workers.run(ended.set))
        second = asyncio.create_task(workers.run(lambda: None))
        await asyncio.sleep(0)
        ended.wait()
        time.sleep(0.01)  # noqa: ASYNC251 - its answer comes to the loop, which must not look yet
        for _ in range(steps):
            await asyncio.sleep(0)

        second.cancel()

        assert await asyncio.wait_for(workers.run(lambda: "done"), 5) == "done"
        await first
        workers.close()

    async def test_after_the_longest_wait_is_told(self) -> None:
        """A queue that does not move is no answer."""
        workers = Workers(1, deadline_seconds=5, longest_wait_seconds=0.05)
        go_on = Event()
        first = asyncio.create_task(workers.run(go_on.wait))
        await asyncio.sleep(0)

        with pytest.raises(TimeoutError):
            await workers.run(lambda: None)

        go_on.set()
        await first
        assert not workers.queued
        workers.close()


async def test_what_does_not_end_in_time_keeps_its_thread_until_it_does() -> None:
    """More threads than were allowed never look at once."""
    workers = Workers(1, deadline_seconds=0.05, longest_wait_seconds=0.05)
    go_on = Event()

    with pytest.raises(TimeoutError):
        await workers.run(go_on.wait)
    with pytest.raises(TimeoutError):
        await workers.run(lambda: None)
    go_on.set()

    for _ in range(100):  # its thread comes back when it ends
        try:
            assert await workers.run(lambda: "done") == "done"
        except TimeoutError:
            continue
        break
    else:
        pytest.fail("the thread never came back")
    workers.close()
