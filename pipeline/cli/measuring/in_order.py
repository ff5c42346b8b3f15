"""Does the same to many things on every core: answers in order, few of them in memory."""

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from typing import TypeVar

from pipeline.cli.errors import UnusableError

T = TypeVar("T")
R = TypeVar("R")

CHUNK = 32
"""Things that go to a process at once; so few are done here, without any."""
_HEAVY = 1 << 20
"""The weight from which a chunk is sent, however few it holds."""
_AHEAD = 2
"""Chunks that wait for each process."""


def in_order(
    job: Callable[[Sequence[T]], list[R]],
    things: Iterable[T],
    processes: int,
    weight: Callable[[T], int] = lambda _: 0,
) -> Iterator[R]:
    """Give what `job` makes of each of `things`, in their order.

    `job` MUST be what another process can be sent, and MUST give one answer for each thing. What
    it raises is raised here. No more than a few chunks are held, however many things there are
    and however heavy, by `weight` in bytes.

    Raises:
        UnusableError: a process died.
    """
    chunks = _chunks(things, weight)
    few = list(islice(chunks, 2))
    if processes == 1 or len(few) < 2:  # noqa: PLR2004 - one chunk needs no company
        for chunk in chain(few, chunks):
            yield from job(chunk)
        return
    pool = ProcessPoolExecutor(
        processes, multiprocessing.get_context("spawn"), initializer=_leave_signals
    )
    try:
        yield from _through(pool, job, chain(few, chunks), _AHEAD * processes)
    except BrokenProcessPool:
        raise UnusableError("processes", "all to live", "one that died; try fewer") from None
    finally:
        pool.shutdown(cancel_futures=True)


def _through(
    pool: ProcessPoolExecutor,
    job: Callable[[Sequence[T]], list[R]],
    chunks: Iterator[Sequence[T]],
    ahead: int,
) -> Iterator[R]:
    waiting: deque[Future[list[R]]] = deque()
    for chunk in chunks:
        waiting.append(pool.submit(job, chunk))
        if len(waiting) > ahead:
            yield from waiting.popleft().result()
    while waiting:
        yield from waiting.popleft().result()


def _chunks(things: Iterable[T], weight: Callable[[T], int]) -> Iterator[Sequence[T]]:
    chunk: list[T] = []
    heavy = 0
    for thing in things:
        chunk.append(thing)
        heavy += weight(thing)
        if len(chunk) == CHUNK or heavy >= _HEAVY:
            yield chunk
            chunk, heavy = [], 0
    if chunk:
        yield chunk


def _leave_signals() -> None:
    """Leave Ctrl-C to the process that started this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
