"""Turns: so many at once, and whoever waits is called as `Line` says: fair between tenants."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from pipeline.novelai.accounts_line import Line


class Turns:
    """Lets `count` at once do something. It belongs to one event loop."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._line = Line[asyncio.Future[None]]()

    @asynccontextmanager
    async def taken(self, tenant: str, *, is_job: bool = False) -> AsyncGenerator[None]:
        """Have a turn within, once it is this tenant's."""
        await self._called(tenant, is_job=is_job)
        try:
            yield
        finally:
            self._next()

    async def _called(self, tenant: str, *, is_job: bool) -> None:
        if self._free:
            self._free -= 1
            return
        called = asyncio.get_running_loop().create_future()
        self._line.join(tenant, called, is_job=is_job)
        try:
            await called
        except asyncio.CancelledError:
            self._line.leave(tenant, called)
            if not called.cancelled():  # it was called in the very moment in which it left
                self._next()
            raise

    def _next(self) -> None:
        """Call whoever is next; nobody who left stands in the line."""
        called = self._line.call()
        if called is None:
            self._free += 1
        elif called.done():
            self._next()
        else:
            called.set_result(None)
