"""Threads that look at content: off the event loop, a bounded number at a time, with a deadline."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from audit.threads import begin

T = TypeVar("T")


class Workers:
    """Threads that look, a bounded number at a time; each job has a deadline from its start."""

    def __init__(
        self, count: int, deadline_seconds: float, longest_wait_seconds: float = 120.0
    ) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="looks")
        self._count, self._waiting = count, 0
        self._free = asyncio.Semaphore(count)
        self._deadline = deadline_seconds
        self._longest_wait = longest_wait_seconds

    @property
    def queued(self) -> bool:
        """Whether more jobs wait than the threads can take next."""
        return self._waiting > self._count

    async def run(self, job: Callable[[], T]) -> T:
        """Run `job` in a thread.

        Raises:
            TimeoutError: it did not end in time, and its thread stays taken until it does; or no
                thread was free in time.
        """
        async with asyncio.timeout(self._longest_wait) as limit:
            self._waiting += 1
            try:
                await self._free.acquire()
            finally:
                self._waiting -= 1
            answer = begin(self._pool, job)
            answer.add_done_callback(self._freed)
            limit.reschedule(asyncio.get_running_loop().time() + self._deadline)
            return await asyncio.shield(answer)

    def _freed(self, done: asyncio.Future[T]) -> None:
        self._free.release()
        if not done.cancelled():
            done.exception()  # one that ended after its deadline has nobody else to look at it

    def close(self) -> None:
        """Take no more jobs; do not wait for one that hangs."""
        self._pool.shutdown(wait=False, cancel_futures=True)
