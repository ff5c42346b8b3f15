"""Every route of the public application: who may call it, where its content goes, what it says."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from audit.entry import Kind
from pipeline.gateway.novelai import NOT_SERVED
from tests.unit.pipeline.lookers import CANARY, WHITE, Mood
from tests.unit.pipeline.world import World, body, encoding, open_world, png, tool, upscaling

Place = tuple[str, str]

OPEN: frozenset[Place] = frozenset(
    {
        ("GET", "/health"),
        ("GET", "/ready"),
        ("GET", "/metrics"),
        ("GET", "/help/refusals"),
        ("GET", "/openapi.json"),
        ("POST", "/user/login"),
    }
)
"""Nobody needs a key for these: none takes content, and none tells anything of a tenant."""
REFUSED: frozenset[Place] = frozenset((method, path) for method, path, _ in NOT_SERVED)
"""Nobody needs a key to be told that these are not served; none reads its body."""
IMAGES: frozenset[Place] = frozenset(
    {
        ("POST", "/ai/generate-image"),
        ("POST", "/ai/generate-image-stream"),
        ("POST", "/ai/augment-image"),
        ("POST", "/ai/upscale"),
        ("POST", "/ai/encode-vibe"),
        ("POST", "/v1/generations"),
    }
)
PRICED: Place = ("POST", "/v1/price")
"""It reads a whole request, and nobody judges or keeps it: see `test_pricing`."""
JUDGED: frozenset[Place] = frozenset(
    {("POST", "/v1/moderate/prompt"), ("POST", "/v1/moderate/image")}
)
TYPED: frozenset[Place] = frozenset({("GET", "/ai/generate-image/suggest-tags")})
"""Its text stands in the query: `test_carriers` and `test_tags` ask it."""
TOKENS: Place = ("POST", "/v1/subject-tokens")
NO_CONTENT: frozenset[Place] = frozenset(
    {
        TOKENS,
        ("GET", "/user/subscription"),
        ("GET", "/user/data"),
        ("GET", "/user/information"),
        ("GET", "/user/priority"),
        ("GET", "/v1/audit/log/checkpoint"),
        ("GET", "/v1/audit/log/{tile:path}"),
        ("GET", "/v1/audit/{entry}/leaf"),
        ("GET", "/v1/audit/{entry}/proof"),
        ("GET", "/v1/generations/{generation}"),
        ("DELETE", "/v1/generations/{generation}"),
        ("GET", "/v1/generations/{generation}/events"),
        ("GET", "/v1/generations/{generation}/notice"),
        ("GET", "/v1/standing"),
        ("POST", "/v1/generations/{generation}/appeal"),
        ("POST", "/v1/reports/{report}/evidence"),
        ("POST", "/v1/takedowns"),
        ("GET", "/v1/takedowns/{notice}"),
        ("GET", "/v1/generations/{generation}/images/{index}"),
    }
)
"""Those that ask for a key and carry no content."""
EVERY = OPEN | REFUSED | IMAGES | JUDGED | TYPED | NO_CONTENT | {PRICED}
KEYED = sorted(IMAGES | JUDGED | TYPED | NO_CONTENT | {PRICED})


def below(routes: Iterator[Any]) -> Iterator[Place]:
    """Every route, also of routers within routers."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from below(inner.routes)
        else:
            yield from ((method, route.path) for method in route.methods - {"HEAD"})


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[World]:
    """A whole house for one test."""
    async with open_world(tmp_path) as opened:
        yield opened


def filled(path: str) -> str:
    return (
        path.replace("{generation}", str(UUID(int=7)))
        .replace("{notice}", str(UUID(int=9)))
        .replace("{index}", "0")
        .replace("{entry}", str(UUID(int=8)))
        .replace("{report}", str(UUID(int=9)))
        .replace("{tile:path}", "tile/0/000")
    )


def contents() -> list[tuple[str, bytes]]:
    """The marker in every form in which a request may carry it; the first two are valid."""
    uploaded = base64.b64encode(png(WHITE)).decode()
    form = (
        b'--b\r\nContent-Disposition: form-data; name="request"\r\n\r\n'
        + json.dumps(body(CANARY)).encode()
        + b"\r\n--b--\r\n"
    )
    return [
        ("application/json", json.dumps(body(CANARY)).encode()),
        ("application/json", json.dumps(body(CANARY, image=uploaded, strength=0.5)).encode()),
        ("multipart/form-data; boundary=b", form),
        ("application/json", json.dumps({"prompt": CANARY}).encode()),
        ("application/json", json.dumps(tool(prompt=f"happy;;{CANARY}")).encode()),
        ("application/json", json.dumps(upscaling()).encode()),
        ("application/json", json.dumps(encoding()).encode()),
        ("image/png", png(WHITE)),
        ("text/plain", CANARY.encode()),
    ]


async def test_every_route_is_known_here(house: World) -> None:
    """A new route is asked nothing below before it says which kind it is of."""
    assert frozenset(below(iter(house.public.routes))) == EVERY


@pytest.mark.parametrize("bearer", [None, "Bearer nonsense", "Basic eDp5", "Bearer "])
async def test_every_other_route_asks_for_a_key(house: World, bearer: str | None) -> None:
    """Before anything else is read: who is nobody learns nothing."""
    async with house.client() as client:
        client.headers.pop("authorization")
        headers = {} if bearer is None else {"Authorization": bearer}
        for method, path in KEYED:
            answer = await client.request(method, filled(path), content=b"{}", headers=headers)

            assert answer.status_code == 401, path
            assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_revoked_key_opens_nothing(house: World) -> None:
    """From the next request on, on every route."""
    await house.operator.keys.revoke("harbour", house.key_id)

    async with house.client() as client:
        for method, path in KEYED:
            answer = await client.request(method, filled(path), content=b"{}")

            assert answer.status_code == 401, path


@pytest.mark.parametrize(("method", "path"), [*sorted(JUDGED), TOKENS])
async def test_a_subject_token_carries_for_its_subject_only(
    house: World, method: str, path: str
) -> None:
    """An end user's token mints no other, and maps no rules."""
    async with house.client() as client:
        minted = await client.post("/v1/subject-tokens", json={"pseudonym": "u1"})
        bearer = {"Authorization": f"Bearer {minted.json()['token']}"}
        answer = await client.request(method, path, json={"prompt": "a"}, headers=bearer)

    assert answer.status_code == 403


@pytest.mark.parametrize("content_type", sorted({kind for kind, _ in contents()}))
async def test_nothing_reaches_anybody_while_nobody_can_look(
    house: World, content_type: str
) -> None:
    """Whatever the route and the encoding: all content goes through the judge."""
    house.reader.mood = house.viewer.mood = Mood.FAILS
    sent = [content for kind, content in contents() if kind == content_type]
    async with house.client() as client:
        for method, path in sorted(EVERY):
            for content in sent:
                headers = {"Content-Type": content_type}
                answer = await client.request(
                    method, filled(path), content=content, headers=headers
                )
                _shows_nothing((method, path), answer)

    assert house.upstream.calls == []


def _shows_nothing(place: Place, answer: httpx.Response) -> None:
    assert answer.status_code != 500, place
    assert CANARY not in answer.text
    assert not answer.content.startswith((b"PK", b"\x89PNG", b"event:"))
    if place in IMAGES | REFUSED:
        assert answer.status_code >= 400
    if place in JUDGED and answer.status_code == 200:
        assert answer.json()["allowed"] is False


@pytest.mark.parametrize(("method", "path"), sorted(IMAGES | JUDGED))
async def test_content_is_looked_at_on_every_route_that_carries_it(
    house: World, method: str, path: str
) -> None:
    """The test above would pass for a route that answers nothing at all."""
    looks = house.reader.looks
    content = png(WHITE) if path.endswith("/image") else json.dumps(_asked(path)).encode()

    async with house.client() as client:
        headers = {"Content-Type": "application/json"}
        answer = await client.request(method, path, content=content, headers=headers)

    assert answer.status_code == 200, answer.text
    assert house.reader.looks > looks


def _asked(path: str) -> Mapping[str, Any]:
    if "moderate" in path:
        return {"prompt": "a harbour"}
    tools: Mapping[str, Mapping[str, Any]] = {
        "/ai/augment-image": tool(),
        "/ai/upscale": upscaling(),
        "/ai/encode-vibe": encoding(),
    }
    return tools[path] if path in tools else body()


@pytest.mark.parametrize("refused", ["admit", "generated", "examined", "release"])
@pytest.mark.parametrize(("method", "path"), sorted(IMAGES))
async def test_no_picture_leaves_without_its_entries(
    house: World, method: str, path: str, refused: str
) -> None:
    """On every route that gives pictures: 503, and no byte of one."""
    house.log.refuses = frozenset({Kind(refused)})

    async with house.client() as client:
        answer = await client.request(method, path, json=_asked(path))

    assert answer.status_code == 503
    assert "x-audit-id" not in answer.headers
    assert b"PNG" not in answer.content


async def test_what_is_not_served_is_refused_by_name(house: World) -> None:
    """Nothing is passed through unread."""
    async with house.client() as client:
        for method, path in sorted(REFUSED):
            answer = await client.request(method, path, content=CANARY.encode())

            assert answer.status_code == 404
            assert "does not serve" in answer.json()["message"]


@dataclass
class Served:
    """A house and a client on one loop, for tests that run many examples."""

    runner: asyncio.Runner
    house: World
    client: httpx.AsyncClient
    described: Mapping[str, Any]
    """What the application says of itself."""

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Ask, and wait."""
        return self.runner.run(self.client.request(method, path, **more))


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """One house for all examples of this file."""
    with TemporaryDirectory() as folder, asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def begin() -> Served:
            house = await stack.enter_async_context(open_world(Path(folder)))
            app = house.public
            client = await stack.enter_async_context(house.client(app))
            return Served(runner, house, client, app.openapi())

        yield runner.run(begin())
        runner.run(stack.aclose())


QUICK = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
CHANGES = st.dictionaries(
    st.sampled_from(["width", "height", "steps", "n_samples", "seed", "image", "v4_prompt", "new"]),
    JSON_VALUES,
    max_size=3,
)
BODIES = st.one_of(
    st.binary(max_size=200),
    JSON_VALUES.map(lambda value: json.dumps(value).encode()),
    CHANGES.map(lambda changes: json.dumps(_changed(changes)).encode()),
    CHANGES.map(lambda changes: json.dumps(tool() | changes).encode()),
    CHANGES.map(lambda changes: json.dumps(upscaling() | changes).encode()),
    st.dictionaries(
        st.sampled_from(["prompt", "negative_prompt", "characters", "pseudonym", "tier",
                         "lifetime_seconds", "language"]),
        JSON_VALUES,
    ).map(lambda value: json.dumps(value).encode()),
)  # fmt: skip


def _changed(changes: Mapping[str, Any]) -> Mapping[str, Any]:
    asked = body("a harbour")
    return {**asked, "parameters": {**asked["parameters"], **changes}}


TYPES = st.sampled_from(
    ["application/json", "multipart/form-data; boundary=b", "image/png", "", "text/plain"]
)


@pytest.mark.parametrize(("method", "path"), sorted(IMAGES | JUDGED | {PRICED, TOKENS}))
@QUICK
@given(content=BODIES, content_type=TYPES)
def test_whatever_is_sent_is_answered_as_documented(
    served: Served, method: str, path: str, content: bytes, content_type: str
) -> None:
    """Bad input is never a 500, and never a status that the documentation does not list."""
    answer = served.ask(method, path, content=content, headers={"Content-Type": content_type})

    documented = served.described["paths"][path][method.lower()]["responses"]
    assert str(answer.status_code) in documented, answer.text
    if answer.status_code >= 400:
        told = answer.json()
        assert told["statusCode"] == answer.status_code
        assert told["message"]


@QUICK
@given(data=st.data())
def test_every_operation_answers_as_its_schema_says(served: Served, data: st.DataObject) -> None:
    """Schemathesis asks whatever the schema allows, with a valid key."""
    schema = schemathesis.openapi.from_dict(dict(served.described))
    path, method = data.draw(st.sampled_from(sorted(_operations(served))))
    case = data.draw(schema[path][method].as_strategy())

    asked = case.as_transport_kwargs(base_url="http://gate")
    answer = served.ask(
        asked["method"],
        asked["url"],
        params=asked.get("params"),
        content=b"",
        headers=_plain(asked),
    )

    assert answer.status_code != 500
    case.validate_response(
        answer,
        checks=[status_code_conformance, content_type_conformance, response_schema_conformance],
    )


def _operations(served: Served) -> Iterator[Place]:
    for path, methods in served.described["paths"].items():
        yield from ((path, method.upper()) for method in methods)


def _plain(asked: Mapping[str, Any]) -> dict[str, str]:
    """The headers that it chose, but for those that only a client of its own would send."""
    return {
        name: str(value)
        for name, value in (asked.get("headers") or {}).items()
        if name.lower() not in {"user-agent", "authorization"}
    }
