"""Reads a request body under a limit, before anything parses it."""

import asyncio

from fastapi import Request

from pipeline.gateway.errors import GateError

LONGEST_READ_SECONDS = 60.0
"""Whoever sends keeps a place at the desk: nobody may keep it by sending slowly."""


async def read_body(
    request: Request, max_bytes: int, longest_seconds: float = LONGEST_READ_SECONDS
) -> bytes:
    """Return the raw body.

    Raises:
        GateError: 400 for an empty body (a client whose upgrade request lost it must be told) and
            for one that does not come in time, 413 for one beyond the limit: at once when the
            length is declared, else when it is reached.
    """
    declared = request.headers.get("content-length")
    if declared is not None and declared.isdecimal() and int(declared) > max_bytes:
        raise _too_large(max_bytes)
    try:
        async with asyncio.timeout(longest_seconds):
            body = await _received(request, max_bytes)
    except TimeoutError:
        raise GateError(400, f"The body did not come within {longest_seconds:g} s.") from None
    if not body:
        raise GateError(
            400, "The body is empty. Send the request as JSON, over HTTP/1.1 without an upgrade."
        )
    return body


async def _received(request: Request, max_bytes: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > max_bytes:
            raise _too_large(max_bytes)
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(max_bytes: int) -> GateError:
    return GateError(413, f"The body is larger than {max_bytes} bytes.")
