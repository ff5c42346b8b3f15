"""Puts the routes together. Whatever is not foreseen ends here, as 503 and without a picture."""

import re
from collections.abc import Callable
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from typing_extensions import override

from pipeline.gateway import (
    account,
    appealing,
    audit_log,
    demands,
    evidence,
    following,
    generations,
    health,
    moderate,
    novelai,
    pricing,
    proofs,
    standing,
    subject_tokens,
    tags,
)
from pipeline.gateway.beat import OnTheBeat
from pipeline.gateway.carry import unavailable
from pipeline.gateway.errors import HELP, GateError
from pipeline.gateway.gate import Gate
from pipeline.gateway.shapes import Failure
from pipeline.telemetry import Metrics

_SLASHES = re.compile(r"/{2,}")
_say = structlog.get_logger("gateway")
_HELP = """<!doctype html><title>Why was my request refused?</title>
<h1>Why was my request refused?</h1>
<p>Every request and every picture is checked before it is released. What is refused is told by a
coarse code, never by the rule. If you think that a refusal is wrong, ask the platform that you use
and give it the <code>id</code> of the answer.</p>"""


def create(gate: Gate, metrics: Metrics, beat_seconds: float | None = None) -> FastAPI:
    """Return the application. It opens nothing: `app.py` does, and closes it.

    Without a beat the clock may tell which gate refused.
    """
    app = _Application(
        title="Imprimatur",
        version="1",
        redirect_slashes=False,
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
    )
    app.add_middleware(Counted, metrics=metrics)  # the last added is the outermost
    app.add_middleware(OneSlash)
    if beat_seconds is not None:
        app.add_middleware(OnTheBeat, seconds=beat_seconds)
    app.add_middleware(LastResort, answer=lambda fault: unavailable(gate, "", fault).response())
    app.include_router(novelai.routes(gate))
    app.include_router(tags.routes(gate))
    app.include_router(account.routes(gate))
    app.include_router(generations.routes(gate))
    app.include_router(following.routes(gate))
    app.include_router(appealing.routes(gate))
    app.include_router(standing.routes(gate))
    app.include_router(moderate.routes(gate))
    app.include_router(pricing.routes(gate))
    app.include_router(subject_tokens.routes(gate))
    app.include_router(audit_log.routes(gate))
    app.include_router(evidence.routes(gate))
    app.include_router(demands.routes(gate))
    app.include_router(proofs.routes(gate))
    app.include_router(health.routes(gate, metrics))

    @app.get(HELP, response_class=HTMLResponse, include_in_schema=False)
    async def help_page() -> str:
        return _HELP

    @app.exception_handler(GateError)
    async def told(_: Request, fault: GateError) -> JSONResponse:
        return fault.response()

    @app.exception_handler(RequestValidationError)
    async def nowhere(_: Request, __: RequestValidationError) -> JSONResponse:
        return GateError(
            404, "There is no such thing."
        ).response()  # FastAPI would repeat the input

    @app.exception_handler(HTTPException)
    async def not_found(_: Request, fault: HTTPException) -> JSONResponse:
        return GateError(fault.status_code, str(fault.detail)).response()

    return app


class _Application(FastAPI):
    """Describes itself as it answers: what no route can read is not there, so 404 and never 422."""

    @override
    def openapi(self) -> dict[str, Any]:
        described = super().openapi()
        for operations in described["paths"].values():
            for operation in operations.values():
                operation["responses"].pop("422", None)
        described.setdefault("components", {})["schemas"] = {"Failure": Failure.model_json_schema()}
        return described


class OneSlash:
    """Reads `//ai/generate-image` as `/ai/generate-image`: a base URL with a slash at its end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with single slashes."""
        if scope["type"] == "http":
            scope = {**scope, "path": _SLASHES.sub("/", scope["path"])}
        await self._app(scope, receive, send)


class Counted:
    """Counts answers by the template of their route, never by the path that was asked for."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._requests = metrics.requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and count what is answered."""

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", None)
                label = "none" if route is None else scope.get("root_path", "") + route
                self._requests.labels(label, message["status"]).inc()
            await send(message)

        await self._app(scope, receive, watched if scope["type"] == "http" else send)


class LastResort:
    """Answers a fault that no route foresaw. It shows its kind in the log, never its data."""

    def __init__(self, app: ASGIApp, answer: Callable[[Exception], Response]) -> None:
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; if that fails before anything was answered, answer."""
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as fault:  # noqa: BLE001 - its traceback could hold content
            _say.error("unforeseen", fault=type(fault).__name__)
            if not begun and scope["type"] == "http":
                await self._answer(fault)(scope, receive, send)
