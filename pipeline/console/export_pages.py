"""The pages of exports: ask for a transparency report, watch how far it is, and take it."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from starlette.responses import RedirectResponse, Response

from pipeline.access.permissions import Permission
from pipeline.console.errors import NowhereError
from pipeline.console.exporting import Exports
from pipeline.console.frame import ROOT, Frame, Link
from pipeline.console.sessions import Session
from pipeline.duties.dsa.courses import Query
from pipeline.duties.dsa.parts import Duty, Provider

LINK = Link("/exports", "Exports", Permission.OPERATION_SHOW)
_SECONDS = "1"
"""After how long the page of one that is being made is looked at again, without any script."""


def routes(frame: Frame, exports: Exports) -> APIRouter:
    """Return the routes."""
    router = APIRouter()
    _asked(router, frame, exports)
    _made(router, frame, exports)
    return router


def _asked(router: APIRouter, frame: Frame, exports: Exports) -> None:
    @router.get("/exports")
    async def form(
        session: Annotated[Session, Depends(frame.signed_in(Permission.OPERATION_SHOW))],
    ) -> Response:
        every = [each.id for each in await exports.store.tenants.all() if session.sees(each.id)]
        mine = [each for each in exports.made.values() if each.person == session.person.name]
        year = exports.now().year
        return frame.page(
            "exports.html", session, tenants=every, duties=list(Duty), mine=mine, year=year
        )

    @router.post("/exports")
    async def begin(
        session: Annotated[Session, Depends(frame.signed_in(Permission.OPERATION_SHOW))],
        tenant: Annotated[str, Form(max_length=63)],
        provider: Annotated[str, Form(min_length=1, max_length=200)],
        service: Annotated[str, Form(min_length=1, max_length=200)],
        first: Annotated[date, Form()],
        last: Annotated[date, Form()],
        duty: Annotated[Duty, Form()] = Duty.PLATFORM,
    ) -> Response:
        query = Query(tenant, first, last, exports.now())
        making = await exports.begin(session, query, Provider(provider, service, duty))
        return RedirectResponse(f"{ROOT}/exports/{making.id}", 303)


def _made(router: APIRouter, frame: Frame, exports: Exports) -> None:
    @router.get("/exports/{known_as}")
    async def shown(
        session: Annotated[Session, Depends(frame.signed_in(Permission.OPERATION_SHOW))],
        known_as: UUID,
    ) -> Response:
        making = exports.find(session, known_as)
        await exports.go_on(session, making)
        answer = frame.page("export.html", session, making=making)
        if making.file is None:
            answer.headers["Refresh"] = _SECONDS
        return answer

    @router.get("/exports/{known_as}/file")
    async def file(
        session: Annotated[Session, Depends(frame.signed_in(Permission.OPERATION_SHOW))],
        known_as: UUID,
    ) -> Response:
        making = exports.find(session, known_as)
        if making.file is None:
            raise NowhereError
        name = f"transparency-{making.query.tenant}-{making.query.first}-{making.query.last}.zip"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(making.file, media_type="application/zip", headers=headers)
