"""Sends refusals on a beat, so that the clock does not tell which gate refused.

Every classifier looks at every request and all refusals take one way; but what goes to the
child-safety team is sealed before the answer leaves, and a hold is not written like a block.
Whoever may ask often could learn from such differences what a text is taken for.
"""

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

BEAT_SECONDS: Final = 0.25
"""Several times what a refusal takes: nearly all leave on the first beat."""
_REFUSED: Final = 403


class OnTheBeat:
    """Keeps each refusal back until the next beat since the last byte of its request.

    Since the last: whoever sends it slowly must not choose where in the beat the work begins.
    """

    def __init__(
        self,
        app: ASGIApp,
        seconds: float,
        clock: Callable[[], float] = perf_counter,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._app = app
        self._seconds = seconds
        self._clock = clock
        self._sleep = sleep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; a refusal waits."""
        asked = self._clock()

        async def heard() -> Message:
            nonlocal asked
            message = await receive()
            if message["type"] == "http.request":
                asked = self._clock()
            return message

        async def kept(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == _REFUSED:
                await self._sleep((asked - self._clock()) % self._seconds)
            await send(message)

        await self._app(scope, heard, kept)
