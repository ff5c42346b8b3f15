"""To whom this gateway speaks for a tenant: to the public internet over TLS, and to nobody else.

A tenant chooses the address, so it could choose one inside our network. Every address that the
name resolves to has to be public, and the connection goes to one of those: the name is not asked
again between the look and the call.
"""

from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

import httpx

from pipeline.webhooks.errors import AddressError

MOST_CHARACTERS: Final = 2_000
MOST_PORT: Final = 65_535
_UNICAST: Final = IPv6Network("2000::/3")
"""The rest of IPv6 is private, of one link, or leads to an IPv4 address that hides in it."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host. Raises OSError if it has none."""


def checked(url: str, *, loopback: bool) -> httpx.URL:
    """Return an address that a tenant named; http only to this machine, if `loopback` allows it.

    Raises:
        AddressError: it is not one to which this gateway speaks.
    """
    try:
        asked = httpx.URL(url) if len(url) <= MOST_CHARACTERS else httpx.URL()
    except httpx.InvalidURL:
        asked = httpx.URL()
    fits = asked.host and not asked.userinfo and not asked.fragment
    fits = fits and (asked.port or 0) <= MOST_PORT
    if not fits or asked.scheme not in ({"https", "http"} if loopback else {"https"}):
        raise AddressError("expected an https address without a user, a password or a fragment")
    return asked


async def pinned(asked: httpx.URL, resolve: Resolve) -> httpx.URL:
    """Return the address with the host's own number in it, to which the connection MUST go.

    Raises:
        AddressError: it leads somewhere else than to the public internet.
        OSError: the host has no address.
    """
    port = asked.port or (443 if asked.scheme == "https" else 80)
    found = [ip_address(each) for each in await resolve(asked.host, port)]
    fits = is_public if asked.scheme == "https" else _is_loopback
    if not found or not all(map(fits, found)):
        raise AddressError("expected a host on the public internet")
    first = min(found, key=lambda each: each.version)  # where there is no IPv6, IPv4 still goes
    return asked.copy_with(host=str(first))


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the public internet's, and does not hide another in it."""
    if isinstance(address, IPv6Address):
        hides = address.sixtofour is not None or address.teredo is not None
        return address in _UNICAST and address.is_global and not hides
    return address.is_global and not address.is_multicast


def _is_loopback(address: IPv4Address | IPv6Address) -> bool:
    return address.is_loopback
