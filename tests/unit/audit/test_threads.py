"""Work in threads: its answer, and its failure, are the caller's."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event, current_thread

import pytest

from audit.threads import begin, in_thread


@pytest.fixture
def worker() -> Iterator[ThreadPoolExecutor]:
    """One thread with a name."""
    with ThreadPoolExecutor(1, "hand") as pool:
        yield pool


async def test_the_answer_comes_from_the_workers_thread(worker: ThreadPoolExecutor) -> None:
    """The event loop must not do the work itself: everybody else would wait."""
    name = await in_thread(worker, lambda: current_thread().name)

    assert name == "hand_0"


@pytest.mark.parametrize("fault", [OSError("disk"), StopIteration(), SystemExit(3)])
async def test_a_failure_is_raised_to_the_caller(
    worker: ThreadPoolExecutor, fault: BaseException
) -> None:
    """A failure that nobody is told of leaves its caller waiting for ever."""

    def fail() -> None:
        raise fault

    expected = RuntimeError if isinstance(fault, StopIteration) else type(fault)
    with pytest.raises(expected):
        await in_thread(worker, fail)


async def test_a_caller_that_is_cancelled_does_not_undo_the_work(
    worker: ThreadPoolExecutor,
) -> None:
    """What the thread has begun it ends, and the next in the queue has its turn."""
    go, done = Event(), Event()

    def work() -> None:
        go.wait(60)
        done.set()

    waiting = asyncio.ensure_future(begin(worker, work))
    await asyncio.sleep(0)
    waiting.cancel()
    go.set()

    assert await in_thread(worker, done.is_set)


async def test_a_closed_worker_says_so(worker: ThreadPoolExecutor) -> None:
    """Work that would never be done is refused at once."""
    worker.shutdown()

    with pytest.raises(RuntimeError):
        await in_thread(worker, int)
