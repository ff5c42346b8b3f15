"""What holds for every answer of the console, whichever route or fault made it."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

MOST_BODY_BYTES: Final = 65_536
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "Cache-Control": "no-store",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
)
"""On every answer: nothing from elsewhere, nothing inline, nothing kept, no frame around it."""


class Guarded:
    """The console as it is mounted: its application, behind what holds for every answer."""

    def __init__(
        self, app: FastAPI, routes: Sequence[APIRoute], too_large: Callable[[], Response]
    ) -> None:
        self.routes = tuple(routes)
        self._app = app
        self._too_large = too_large

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what says that it is small, and set the headers of what comes back."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        if scope["type"] == "http" and not _is_small(scope):
            await self._too_large()(scope, receive, guarded)
        else:
            await self._app(scope, receive, guarded)


def _is_small(scope: Scope) -> bool:
    """Whether a request says that its body is short; the server holds it to its word."""
    headers = Headers(scope=scope)
    if "transfer-encoding" in headers:
        return False
    length = headers.get("content-length", "0")
    return length.isascii() and length.isdigit() and int(length) <= MOST_BODY_BYTES
