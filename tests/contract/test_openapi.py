"""OpenAPI says the truth: whatever it lists of a route, that route really answers, and no more.

Each documented status of each route is provoked here, in a house of its own. A route that documents
another, or one less, has to say here how.
"""

import base64
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from PIL import Image

from pipeline.access.callers import Callers
from pipeline.access.permissions import FOR_AUDITORS, FOR_EVIDENCE
from pipeline.gateway import server
from pipeline.gateway.novelai import NOT_SERVED
from pipeline.gateway.shapes import Failure
from pipeline.store.reports import Standing
from pipeline.store.store import Store
from tests.unit.pipeline.duties.reports.cases import escalated
from tests.unit.pipeline.lookers import WHITE
from tests.unit.pipeline.world import (
    KEEP_FOR,
    NOON,
    TENANT,
    World,
    body,
    encoding,
    open_world,
    png,
    tool,
    upscaling,
)

Place = tuple[str, str]
Ask = Callable[[World, Place], Awaitable[httpx.Response]]

AI: Place = ("POST", "/ai/generate-image")
STREAM: Place = ("POST", "/ai/generate-image-stream")
AUGMENT: Place = ("POST", "/ai/augment-image")
UPSCALE: Place = ("POST", "/ai/upscale")
MAKE: Place = ("POST", "/v1/generations")
STATE: Place = ("GET", "/v1/generations/{generation}")
PICTURE: Place = ("GET", "/v1/generations/{generation}/images/{index}")
PRICE: Place = ("POST", "/v1/price")
PROMPT: Place = ("POST", "/v1/moderate/prompt")
UPLOAD: Place = ("POST", "/v1/moderate/image")
TOKEN: Place = ("POST", "/v1/subject-tokens")
PROOF: Place = ("GET", "/v1/audit/{entry}/proof")
LEAF: Place = ("GET", "/v1/audit/{entry}/leaf")
HEAD: Place = ("GET", "/v1/audit/log/checkpoint")
TILE: Place = ("GET", "/v1/audit/log/{tile}")
BUDGET: Place = ("GET", "/user/subscription")
ACCOUNT: tuple[Place, ...] = (
    BUDGET,
    ("GET", "/user/data"),
    ("GET", "/user/information"),
    ("GET", "/user/priority"),
)
EVENTS: Place = ("GET", "/v1/generations/{generation}/events")
NOTICE: Place = ("GET", "/v1/generations/{generation}/notice")
STANDING: Place = ("GET", "/v1/standing")
APPEAL: Place = ("POST", "/v1/generations/{generation}/appeal")
EVIDENCE: Place = ("POST", "/v1/reports/{report}/evidence")
DEMAND: Place = ("POST", "/v1/takedowns")
DEMANDED: Place = ("GET", "/v1/takedowns/{notice}")
CANCEL: Place = ("DELETE", "/v1/generations/{generation}")
SUGGEST: Place = ("GET", "/ai/generate-image/suggest-tags")
ENCODE: Place = ("POST", "/ai/encode-vibe")
LOGIN: Place = ("POST", "/user/login")
HEALTH: Place = ("GET", "/health")
READY: Place = ("GET", "/ready")
METRICS: Place = ("GET", "/metrics")
REFUSED: tuple[Place, ...] = tuple((method, path) for method, path, _ in NOT_SERVED)

GENERATIONS = (AI, STREAM, MAKE)
TOOLS = (AUGMENT, UPSCALE, ENCODE)
IMAGES = (*GENERATIONS, *TOOLS)
JUDGED = (PROMPT, UPLOAD)
BODIES = (*IMAGES, PRICE, *JUDGED, TOKEN)
KEYED = (
    *BODIES,
    SUGGEST,
    STATE,
    EVENTS,
    NOTICE,
    STANDING,
    APPEAL,
    EVIDENCE,
    DEMAND,
    DEMANDED,
    CANCEL,
    PICTURE,
    *ACCOUNT,
    PROOF,
    LEAF,
    HEAD,
    TILE,
)

NIL = UUID(int=0)
FILE = Path(__file__).parents[2] / "docs" / "openapi.json"
WRITE = "IMPRIMATUR_WRITE_PAGES"


def content_of(place: Place, prompt: str = "a harbour", **more: Any) -> bytes:
    """A valid body for a route."""
    bodies: Mapping[Place, Any] = {
        AI: body(prompt, **more),
        STREAM: body(prompt, **more),
        AUGMENT: tool() | more,
        UPSCALE: upscaling() | more,
        ENCODE: encoding() | more,
        MAKE: body(prompt, **more),
        PRICE: body(prompt, **more),
        PROMPT: {"prompt": prompt},
        TOKEN: {"pseudonym": "u1"},
    }
    return png(WHITE) if place == UPLOAD else json.dumps(bodies.get(place, {})).encode()


async def sent(
    house: World, place: Place, content: bytes | None = None, app: Any = None, **headers: str
) -> httpx.Response:
    """Ask a route, by default with what is valid there."""
    method, path = place
    given = content_of(place) if content is None else content
    for name, value in (("index", 0), ("generation", UUID(int=7)), ("entry", UUID(int=8))):
        path = path.replace(f"{{{name}}}", str(value))
    path = path.replace("{tile}", "tile/0/000.p/1").replace("{report}", str(NIL))
    path = path.replace("{notice}", str(NIL))
    path += "?model=nai-diffusion-3&prompt=ha" if place == SUGGEST else ""
    async with house.client(app) as client:
        return await client.request(
            method, path, content=given, headers={"Content-Type": "application/json"} | headers
        )


async def valid(house: World, place: Place) -> httpx.Response:
    return await sent(house, place)


async def made(house: World, place: Place) -> httpx.Response:
    async with house.client() as client:
        at = (await client.post("/v1/generations", json=body())).headers["location"]
        below = {PICTURE: "/images/0", EVENTS: "/events"}.get(place, "")
        return await client.request(place[0], f"{at}{below}")


async def refused(house: World, place: Place) -> httpx.Response:
    async with house.client() as client:
        first = await client.post("/v1/generations", json=body("blockme"))
        at = f"/v1/generations/{first.headers['x-imprimatur-id']}/{place[1].rpartition('/')[2]}"
        return await client.request(place[0], at, json={"text": "a lake"})


async def wordless(house: World, place: Place) -> httpx.Response:
    first = await refused(house, NOTICE)
    path = place[1].replace("{generation}", first.json()["generation"])
    return await sent(house, (place[0], path), b"{}")


async def too_long(house: World, place: Place) -> httpx.Response:
    first = await refused(house, NOTICE)
    path = place[1].replace("{generation}", first.json()["generation"])
    return await sent(house, (place[0], path), b'{"text": "' + b"a" * 70_000 + b'"}')


async def too_late(house: World, place: Place) -> httpx.Response:
    first = await refused(house, NOTICE)
    house.clock.passes(days=200)
    path = place[1].replace("{generation}", first.json()["generation"])
    return await sent(house, (place[0], path), b'{"text": "a lake"}')


async def cancelled(house: World, place: Place) -> httpx.Response:
    async with house.gate.desk.turns.taken("other"), house.client() as client:
        leaving = {"Prefer": "respond-async"}
        asked = await client.post("/v1/generations", json=body(), headers=leaving)
        return await client.request(place[0], asked.headers["location"])


async def unheard(house: World, place: Place) -> httpx.Response:
    return await sent(house, place, None, None, **{"Last-Event-ID": "x"})


async def misnamed(house: World, place: Place) -> httpx.Response:
    return await sent(house, place, None, None, **{"X-Imprimatur-Subject": "no id at all"})


async def released(house: World, place: Place) -> httpx.Response:
    method, path = place
    async with house.client() as client:
        entry = (await client.post("/ai/generate-image", json=body())).headers["x-audit-id"]
        return await client.request(method, path.replace("{entry}", entry))


async def audited(house: World, place: Place) -> httpx.Response:
    made = await house.operator.keys.create(TENANT, "their auditor", FOR_AUDITORS)
    return await sent(house, place, Authorization=f"Bearer {made.secret.get_secret_value()}")


async def told(
    house: World, place: Place, said: bytes = b'{"user_id": "u-1"}', known_as: UUID | None = None
) -> httpx.Response:
    """What a platform that was asked says of somebody."""
    if known_as is None:
        case = await escalated(house)
        await house.store.reports.move(case, Standing.DRAFTED, NOON, asked_at=NOON)
        known_as = case.id
    made = await house.operator.keys.create(TENANT, "their trust team", FOR_EVIDENCE)
    bearer = f"Bearer {made.secret.get_secret_value()}"
    path = place[1].replace("{report}", str(known_as))
    return await sent(house, (place[0], path), said, Authorization=bearer)


async def told_nothing(house: World, place: Place) -> httpx.Response:
    return await told(house, place, b"{}")


async def told_unasked(house: World, place: Place) -> httpx.Response:
    return await told(house, place, known_as=NIL)


async def told_too_much(house: World, place: Place) -> httpx.Response:
    return await told(house, place, b'{"user_id": "' + b"a" * 70_000 + b'"}')


async def demanded(house: World, place: Place, **more: object) -> httpx.Response:
    """What a platform sends of a notice, or asks of one that it sent."""
    made = await house.operator.keys.create(TENANT, "their trust team", FOR_EVIDENCE)
    bearer = {"Authorization": f"Bearer {made.secret.get_secret_value()}"}
    said = json.dumps({"reference": "4711", "kind": "article-16", **more}).encode()
    answer = await sent(house, DEMAND, said, **bearer)
    if place == DEMAND:
        return answer
    async with house.client(**bearer) as client:
        return await client.get(place[1].replace("{notice}", str(answer.json()["id"])))


async def demanded_nothing(house: World, place: Place) -> httpx.Response:
    return await demanded(house, place, kind="because")


async def demanded_otherwise(house: World, place: Place) -> httpx.Response:
    await demanded(house, place)
    return await demanded(house, place, kind="trusted-flagger")


async def demanded_too_much(house: World, place: Place) -> httpx.Response:
    return await demanded(house, place, text="a" * 140_000)


async def demanded_of_nobody(house: World, place: Place) -> httpx.Response:
    return await demanded(house, (place[0], place[1].replace("{notice}", str(NIL))))


async def beyond(house: World, place: Place) -> httpx.Response:
    method, path = place
    return await audited(house, (method, path.replace("{tile}", "tile/0/999")))


async def held(house: World, place: Place) -> httpx.Response:
    return await sent(house, place, content_of(place, "holdme"))


async def elsewhere(house: World, place: Place) -> httpx.Response:
    async with house.client() as client:
        return await client.request(*place, params={"operation": "/ai/elsewhere"}, json=body())


async def empty(house: World, place: Place) -> httpx.Response:
    return await sent(house, place, b"")


async def untyped(house: World, place: Place) -> httpx.Response:
    async with house.client() as client:
        return await client.request(*place)


async def keyless(house: World, place: Place) -> httpx.Response:
    return await sent(house, place, Authorization="Bearer nonsense")


async def spent(house: World, place: Place) -> httpx.Response:
    await house.store.writer(lambda sql: sql.exec_driver_sql("UPDATE tenants SET anlas_budget = 0"))
    return await sent(house, place)


async def forbidden(house: World, place: Place) -> httpx.Response:
    made = await house.operator.keys.create(TENANT, "of no use", [])
    return await sent(house, place, Authorization=f"Bearer {made.secret.get_secret_value()}")


async def reused(house: World, place: Place) -> httpx.Response:
    second_thought: Mapping[Place, dict[str, Any]] = {
        AUGMENT: {"defry": 2},
        UPSCALE: {"declared_blur_sigma": 0.3},
        ENCODE: {"information_extracted": 0.5},
    }
    first, second = content_of(place), content_of(place, **second_thought.get(place, {"seed": 2}))
    await sent(house, place, first, None, **{"Idempotency-Key": "order-1"})
    return await sent(house, place, second, None, **{"Idempotency-Key": "order-1"})


async def expired(house: World, place: Place) -> httpx.Response:
    assert place == PICTURE
    async with house.client() as client:
        at = (await client.post("/v1/generations", json=body())).headers["location"]
        house.clock.passes(seconds=KEEP_FOR.total_seconds())
        await house.upkeep.round()
        return await client.get(f"{at}/images/0")


async def too_large(house: World, place: Place) -> httpx.Response:
    return await sent(house, place, None, None, **{"Content-Length": str(2**30)})


async def foreign(house: World, place: Place) -> httpx.Response:
    out = BytesIO()
    Image.new("RGB", (64, 64)).save(out, "BMP")
    picture = base64.b64encode(out.getvalue()).decode()
    more: dict[str, Any] = {} if place in TOOLS else {"strength": 0.5}
    uploaded = content_of(place, image=picture, **more)
    return await sent(house, place, out.getvalue() if place == UPLOAD else uploaded)


async def foreign_tool(house: World, place: Place) -> httpx.Response:
    out = BytesIO()
    Image.new("RGB", (64, 64)).save(out, "BMP")
    asked = tool() | {"image": base64.b64encode(out.getvalue()).decode()}
    async with house.client() as client:
        return await client.request(*place, params={"operation": AUGMENT[1]}, json=asked)


async def busy(house: World, place: Place) -> httpx.Response:
    with ExitStack() as places:
        for _ in range(house.gate.desk.limit):
            places.enter_context(house.gate.desk.entering())
        return await sent(house, place)


async def refused_upstream(house: World, place: Place) -> httpx.Response:
    house.upstream.status = 400
    return await sent(house, place)


async def without_store(house: World, place: Place) -> httpx.Response:
    closed = Store.open(house.folder / "other.db")
    await closed.close()
    gate = replace(house.gate, store=closed, callers=Callers(closed, house.clock))
    return await sent(house, place, app=server.create(gate, house.metrics))


def each(places: tuple[Place, ...], status: int, ask: Ask) -> dict[tuple[Place, int], Ask]:
    return {(place, status): ask for place in places}


ANSWERS: Mapping[tuple[Place, int], Ask] = {
    **each(
        (*IMAGES, PRICE, *JUDGED, SUGGEST, STANDING, *ACCOUNT, HEALTH, READY, METRICS), 200, valid
    ),
    **each((STATE, EVENTS, PICTURE), 200, made),
    **each((NOTICE,), 200, refused),
    **each((APPEAL,), 201, refused),
    **each((APPEAL,), 400, wordless),
    **each((APPEAL,), 409, too_late),
    **each((APPEAL,), 413, too_long),
    **each((EVIDENCE,), 202, told),
    **each((EVIDENCE,), 400, told_nothing),
    **each((EVIDENCE,), 404, told_unasked),
    **each((EVIDENCE,), 413, told_too_much),
    **each((DEMAND,), 201, demanded),
    **each((DEMAND,), 400, demanded_nothing),
    **each((DEMAND,), 409, demanded_otherwise),
    **each((DEMAND,), 413, demanded_too_much),
    **each((DEMANDED,), 200, demanded),
    **each((DEMANDED,), 404, demanded_of_nobody),
    **each((CANCEL,), 202, cancelled),
    **each((CANCEL,), 409, made),
    **each((EVENTS,), 400, unheard),
    **each((STANDING,), 400, misnamed),
    **each((PROOF, LEAF), 200, released),
    **each((HEAD, TILE), 200, audited),
    **each((TOKEN,), 201, valid),
    **each((MAKE,), 202, held),
    **each(BODIES, 400, empty),
    **each((SUGGEST,), 400, untyped),
    **each((*KEYED, LOGIN), 401, keyless),
    **each(IMAGES, 402, spent),
    **each(KEYED, 403, forbidden),
    **each((STATE, EVENTS, NOTICE, APPEAL, CANCEL, PICTURE, PROOF, LEAF, *REFUSED), 404, valid),
    **each((TILE,), 404, beyond),
    **each((PRICE,), 404, elsewhere),
    **each(IMAGES, 409, reused),
    **each((PICTURE,), 410, expired),
    **each(BODIES, 413, too_large),
    **each((*IMAGES, UPLOAD), 415, foreign),
    **each((PRICE,), 415, foreign_tool),
    **each((*IMAGES, PRICE, *JUDGED, SUGGEST), 429, busy),
    **each((*IMAGES, SUGGEST), 502, refused_upstream),
    **each((*KEYED, READY, METRICS), 503, without_store),
}
"""How each documented status of each route comes about."""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[World]:
    """A whole house for one test."""
    async with open_world(tmp_path) as opened:
        yield opened


def documented(described: Mapping[str, Any]) -> set[tuple[Place, int]]:
    """Every status of every operation."""
    return {
        ((method.upper(), path), int(status))
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
        for status in operation["responses"]
    }


async def test_every_status_that_is_documented_is_answered_here(house: World) -> None:
    """And the other way round: neither an answer nobody is told of, nor one nobody ever gets."""
    assert documented(house.public.openapi()) == {*ANSWERS}


@pytest.mark.parametrize("status", sorted({status for _, status in ANSWERS}))
async def test_routes_answer_as_they_are_documented(house: World, status: int) -> None:
    """The status, the type of the content, and for a failure its shape."""
    for place, ask in [(place, ask) for (place, each), ask in ANSWERS.items() if each == status]:
        _is_documented(house, place, status, await ask(house, place))


def _is_documented(house: World, place: Place, status: int, answer: httpx.Response) -> None:
    assert answer.status_code == status, (place, answer.text)
    said = house.public.openapi()["paths"][place[1]][place[0].lower()]["responses"][str(status)]
    types = {each.partition(";")[0] for each in said.get("content", {"application/json": {}})}
    assert answer.headers["content-type"].partition(";")[0] in types, place
    if status >= 400 and place != READY:
        assert said["content"]["application/json"]["schema"]["$ref"].endswith("/Failure")
        assert Failure.model_validate_json(answer.content, strict=True).statusCode == status


@pytest.mark.parametrize("known_as", ["nonsense", "0", "%00", "../../etc", f"{NIL}x"])
async def test_an_id_that_is_none_is_not_found(house: World, known_as: str) -> None:
    """404, as documented: whether it could be an id is nobody's business."""
    async with house.client() as client:
        answers = [
            await client.get(f"/v1/generations/{known_as}{path}") for path in ("", "/images/x")
        ]

    for answer in answers:
        assert answer.status_code == 404
        assert Failure.model_validate_json(answer.content, strict=True).statusCode == 404


async def test_the_file_is_what_the_gateway_says_of_itself(house: World) -> None:
    """Whoever makes a client from the repository makes it for what is served."""
    described = json.dumps(house.public.openapi(), indent=1, sort_keys=True) + "\n"
    if os.environ.get(WRITE):
        FILE.write_text(described, encoding="utf-8")
    assert FILE.read_text(encoding="utf-8") == described, f"run it with {WRITE}=1, and look"


async def test_it_names_no_schema_that_nothing_uses(house: World) -> None:
    """FastAPI's own describe answers that are never given."""
    described = house.public.openapi()

    assert set(described["components"]["schemas"]) == {"Failure"}
    assert described == house.public.openapi()
