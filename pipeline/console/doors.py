"""The doors: signing in and out, enrolling, the first page, and the files that pages need."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from pipeline.access.permissions import Permission
from pipeline.console.accounts import Accounts
from pipeline.console.errors import ConsoleError, NowhereError
from pipeline.console.frame import COOKIE, ROOT, Frame
from pipeline.console.origins import check_origin
from pipeline.console.passwords import SHORTEST
from pipeline.console.peers import Peers
from pipeline.console.sessions import Session
from pipeline.console.signing_in import SigningIn
from pipeline.store.reviewers import Reviewer

PUBLIC = frozenset({"/sign-in", "/enrol", "/static/{name}"})
"""The only routes that anybody may open."""
_STATIC = Path(__file__).with_name("static")
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_OWN_PATH = re.compile(rf"{ROOT}(/[A-Za-z0-9_-]+)*/?", re.ASCII)

Field = Annotated[str, Form(max_length=1000)]


@dataclass(frozen=True, slots=True)
class Doors:
    """What lets people in."""

    accounts: Accounts
    signing_in: SigningIn
    peers: Peers


def routes(frame: Frame, doors: Doors) -> APIRouter:
    """Return the routes."""
    router = APIRouter()
    files = _files()
    _sign_in(router, frame, doors)
    _enrol(router, frame, doors)

    @router.get("/static/{name}")
    async def static(name: str) -> Response:
        if name not in files:
            raise NowhereError
        return Response(files[name], media_type=_TYPES[Path(name).suffix])

    @router.get("/")
    async def first(
        session: Annotated[Session, Depends(frame.signed_in(Permission.CONSOLE_USE))],
    ) -> Response:
        for link in frame.links:
            if session.may(link.permission):
                return RedirectResponse(ROOT + link.path, 303)
        return frame.page("first.html", session)

    @router.post("/sign-out")
    async def sign_out(
        session: Annotated[Session, Depends(frame.signed_in(Permission.CONSOLE_USE))],
    ) -> Response:
        await doors.signing_in.sign_out(session)
        answer = RedirectResponse(f"{ROOT}/sign-in", 303)
        answer.delete_cookie(COOKIE, secure=True, httponly=True, samesite="strict")
        return answer

    return router


def _sign_in(router: APIRouter, frame: Frame, doors: Doors) -> None:
    @router.get("/sign-in")
    async def asked(request: Request, to: str = "") -> Response:
        if await frame.session_of(request) is not None:
            return RedirectResponse(_own(to), 303)
        return frame.page("sign_in.html", None, to=_own(to), problem="", name="")

    @router.post("/sign-in")
    async def tried(
        request: Request, name: Field, password: Field, code: Field, to: Field = ""
    ) -> Response:
        check_origin(request)
        name, code = name.strip().casefold(), code.replace(" ", "")
        try:
            peer = doors.peers.enter(request)
            token = await doors.signing_in.sign_in(name, password, code)
        except ConsoleError as fault:
            said = {"to": _own(to), "problem": fault.message, "name": name}
            return frame.page("sign_in.html", None, fault.status, **said)
        doors.peers.succeeded(peer)
        answer = RedirectResponse(_own(to), 303)
        answer.set_cookie(COOKIE, token, secure=True, httponly=True, samesite="strict")
        return answer


def _enrol(router: APIRouter, frame: Frame, doors: Doors) -> None:
    def page(reviewer: Reviewer, secret: str, fault: ConsoleError | None = None) -> Response:
        codes = doors.accounts.codes
        picture = codes.picture(reviewer.sealed_key, reviewer.id, reviewer.name)
        return frame.page(
            "enrol.html",
            None,
            200 if fault is None else fault.status,
            name=reviewer.name,
            role=reviewer.role,
            secret=secret,
            shortest=SHORTEST,
            problem="" if fault is None else fault.message,
            picture=Markup(picture),  # noqa: S704 - segno drew it: a name in it is dots
            key=codes.spelled(reviewer.sealed_key, reviewer.id),
        )

    @router.get("/enrol")
    async def asked(request: Request, secret: str = "") -> Response:
        peer = doors.peers.enter(request)
        reviewer = await doors.accounts.enrolling(secret)
        doors.peers.succeeded(peer)
        return page(reviewer, secret)

    @router.post("/enrol")
    async def tried(
        request: Request, secret: Field, password: Field, again: Field, code: Field
    ) -> Response:
        check_origin(request)
        peer = doors.peers.enter(request)
        reviewer = await doors.accounts.enrolling(secret)
        try:
            if password != again:
                raise ConsoleError("The two passwords are not the same.")  # noqa: TRY301 - one page for all
            await doors.accounts.enrol(secret, password, code.replace(" ", ""))
        except NowhereError:
            raise
        except ConsoleError as fault:
            return page(reviewer, secret, fault)
        doors.peers.succeeded(peer)
        return frame.page("enrolled.html", None, name=reviewer.name)


def _own(path: str) -> str:
    """Return a path of the console, or its first page instead of any other."""
    return path if _OWN_PATH.fullmatch(path) else f"{ROOT}/"


def _files() -> Mapping[str, bytes]:
    return {each.name: each.read_bytes() for each in _STATIC.iterdir() if each.suffix in _TYPES}
