"""Gathering: while a queue stands before the gate, writes wait for each other, and one sync serves.

Whoever writes while others wait for a look would wait in that queue next, so the pause costs nobody
anything; while none waits, nobody pauses. PostgreSQL knows the same as `commit_delay` with
`commit_siblings`.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Final, TypeVar

T = TypeVar("T")

PAUSE_SECONDS: Final = 0.04
"""A request writes four entries: it pauses for 0.16 s at most, of the second that it queues."""


class Gathering:
    """Lets all who come within one pause go on together."""

    def __init__(self, busy: Callable[[], bool], pause_seconds: float = PAUSE_SECONDS) -> None:
        """`busy` says whether a queue stands before the gate."""
        self._busy = busy
        self._pause = pause_seconds
        self._leaving: asyncio.Future[None] | None = None

    async def join(self) -> None:
        """Return at once, or in a queue with all who come until the pause is over."""
        if self._leaving is None:
            if not self._busy():
                return
            loop = asyncio.get_running_loop()
            self._leaving = loop.create_future()
            loop.call_later(self._pause, self._leave, self._leaving)
        await asyncio.shield(self._leaving)  # one who gives up does not send the others on

    def _leave(self, leaving: "asyncio.Future[None]") -> None:
        self._leaving = None
        leaving.set_result(None)


async def all_of(jobs: Sequence[Coroutine[object, None, T]]) -> Sequence[T]:
    """Do several things at once; one alone, as mostly, without a task of its own."""
    if len(jobs) <= 1:
        return [await job for job in jobs]
    return await asyncio.gather(*jobs)
