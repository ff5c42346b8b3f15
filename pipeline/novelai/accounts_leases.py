"""Leases: an account generates in one of several gateways at a time.

Nothing is sent without one. It is renewed while a call lasts; a gateway that dies leaves it to run
out, which is when NovelAI has surely ended what that one had begun.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import structlog

from pipeline.errors import StoreError
from pipeline.store.replicas import Replicas

_say = structlog.get_logger("accounts")


@dataclass(frozen=True, slots=True)
class Leases:
    """Takes leases for one process."""

    replicas: Replicas
    owner: str
    now: Callable[[], datetime]
    longest: timedelta
    """The longest generation."""
    spacing: timedelta
    renewed_every: timedelta = timedelta(seconds=1)

    @asynccontextmanager
    async def held(self, secret: str, is_paused: Callable[[], bool]) -> AsyncGenerator[bool]:
        """Hold the lease of an account within; False if another gateway has it.

        One that is paused at the end is not given back: it runs out, and by then nobody leases it
        any more, for its pause stands in the store.

        Raises:
            StoreError: nobody knows who has it: nothing may be sent.
        """
        token = sha256(secret.encode()).hexdigest()
        if not await self._taken(token):
            yield False
            return
        renewing = asyncio.create_task(self._renew(token))
        try:
            yield True
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing
            if not is_paused():
                await self._given_back(token)

    async def _taken(self, token: str) -> bool:
        now = self.now()
        until = now + self.longest + 2 * self.renewed_every
        return await self.replicas.lease(token, self.owner, now, until)

    async def _renew(self, token: str) -> None:
        """Renew until cancelled. What cannot be renewed was sent: it is waited for all the same."""
        while True:
            await asyncio.sleep(self.renewed_every.total_seconds())
            try:
                if not await self._taken(token):
                    _say.error("lease lost")
                    return
            except StoreError as fault:
                _say.error("lease not renewed", fault=type(fault).__name__)

    async def _given_back(self, token: str) -> None:
        """Give it back. If that cannot be written it runs out by itself."""
        try:
            await self.replicas.release(token, self.owner, self.now() + self.spacing)
        except StoreError as fault:
            _say.error("lease not given back", fault=type(fault).__name__)
