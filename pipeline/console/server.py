"""Puts the console together: pages, who may open them, and what is told when one cannot be.

To add a page: write `routes(frame, …) -> APIRouter` in a module of its own, and hand what it
returns to `create` in app.py. Each of its routes has exactly one

    session: Annotated[Session, Depends(frame.signed_in(Permission.REVIEW_LIST))]

and answers with `frame.page("queue.html", session, cases=cases)`, whose template begins with
`{% extends "base.html" %}` and fills the blocks `title`, `main` and, if it has any, `scripts`.
`create` refuses a route without a permission. Of a case, ask `session.sees(tenant)`, and raise
`NowhereError` if not; to rulings and entries give `session.person`, who is named by pseudonym.
What changes something is a POST: a form with `{{ form(session) }}` (import it from `forms.html`),
or a request of a script with the header `X-Console-Form`, which it finds in `<body data-form>`.
It answers with a redirect (303) or raises a `ConsoleError`. Scripts are files in `static/`; a
picture goes from `fetch` to `createImageBitmap` and a canvas, as the policy lets no blob in.
To be linked from every page, a page has a `Link` in the frame.
"""

from collections.abc import Iterable

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from audit.errors import AuditError
from pipeline.access.permissions import Permission
from pipeline.console import doors
from pipeline.console.doors import PUBLIC, Doors
from pipeline.console.errors import (
    ConsoleError,
    ForgedError,
    NotAllowedError,
    NowhereError,
    SignedOutError,
    WaitError,
)
from pipeline.console.frame import ROOT, Frame, SignedIn
from pipeline.console.guarded import Guarded
from pipeline.errors import ForbiddenError, PipelineError

_FAULT = (
    "A part of the server does not work now. Look whether what you did was done before you do it "
    "again, and tell whoever runs this installation."
)

_FORM = "application/x-www-form-urlencoded"
_REASONS = ("reason", "why", "because")
"""What forms call the words that somebody writes for the log."""


def create(frame: Frame, ways_in: Doors, pages: Iterable[APIRouter] = ()) -> Guarded:
    """Return the console. It opens nothing: `app.py` does, and closes it.

    Raises:
        RuntimeError, TypeError: a route has no permission, or more than one: this is a bug.
    """
    app = FastAPI(title="Imprimatur, for reviewers", openapi_url=None, redirect_slashes=False)
    routers = [doors.routes(frame, ways_in), *pages]
    for router in routers:
        app.include_router(router)
    _tell_of_faults(app, frame)
    routes = [_checked(route) for router in routers for route in router.routes]
    too_large = ConsoleError("What was sent is too large.")
    return Guarded(app, routes, lambda: _told(frame, too_large, 413))


def mount(public: FastAPI, console: Guarded) -> None:
    """Serve the console beside the gateway, under `ROOT`."""

    @public.get(ROOT, include_in_schema=False)
    async def first() -> Response:
        return RedirectResponse(f"{ROOT}/", 308)

    public.mount(ROOT, console)


def permissions_of(route: APIRoute) -> list[Permission]:
    """Return what a route asks of whoever opens it."""
    calls = [each.call for each in route.dependant.dependencies]
    return [call.permission for call in calls if isinstance(call, SignedIn)]


def _checked(route: BaseRoute) -> APIRoute:
    if not isinstance(route, APIRoute):
        raise TypeError("console: expected routes of FastAPI alone")
    if len(permissions_of(route)) != (route.path not in PUBLIC):
        message = f"console: {route.path}: expected one permission"
        raise RuntimeError(message)
    return route


def _tell_of_faults(app: FastAPI, frame: Frame) -> None:
    @app.exception_handler(ConsoleError)
    async def told(request: Request, fault: ConsoleError) -> Response:
        if isinstance(fault, SignedOutError) and request.method == "GET":
            return RedirectResponse(f"{ROOT}/sign-in?to={request.url.path}", 303)
        return _told(frame, fault, typed=await _own_words(request, fault))

    @app.exception_handler(ForbiddenError)
    async def forbidden(_: Request, __: ForbiddenError) -> Response:
        return _told(frame, NotAllowedError())

    @app.exception_handler(HTTPException)
    async def nowhere(_: Request, fault: HTTPException) -> Response:
        return _told(frame, NowhereError(), fault.status_code)

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, fault: RequestValidationError) -> Response:
        if any(problem["loc"][0] == "body" for problem in fault.errors()):
            return _told(frame, ConsoleError("Something is missing in the form: go back."))
        return _told(frame, NowhereError())

    async def failed(_: Request, __: Exception) -> Response:
        return _told(frame, ConsoleError(_FAULT), 503)

    for kind in (PipelineError, AuditError, Exception):  # the last is told to the log as well
        app.exception_handler(kind)(failed)


async def _own_words(request: Request, fault: ConsoleError) -> str:
    """Return the reason that somebody wrote in vain, for them to use again: nothing else of a form.

    No browser keeps it, since it keeps no page. Of a form that may be another's nothing is told.
    """
    is_form = request.headers.get("content-type", "").startswith(_FORM)
    if request.method != "POST" or not is_form or isinstance(fault, ForgedError):
        return ""
    form = await request.form()
    return next((said for name in _REASONS if isinstance(said := form.get(name), str)), "")


def _told(
    frame: Frame, fault: ConsoleError, status: int | None = None, *, typed: str = ""
) -> Response:
    said = {"title": fault.title, "message": fault.message, "typed": typed}
    page = frame.page("error.html", None, status or fault.status, **said)
    if isinstance(fault, WaitError):
        page.headers["Retry-After"] = str(fault.seconds)
    return page
