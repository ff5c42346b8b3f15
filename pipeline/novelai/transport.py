"""Keeps the connections of each account apart, and those of each address.

An account makes one picture at a time, so each needs one connection. In one pool for all, every
request would look after the connections of every account.
"""

from collections.abc import Callable
from functools import partial

import httpx
from typing_extensions import override

IDLE_SECONDS = 3.8
"""How long a connection is kept that nobody uses. Servers keep theirs for five seconds at least
(uvicorn, Node): a paid call that is sent while the other side closes is lost, and nobody can say
whether it was paid."""


class OneEach(httpx.AsyncBaseTransport):
    """Sends each request by the transport of whom it speaks for."""

    def __init__(self, make: Callable[[], httpx.AsyncBaseTransport]) -> None:
        """Build from what makes a transport for one account."""
        self._make = make
        self._of: dict[tuple[bytes, str], httpx.AsyncBaseTransport] = {}

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        whose = request.url.netloc, request.headers.get("Authorization", "")
        if whose not in self._of:
            self._of[whose] = self._make()
        return await self._of[whose].handle_async_request(request)

    @override
    async def aclose(self) -> None:
        """Close every connection."""
        for transport in self._of.values():
            await transport.aclose()


def of_accounts(idle_seconds: float = IDLE_SECONDS) -> OneEach:
    """Keep a connection or two for each account, no longer unused than `idle_seconds`."""
    tls = httpx.create_ssl_context(trust_env=False)
    limits = httpx.Limits(max_connections=2, keepalive_expiry=idle_seconds)
    return OneEach(partial(httpx.AsyncHTTPTransport, verify=tls, trust_env=False, limits=limits))
