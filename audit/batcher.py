"""Group commit: everybody who waits while a commit is on its way shares the next one."""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from audit.errors import AuditError, Busy, NotDurableError
from audit.store import MAX_BATCH, Prepared, Store, Stored

MAX_WAITING = 4096
IDLE_SECONDS = 0.25
"""After this long without work the newest checkpoint goes into the file; a busy log has its next
batch before that, which carries it."""


@dataclass(frozen=True, slots=True)
class _Item:
    prepared: Prepared
    answer: "asyncio.Future[Stored]"


class Batcher:
    """One task that hands batches to the store, one after the other."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: deque[_Item] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._task = asyncio.create_task(self._run(), name="audit batcher")

    async def submit(self, prepared: Prepared) -> Stored:
        """Return once the entry is durable. A caller that is cancelled cannot know.

        Raises:
            Busy: too many wait; nothing was tried.
            NotDurableError: the entry is not known to be durable.
        """
        if self._closing or self._task.done():
            raise NotDurableError("log", "it does not take entries any more") from self.fault
        if len(self._waiting) >= MAX_WAITING:
            raise Busy(len(self._waiting))
        item = _Item(prepared, asyncio.get_running_loop().create_future())
        self._waiting.append(item)
        self._wake.set()
        return await item.answer

    @property
    def fault(self) -> BaseException | None:
        """Why the log stopped of itself, if it did."""
        done = self._task.done() and not self._task.cancelled()
        return self._task.exception() if done else None

    async def close(self) -> None:
        """Write what waits, then stop."""
        self._closing = True
        self._wake.set()
        await asyncio.gather(self._task, return_exceptions=True)  # `fault` keeps what it raised

    async def _run(self) -> None:
        try:
            while await self._work_comes():
                await asyncio.sleep(0)  # who came in the same turn goes in the same batch
                count = min(len(self._waiting), MAX_BATCH)
                await self._write([self._waiting.popleft() for _ in range(count)])
        finally:
            _refuse(self._waiting)  # only a stopped log leaves anybody here

    async def _work_comes(self) -> bool:
        """Wait for work; say False when there is none and none will come."""
        while not self._waiting and not self._closing:
            self._wake.clear()
            try:
                async with asyncio.timeout(IDLE_SECONDS if self._store.unkept else None):
                    await self._wake.wait()
            except TimeoutError:
                await self._keep_checkpoint()
        return bool(self._waiting)

    async def _write(self, batch: Sequence[_Item]) -> None:
        try:
            prepared = [item.prepared for item in batch]
            outcomes = await self._store.append(prepared)
            for item, outcome in zip(batch, outcomes, strict=True):
                _answer(item, outcome)
        finally:
            _refuse(batch)

    async def _keep_checkpoint(self) -> None:
        with suppress(
            NotDurableError
        ):  # the next batch carries it, or the next start makes it anew
            await self._store.keep_checkpoint()


def _answer(item: _Item, outcome: Stored | AuditError) -> None:
    if item.answer.done():  # its caller left; the entry stays
        return
    if isinstance(outcome, Stored):
        item.answer.set_result(outcome)
    else:
        item.answer.set_exception(outcome)


def _refuse(items: Sequence[_Item] | deque[_Item]) -> None:
    for item in items:
        _answer(item, NotDurableError("log", "it stopped before it answered"))
