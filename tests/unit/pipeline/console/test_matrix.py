"""Every role against every route that the console has: what a role does not include is refused."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from pipeline.access.permissions import Permission
from pipeline.console import (
    appeal_pages,
    export_pages,
    operation,
    report_pages,
    server,
    takedown_pages,
)
from pipeline.console.appeals import AppealDesk
from pipeline.console.exporting import Exports
from pipeline.console.operation import Standing
from pipeline.console.reports import ReportDesk
from pipeline.console.roles import MAY, Role
from pipeline.gateway.health import readiness
from pipeline.store.tenants import Tenant
from tests.unit.pipeline.console.checking import check_routes
from tests.unit.pipeline.console.desks import Desk, open_desk
from tests.unit.pipeline.console.test_takedown_pages import notices_of
from tests.unit.pipeline.world import NOON, TENANT

_CHANGES = {
    Permission.CASES_CLAIM,
    Permission.CASES_ESCALATE,
    Permission.CHILD_SAFETY_OPEN,
    Permission.MEDIA_REVEAL,
    Permission.REVIEW_APPROVE_SECOND,
    Permission.REVIEW_RULE,
}
_TYPED = {
    "revealed": str(UUID(int=0)),
    "milliseconds": "5",
    "ruling": "reject",
    "reason": "a lake",
    "outcome": "upheld",
    "code": "OK",
    "seen": NOON.isoformat(),
    "answer": "agree",
    "taken": "not",
    "what": "OK",
    "because": "a lake",
}
"""What every form about a case asks for."""


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A console with every page, as app.py puts it together, and somebody of every role."""
    async with open_desk(tmp_path) as opened:
        house = opened.house

        async def ready() -> Mapping[str, object]:
            return await readiness(house.gate)

        standing = Standing(ready, house.store.holds.count, lambda: house.log.checkpoint)
        frame = opened.frame
        pages = (
            *opened.pages(),
            operation.routes(frame, standing),
            appeal_pages.routes(frame, AppealDesk(house.gate.appeals)),
            report_pages.routes(frame, ReportDesk(house.gate.reports)),
            export_pages.routes(frame, Exports(house.log, house.store, house.clock, uuid4)),
            *check_routes(opened, frame)[1],
        )
        with notices_of(house) as notices:
            opened.serve(frame, *pages, takedown_pages.routes(frame, notices))
            for role in (Role.ADMIN, Role.POLICY):
                await opened.add(role.value, role)
            yield opened


async def answers(
    desk: Desk, browser: httpx.AsyncClient, case: object, **typed: str
) -> dict[str, int]:
    """What every route but the doors answers about a case, by method and path."""
    carried = {"form": (await desk.session(browser)).form, **typed}
    found: dict[str, int] = {}
    for route in desk.guarded.routes:
        if not server.permissions_of(route) or route.path == "/sign-out":
            continue
        path = route.path.replace("{known_as}", str(case))
        assert "{" not in path, "a new kind of route: say what it is asked with"
        for method in sorted(route.methods or ()):
            sent = carried if method == "POST" else None
            answer = await browser.request(method, path, data=sent)
            found[f"{method} {route.path}"] = answer.status_code
    return found


async def test_a_role_is_refused_exactly_what_it_does_not_include(desk: Desk) -> None:
    """About a case that is there: a refusal is a 403, and whatever else it is no refusal."""
    hold = await desk.held()
    asked = {
        f"{method} {route.path}": server.permissions_of(route)
        for route in desk.guarded.routes
        for method in route.methods or ()
    }
    for role in Role:
        async with await desk.signed_in(role.value) as browser:
            for route, status in (await answers(desk, browser, hold.id)).items():
                assert (status == 403) == (asked[route][0] not in MAY[role]), (role, route)


async def test_another_tenants_case_is_not_there(desk: Desk) -> None:
    """Whatever is asked about it, and it is not even told that it is refused."""
    hold = await desk.held()
    await desk.house.store.tenants.add(Tenant("meadow", "Meadow", NOON))
    await desk.add("noor", Role.CHILD_SAFETY, "meadow")
    async with await desk.signed_in("noor") as browser:
        found = await answers(desk, browser, hold.id, **_TYPED)
        queue = (await browser.get("/queue")).text

    of_a_case = {route: status for route, status in found.items() if "{known_as}" in route}
    assert len(of_a_case) >= 5
    assert set(of_a_case.values()) == {404}, of_a_case
    assert str(hold.id) not in queue
    assert TENANT not in queue


async def test_what_changes_a_case_is_asked_of_who_may_change_it(desk: Desk) -> None:
    """No POST hides behind a permission to read."""
    for route in desk.guarded.routes:
        if "POST" in (route.methods or ()) and route.path.startswith("/cases"):
            assert set(server.permissions_of(route)) <= _CHANGES, route.path
