"""A route has one permission, an answer its headers, a fault a page that tells nothing."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, Form

from pipeline.access.permissions import Permission
from pipeline.console import server
from pipeline.console.doors import PUBLIC
from pipeline.console.frame import Link
from pipeline.console.guarded import HEADERS, MOST_BODY_BYTES
from pipeline.console.roles import MAY, Role
from pipeline.console.sessions import Session
from pipeline.errors import StoreUnavailableError
from tests.unit.pipeline.console.conftest import ORIGIN, Console
from tests.unit.pipeline.world import TENANT, open_world

_SECRET = "what nobody must see"


def routes(console: Console) -> APIRouter:
    """A route for each permission that a role of the console has, and some that fail."""
    router = APIRouter()
    for permission in sorted({each for may in MAY.values() for each in may}):
        path = f"/{permission.replace(':', '-')}"
        may = Depends(console.frame.signed_in(permission))
        router.add_api_route(path, _answers, dependencies=[may])
        router.add_api_route(path, _answers, methods=["POST"], dependencies=[may])
    may_use = Depends(console.frame.signed_in(Permission.CONSOLE_USE))

    @router.get("/fails", dependencies=[may_use])
    async def fails() -> None:
        raise ValueError(_SECRET)

    @router.get("/unwritable", dependencies=[may_use])
    async def unwritable() -> None:
        raise StoreUnavailableError("store", "an open one", _SECRET)

    @router.post("/typed", dependencies=[may_use])
    async def typed(count: Annotated[int, Form()]) -> dict[str, int]:
        return {"count": count}

    @router.get("/numbered/{count}", dependencies=[may_use])
    async def numbered(count: int) -> dict[str, int]:
        return {"count": count}

    @router.get("/sees/{tenant}")
    async def sees(
        tenant: str,
        session: Annotated[Session, Depends(console.frame.signed_in(Permission.CONSOLE_USE))],
    ) -> dict[str, bool]:
        return {"sees": session.sees(tenant)}

    return router


async def _answers() -> dict[str, str]:
    return {"done": "so it is"}


@pytest.fixture
def more(console: Console) -> Console:
    """The console with those routes."""
    console.serve(console.frame, routes(console))
    return console


def test_every_route_has_exactly_one_permission_or_is_a_door(console: Console) -> None:
    """What nobody thought of is closed."""
    asked = {route.path: server.permissions_of(route) for route in console.guarded.routes}

    assert {path for path, permissions in asked.items() if not permissions} == PUBLIC
    assert {len(permissions) for permissions in asked.values()} == {0, 1}
    assert asked["/"] == asked["/sign-out"] == [Permission.CONSOLE_USE]


def test_a_route_with_no_permission_or_two_does_not_start(console: Console) -> None:
    """A slip is found when the program starts, not when somebody finds the page."""
    may = Depends(console.frame.signed_in(Permission.CONSOLE_USE))
    again = Depends(console.frame.signed_in(Permission.REVIEW_LIST))
    for dependencies in ([], [may, again]):
        router = APIRouter()
        router.add_api_route("/open", _answers, dependencies=dependencies)
        with pytest.raises(RuntimeError, match="/open: expected one permission"):
            server.create(console.frame, console.doors, [router])
    nested = APIRouter()
    nested.mount("/inner", console.guarded)
    with pytest.raises(TypeError, match="routes of FastAPI alone"):
        server.create(console.frame, console.doors, [nested])


@pytest.mark.parametrize("role", Role)
async def test_a_role_opens_what_it_includes_and_nothing_else(more: Console, role: Role) -> None:
    """Every role against every route, of reading and of changing."""
    await more.add("mia", role)
    async with await more.signed_in("mia") as browser:
        page = (await browser.get("/nowhere")).text
        carried = {"form": (await more.session(browser)).form}
        for route in more.guarded.routes:
            asked = server.permissions_of(route)
            if not asked or "{" in route.path or route.path in {"/fails", "/unwritable", "/typed"}:
                continue
            if route.path == "/sign-out":
                continue
            method = "POST" if "POST" in (route.methods or ()) else "GET"
            answer = await browser.request(
                method, route.path, data=carried if method == "POST" else None
            )
            allowed = asked[0] in MAY[role]
            assert (answer.status_code != 403) == allowed, (method, route.path)
            assert answer.status_code in {200, 303, 403}
    assert "There is no such page" in page


async def test_nobody_without_a_session_opens_anything(more: Console) -> None:
    """A reader is sent to the door; what would change something is refused."""
    async with more.browser() as browser:
        for route in more.guarded.routes:
            if not server.permissions_of(route):
                continue
            for method in route.methods or ():
                answer = await browser.request(method, route.path.replace("{count}", "1"))
                assert answer.status_code == (303 if method == "GET" else 401)
                assert "so it is" not in answer.text


def test_whoever_makes_accounts_sees_no_case_and_readers_change_nothing() -> None:
    """The roles as people understand them."""
    changes = {
        Permission.CASES_CLAIM,
        Permission.CASES_ESCALATE,
        Permission.MEDIA_REVEAL,
        Permission.REVIEW_APPROVE_SECOND,
        Permission.REVIEW_RULE,
    }
    cases = {Permission.REVIEW_LIST, Permission.REVIEW_SHOW} | changes

    assert not MAY[Role.ADMIN] & cases
    assert not (MAY[Role.AUDITOR] | MAY[Role.POLICY]) & changes
    assert [role for role in Role if Permission.ACCOUNTS_MANAGE in MAY[role]] == [Role.ADMIN]
    assert [r for r in Role if Permission.CHILD_SAFETY_OPEN in MAY[r]] == [Role.CHILD_SAFETY]
    assert MAY.keys() == set(Role)


async def test_a_forged_form_changes_nothing(more: Console) -> None:
    """Another site's form, one without what a page of the session has, and another session's."""
    await more.add("mia")
    await more.add("noor")
    async with await more.signed_in("mia") as browser, await more.signed_in("noor") as other:
        mine, theirs = await more.session(browser), await more.session(other)
        right = {"form": mine.form}
        cases: list[tuple[dict[str, str], dict[str, str], int]] = [
            (right, {}, 200),
            (right, {"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200),
            ({}, {"X-Console-Form": mine.form}, 200),
            (right, {"Sec-Fetch-Site": "cross-site"}, 403),
            (right, {"Sec-Fetch-Site": "same-site"}, 403),
            (right, {"Origin": "http://evil.example"}, 403),
            (right, {"Origin": "null"}, 403),
            ({}, {}, 403),
            ({"form": ""}, {}, 403),
            ({"form": theirs.form}, {}, 403),
            ({"form": "\N{SNOWMAN}"}, {}, 403),
            (right, {"X-Console-Form": theirs.form}, 403),
        ]
        for data, headers, status in cases:
            answer = await browser.post("/cases-claim", data=data, headers=headers)
            assert answer.status_code == status, (data, headers)
            assert ("so it is" in answer.text) == (status == 200)


async def test_a_browser_that_does_not_say_where_it_is_gets_no_session(console: Console) -> None:
    """Over plain HTTP elsewhere no browser says it: there a password would travel in the clear."""
    await console.add("mia")
    async with console.browser() as browser:
        del browser.headers["Origin"]
        answer = await browser.post("/sign-in", data=console.form("mia"))

    assert answer.status_code == 403
    assert "over HTTPS" in answer.text


async def test_every_answer_has_its_headers(more: Console) -> None:
    """A page, a file, a redirect, a fault: none is kept, framed, or runs a script inline."""
    await more.add("mia")
    paths = [
        "",
        "/",
        "/sign-in",
        "/static/console.css",
        "/nowhere",
        "/enrol",
        "/fails",
        "/unwritable",
    ]
    async with await more.signed_in("mia") as browser:
        answers = [await browser.get(path) for path in paths[1:]]
        answers.append(await browser.put("/sign-in"))
        answers.append(await browser.post("/sign-in", content=b"x" * (MOST_BODY_BYTES + 1)))

    statuses = [answer.status_code for answer in answers]
    assert statuses == [200, 303, 200, 404, 404, 503, 503, 405, 413]
    for answer in answers:
        assert {name: answer.headers[name] for name in HEADERS} == dict(HEADERS)
        assert _SECRET not in answer.text
        assert "<script>" not in answer.text
        assert "style=" not in answer.text
        assert "http" not in answer.text.replace("http://www.w3.org/2000/svg", "")


async def test_what_is_typed_wrong_is_a_page_that_does_not_repeat_it(more: Console) -> None:
    """FastAPI would answer with the input in JSON."""
    await more.add("mia")
    async with await more.signed_in("mia") as browser:
        form = {"form": (await more.session(browser)).form, "count": _SECRET}
        typed = await browser.post("/typed", data=form)
        path = await browser.get(f"/numbered/{_SECRET}")
        right = await browser.post("/typed", data=form | {"count": "2"})

    assert (typed.status_code, path.status_code, right.status_code) == (400, 404, 200)
    for answer in (typed, path):
        assert answer.headers["content-type"].startswith("text/html")
        assert _SECRET not in answer.text


async def test_a_body_that_does_not_say_its_length_is_refused(console: Console) -> None:
    """Nobody fills the memory through the door."""

    async def endless() -> AsyncIterator[bytes]:
        yield b"name=mia"

    async with console.browser() as browser:
        answer = await browser.post("/sign-in", content=endless())

    assert answer.status_code == 413


async def test_an_account_of_one_tenant_sees_that_tenant_alone(more: Console) -> None:
    """Another's case is not there for it."""
    await more.add("mia", Role.REVIEWER, TENANT)
    await more.add("noor", Role.REVIEWER)
    async with await more.signed_in("mia") as one, await more.signed_in("noor") as every:
        said = [
            (await browser.get(f"/sees/{tenant}")).json()["sees"]
            for browser in (one, every)
            for tenant in (TENANT, "meadow")
        ]

    assert said == [True, False, True, True]


async def test_only_the_files_of_the_console_are_given(console: Console) -> None:
    """Not what lies beside them."""
    async with console.browser() as browser:
        assert (
            (await browser.get("/static/console.css"))
            .headers["content-type"]
            .startswith("text/css")
        )
        for name in ("console.py", "..%2fserver.py", "%2e%2e/server.py", "", ".css"):
            assert (await browser.get(f"/static/{name}")).status_code == 404
        root = await browser.get(f"{ORIGIN}/console")
    assert root.headers["location"] == "/console/"


async def test_the_first_page_is_the_first_that_a_role_may_open(console: Console) -> None:
    """Links are for those who may follow them."""
    links = [
        Link("/queue", "Queue", Permission.REVIEW_LIST),
        Link("/operation", "Operation", Permission.OPERATION_SHOW),
    ]
    console.serve(replace(console.frame, links=links))
    for name, role, path in (("mia", Role.REVIEWER, "/queue"), ("ada", Role.ADMIN, "/operation")):
        await console.add(name, role)
        async with await console.signed_in(name) as browser:
            assert (await browser.get("/")).headers["location"] == f"/console{path}"


async def test_beside_the_gateway_it_is_counted_by_its_templates(
    console: Console, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No figure holds what was asked for, and the gateway's own description stays its own."""
    async with open_world(tmp_path_factory.mktemp("gateway")) as house, house.client() as browser:
        server.mount(house.public, console.guarded)
        for path in ("", "/", "/sign-in", "/static/console.css", "/nowhere/meadow"):
            await browser.get(f"/console{path}")
        figures = (await browser.get("/metrics")).text
        described = (await browser.get("/openapi.json")).text

    counted = set(re.findall(r'requests_total{route="([^"]+)"', figures))
    templates = {"/console", "/console/", "/console/sign-in", "/console/static/{name}"}
    assert counted >= templates | {"none"}
    assert "meadow" not in figures
    assert "console" not in described
