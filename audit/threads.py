"""Work that blocks, done in a thread while the event loop goes on.

`loop.run_in_executor` joins two kinds of futures for each answer, with a lock each; here the thread
answers the one that is awaited.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


async def in_thread(worker: Executor, work: Callable[P, R], *args: P.args, **more: P.kwargs) -> R:
    """Run `work` in one of the worker's threads, and wait for it.

    A caller that is cancelled does not wait any longer; the work is done all the same.

    Raises:
        RuntimeError: the worker takes no more work.
    """
    return await begin(worker, partial(work, *args, **more))


def begin(worker: Executor, work: Callable[[], R]) -> "asyncio.Future[R]":
    """Hand `work` to one of the worker's threads; the answer comes on the running loop.

    Raises:
        RuntimeError: the worker takes no more work.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[R] = loop.create_future()
    worker.submit(_work, loop, answer, work)
    return answer


def _work(
    loop: asyncio.AbstractEventLoop, answer: "asyncio.Future[R]", work: Callable[[], R]
) -> None:
    try:
        result = work()
    except BaseException as fault:  # noqa: BLE001 - whatever it is, its own caller gets it
        told = RuntimeError("StopIteration") if isinstance(fault, StopIteration) else fault
        _tell(loop, answer, partial(answer.set_exception, told))
    else:
        _tell(loop, answer, partial(answer.set_result, result))


def _tell(
    loop: asyncio.AbstractEventLoop, answer: "asyncio.Future[R]", tell: Callable[[], None]
) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(_unless_done, answer, tell)


def _unless_done(answer: "asyncio.Future[R]", tell: Callable[[], None]) -> None:
    if not answer.done():  # whoever was cancelled waits no more
        tell()
