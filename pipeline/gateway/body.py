"""Reads a request body under a limit, before anything parses it."""

from fastapi import Request

from pipeline.gateway.errors import GateError


async def read_body(request: Request, max_bytes: int) -> bytes:
    """Return the raw body.

    Raises:
        GateError: 400 for an empty body (a client whose upgrade request lost it must be told), 413
            for one beyond the limit: at once when the length is declared, else when it is reached.
    """
    declared = request.headers.get("content-length")
    if declared is not None and declared.isdecimal() and int(declared) > max_bytes:
        raise _too_large(max_bytes)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > max_bytes:
            raise _too_large(max_bytes)
        chunks.append(chunk)
    if size == 0:
        raise GateError(
            400, "The body is empty. Send the request as JSON, over HTTP/1.1 without an upgrade."
        )
    return b"".join(chunks)


def _too_large(max_bytes: int) -> GateError:
    return GateError(413, f"The body is larger than {max_bytes} bytes.")
