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
from pipeline.console.elsewhere import COOKIE as AWAY
from pipeline.console.elsewhere import Elsewhere
from pipeline.console.errors import ConsoleError, NowhereError
from pipeline.console.frame import COOKIE, ROOT, Frame
from pipeline.console.origins import check_origin
from pipeline.console.passwords import SHORTEST
from pipeline.console.peers import Peers
from pipeline.console.sessions import Session
from pipeline.console.signing_in import SigningIn
from pipeline.store.reviewers import Reviewer

PUBLIC = frozenset({"/sign-in", "/sign-in/elsewhere", "/sign-in/back", "/enrol", "/static/{name}"})
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
    elsewhere: Elsewhere | None = None
    """Who lets people in whom a provider knows, if there is one."""

    @property
    def provider(self) -> str:
        """The provider's name, for a button; empty where there is none."""
        return "" if self.elsewhere is None else self.elsewhere.provider.name


def routes(frame: Frame, doors: Doors) -> APIRouter:
    """Return the routes."""
    router = APIRouter()
    files = _files()
    _sign_in(router, frame, doors)
    _enrol(router, frame, doors)
    _sign_in_elsewhere(router, frame, doors)

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
        provider = doors.provider
        return frame.page("sign_in.html", None, to=_own(to), problem="", name="", provider=provider)

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
            said["provider"] = doors.provider
            return frame.page("sign_in.html", None, fault.status, **said)
        doors.peers.succeeded(peer)
        answer = RedirectResponse(_own(to), 303)
        answer.set_cookie(COOKIE, token, secure=True, httponly=True, samesite="strict")
        return answer


def _sign_in_elsewhere(router: APIRouter, frame: Frame, doors: Doors) -> None:
    def there() -> Elsewhere:
        if doors.elsewhere is None:
            raise NowhereError
        return doors.elsewhere

    @router.get("/sign-in/elsewhere")
    async def sent(to: str = "", secret: str = "") -> Response:
        address, away = await there().sends(_own(to), secret)
        answer = RedirectResponse(address, 303)
        answer.set_cookie(AWAY, away, secure=True, httponly=True, samesite="lax")
        return answer

    @router.get("/sign-in/back")
    async def back(request: Request, state: str = "", code: str = "", iss: str = "") -> Response:
        peer, cookie = doors.peers.enter(request), request.cookies.get(AWAY)
        came = await there().lets_in(cookie, state, code, iss or None)
        doors.peers.succeeded(peer)
        page = frame.page("let_in.html", None, to=came.to)
        page.set_cookie(COOKIE, came.token, secure=True, httponly=True, samesite="strict")
        page.delete_cookie(AWAY, secure=True, httponly=True, samesite="lax")
        return page


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
            provider=doors.provider,
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
