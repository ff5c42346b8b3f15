"""One try: a connection of its own, to a looked-at address, with an end in time, no redirects."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx

from pipeline.webhooks.address import Resolve, checked, pinned
from pipeline.webhooks.errors import AddressError, UndeliveredError

SECONDS: Final = 10.0
"""How long all of it may take: finding the host, connecting, sending, and the answer's head."""


@dataclass(frozen=True, slots=True)
class Posting:
    """Sends to whom a tenant named. Of the answer nothing but the status is read."""

    client: httpx.AsyncClient
    """MUST keep no connection: one is trusted for the name that it was opened for."""
    resolve: Resolve
    loopback: bool = False
    seconds: float = SECONDS

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Return the status of the answer.

        Raises:
            UndeliveredError: there was none.
        """
        try:
            async with asyncio.timeout(self.seconds):
                return await self._status(checked(url, loopback=self.loopback), headers, body)
        except (httpx.HTTPError, httpx.InvalidURL, AddressError, OSError, UnicodeError) as fault:
            raise UndeliveredError(type(fault).__name__) from None

    async def _status(self, asked: httpx.URL, headers: Mapping[str, str], body: bytes) -> int:
        request = self.client.build_request(
            "POST",
            await pinned(asked, self.resolve),
            headers={**headers, "Host": asked.netloc.decode()},
            content=body,
            extensions={"sni_hostname": asked.host},
        )
        answer = await self.client.send(request, stream=True, follow_redirects=False)
        await answer.aclose()
        return answer.status_code


def connecting() -> httpx.AsyncClient:
    """Return a client that opens a connection for each request, and asks no proxy."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    return httpx.AsyncClient(
        trust_env=False, follow_redirects=False, limits=limits, timeout=SECONDS
    )


async def resolve(host: str, port: int) -> list[str]:
    """Return every address that a host has.

    Raises:
        OSError: it has none.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port)
    return [str(each[4][0]).partition("%")[0] for each in found]
