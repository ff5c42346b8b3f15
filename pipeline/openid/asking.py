"""Asks a provider over HTTP: nothing but JSON, not for long, not much of it, nowhere else."""

import asyncio
import json
from collections.abc import Mapping
from typing import Final

import httpx

from pipeline.items import Json
from pipeline.openid.errors import UnprovenError, UnreachableError

SECONDS: Final = 10.0
MOST_BYTES: Final = 256 * 1024


def connecting() -> httpx.AsyncClient:
    """Return a client that asks no proxy and follows nobody."""
    return httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=SECONDS)


async def asked(
    http: httpx.AsyncClient,
    address: str,
    form: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
) -> dict[str, Json]:
    """Return the JSON object that an address answers with; a form is posted.

    Raises:
        UnprovenError: it refuses a form: what is in it is not (or no longer) good for anything.
        UnreachableError: it does not answer so.
    """
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    method = "GET" if form is None else "POST"
    try:
        async with (
            asyncio.timeout(SECONDS),
            http.stream(method, address, data=form, auth=auth, headers=headers) as answer,
        ):
            status, body = answer.status_code, await _read(answer)
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as fault:
        raise _unreachable(type(fault).__name__) from None
    if form is not None and 400 <= status < 500:  # noqa: PLR2004 - HTTP's own: the asker's fault
        raise UnprovenError("the provider does not take what came back")
    if status != 200:  # noqa: PLR2004 - HTTP's own
        raise _unreachable("status", str(status))
    try:
        read: Json = json.loads(body)
    except (ValueError, RecursionError):
        raise _unreachable("no JSON") from None
    if not isinstance(read, dict):
        raise _unreachable("no JSON object")
    return read


async def _read(answer: httpx.Response) -> bytes:
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise _unreachable("an encoding that nobody asked for")
    body = bytearray()
    async for piece in answer.aiter_raw():
        body += piece
        if len(body) > MOST_BYTES:
            raise _unreachable("more bytes than", str(MOST_BYTES))
    return bytes(body)


def _unreachable(*why: str) -> UnreachableError:
    return UnreachableError(f"the provider does not answer as it has to: {' '.join(why)}")
