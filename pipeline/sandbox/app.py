"""Builds the sandbox: a NovelAI that draws harmless scenes, for tests and demonstrations.

It answers what the project's reference on NovelAI's API says of generations, streams, director
tools, upscaling, vibes and suggested tags. It opens no connection, reads no clock and draws the
same picture for the same seed.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pipeline.sandbox import answers, faults
from pipeline.sandbox.accounts import Accounts
from pipeline.sandbox.calls import Calls
from pipeline.sandbox.control import Control
from pipeline.sandbox.errors import RefusedError, UnknownFaultError
from pipeline.sandbox.faults import Faults
from pipeline.sandbox.free import Free
from pipeline.sandbox.generate import Generation
from pipeline.sandbox.settings import SandboxSettings
from pipeline.sandbox.studio import Studio

_Routes = dict[tuple[str, str], Callable[[Request], Awaitable[Response]]]
_NOT_YET: Final = ("/ai/annotate-image",)


def create(settings: SandboxSettings) -> FastAPI:
    """The sandbox as an ASGI application, with accounts and faults of its own.

    Raises:
        SandboxError: the settings name an unknown fault or a folder without pictures.
    """
    accounts = Accounts(settings.tokens, settings.account)
    failures = Faults(None if settings.fault is None else faults.parse(settings.fault))
    calls = Calls()
    generation = Generation(settings, accounts, failures, calls, Studio(settings))
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.add_middleware(OneSlash)
    app.add_exception_handler(RefusedError, _refused)
    app.add_exception_handler(UnknownFaultError, _unknown_fault)
    app.add_exception_handler(HTTPException, _no_route)
    routes = _novelai(generation, Free(accounts)) | _own(
        generation, Control(accounts, failures, calls)
    )
    for (method, path), endpoint in routes.items():
        app.add_api_route(path, endpoint, methods=[method])
    return app


class OneSlash:
    """Makes `//ai/…` the same as `/ai/…`: one client joins its base address so."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, with its path tidied."""
        if scope["type"] == "http":
            scope = {**scope, "path": re.sub("/+", "/", scope["path"])}
        await self._app(scope, receive, send)


def _novelai(generation: Generation, free: Free) -> _Routes:
    return {
        ("POST", "/ai/generate-image"): generation.answer,
        ("POST", "/ai/generate-image-stream"): generation.stream,
        ("POST", "/ai/augment-image"): generation.augment,
        ("POST", "/ai/upscale"): generation.upscale,
        ("POST", "/ai/encode-vibe"): generation.encode_vibe,
        ("GET", "/ai/generate-image/suggest-tags"): free.suggest_tags,
        ("POST", "/user/login"): free.log_in,
        ("GET", "/user/subscription"): free.subscription,
        ("GET", "/user/data"): free.everything,
        ("GET", "/user/information"): free.information,
        ("GET", "/user/priority"): free.priority,
        **{("POST", path): _not_offered for path in _NOT_YET},
    }


def _own(generation: Generation, control: Control) -> _Routes:
    return {
        ("POST", "/sandbox/prerender"): generation.prerender,
        ("POST", "/sandbox/faults"): control.arm,
        ("GET", "/sandbox/calls"): control.told,
        ("POST", "/sandbox/reset"): control.reset,
    }


async def _not_offered(_request: Request) -> Response:
    raise RefusedError(404, "not offered by this sandbox yet")


async def _refused(_request: Request, fault: Exception) -> Response:
    if not isinstance(fault, RefusedError):
        raise fault
    return answers.error(fault)


async def _unknown_fault(_request: Request, fault: Exception) -> Response:
    return answers.error(RefusedError(400, str(fault)))


async def _no_route(_request: Request, fault: Exception) -> Response:
    if not isinstance(fault, HTTPException):
        raise fault
    return answers.error(RefusedError(fault.status_code, fault.detail, headers=fault.headers))
