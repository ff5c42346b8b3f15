"""The frame that every page of the console stands in: who may open it, and how it is drawn."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from pipeline.access.permissions import Permission
from pipeline.console.errors import ForgedError, NotAllowedError, SignedOutError
from pipeline.console.origins import check_origin
from pipeline.console.sessions import Session, Sessions

ROOT = "/console"
"""Where the console is mounted; every address in a page begins with it."""
COOKIE = "__Host-imprimatur"
FORM_FIELD = "form"
FORM_HEADER = "x-console-form"
_TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True)
class Link:
    """A page that is linked from every other, for those who may open it."""

    path: str
    """Below `ROOT`, as `/queue`."""
    title: str
    permission: Permission


def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page is made with."""

    sessions: Sessions
    links: Sequence[Link] = ()
    templates: Environment = field(default_factory=_templates, repr=False)

    def signed_in(self, permission: Permission) -> "SignedIn":
        """Return the dependency that each route MUST have exactly once: it yields the session."""
        return SignedIn(self, permission)

    def page(
        self, template: str, session: Session | None, status: int = 200, **said: object
    ) -> HTMLResponse:
        """Draw a page. Every value is escaped, and one that is missing is an error."""
        links = [
            link for link in self.links if session is not None and session.may(link.permission)
        ]
        found = self.templates.get_template(template)
        return HTMLResponse(found.render(root=ROOT, session=session, links=links, **said), status)

    async def session_of(self, request: Request) -> Session | None:
        """Return whose cookie came with a request, if it stands for a session."""
        token = request.cookies.get(COOKIE)
        return None if token is None else await self.sessions.of(token)


@dataclass(frozen=True, slots=True, eq=False)  # FastAPI keeps dependencies in a dictionary
class SignedIn:
    """Lets a request through to a route: whoever it is may do it, and meant to.

    1. What changes something came from a page of this site.
    2. Somebody is signed in.
    3. What changes something carries what only a page of this very session has.
    4. Their role includes the permission.
    """

    frame: Frame
    permission: Permission

    async def __call__(self, request: Request) -> Session:
        """Return the session.

        Raises:
            ConsoleError: it is not let through, and nothing was done.
        """
        check_origin(request)
        session = await self.frame.session_of(request)
        if session is None:
            raise SignedOutError
        if request.method not in {"GET", "HEAD"}:
            await _check_form(request, session)
        if not session.may(self.permission):
            raise NotAllowedError
        return session


async def _check_form(request: Request, session: Session) -> None:
    carried: object = request.headers.get(FORM_HEADER)
    if carried is None:
        carried = (await request.form()).get(FORM_FIELD)
    if not isinstance(carried, str) or not hmac.compare_digest(
        carried.encode(errors="replace"), session.form.encode()
    ):
        raise ForgedError("It was made for another session: open the page again.")
