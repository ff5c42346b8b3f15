"""A self-hosted engine stands behind the same gates: each carrier is seen, each end is written."""

import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from audit.entry import Kind
from pipeline.engines.comfyui import ComfyUi
from pipeline.engines.engine import Allowed, Lora, SelfHosted
from pipeline.engines.request import SHAPES
from pipeline.engines.routing import Route, Routing
from pipeline.engines.webui import WebUi
from pipeline.engines.wire import Wire
from pipeline.items import Halted, Released
from pipeline.sandbox import comfyui, webui
from pipeline.sandbox.comfyui import ComfyUiSandbox
from pipeline.sandbox.engine import HARBOUR, LORA, EngineFault
from pipeline.sandbox.webui import WebUiSandbox
from pipeline.store.halts import Scope
from tests.contract.carriers import GENERATIONS, GUILTY, INNOCENT, Carried, Marker, places
from tests.unit.pipeline.lookers import Mood
from tests.unit.pipeline.world import TENANT, World, body, open_world

MODEL = "own/harbour"
CARRIERS = {"input", "parameters.negative_prompt", "parameters.image"}


@pytest.fixture
def sandbox() -> WebUiSandbox:
    return WebUiSandbox()


@pytest.fixture
def other() -> ComfyUiSandbox:
    return ComfyUiSandbox()


@pytest.fixture
async def house(
    tmp_path: Path, sandbox: WebUiSandbox, other: ComfyUiSandbox
) -> AsyncIterator[World]:
    """A whole house with two engines of its own behind it."""
    one, two = (
        httpx.ASGITransport(each) for each in (webui.create(sandbox), comfyui.create(other))
    )
    listed, loras = {"harbour": HARBOUR}, (Lora(TENANT, "lighthouse", LORA),)
    async with httpx.AsyncClient(transport=one) as http, httpx.AsyncClient(transport=two) as second:

        def own(_: httpx.AsyncClient) -> Sequence[SelfHosted]:
            first = WebUi(Allowed("own", listed, lambda: loras), Wire("http://own", http, None, 1))
            allowed = Allowed("other", listed, lambda: loras, takes_pictures=False)
            return first, ComfyUi(allowed, Wire("http://other", second, None, 1), os.urandom)

        async with open_world(tmp_path, own=own) as opened:
            yield opened


def carried(marker: Marker) -> Iterator[Carried]:
    """One request for each carrier, with the marker there and nowhere else."""
    yield Carried("input", is_picture=False, body=body(marker.text, model=MODEL))
    for path, shape in SHAPES.items():
        for place, is_picture, value in places(shape, marker, ()):
            key = path.rpartition(".")[2]
            asked = body(INNOCENT.text, model=MODEL, **{key: value})
            yield Carried(f"{path}{place}", is_picture, asked)


def test_the_table_names_every_carrier() -> None:
    """A walk that misses one would pass below; the page names these."""
    assert {each.carrier for each in carried(INNOCENT)} == CARRIERS
    page = Path("docs/engines.md").read_text("utf-8")
    assert all(f"| `{each}` |" in page for each in CARRIERS)


@pytest.mark.parametrize("path", GENERATIONS)
async def test_a_marker_in_any_carrier_is_seen(
    house: World, sandbox: WebUiSandbox, path: str
) -> None:
    """Refused for what it holds, and never sent."""
    async with house.client() as client:
        for each in carried(GUILTY):
            answer = await client.post(path, json=each.body)
            assert answer.status_code == 403, (each.carrier, answer.text)
            assert answer.json()["code"] == "CONTENT_NOT_ALLOWED", each.carrier
    assert sandbox.calls == []


async def test_without_the_marker_the_same_requests_pass(
    house: World, sandbox: WebUiSandbox
) -> None:
    """Otherwise they would be refused above for another reason. NovelAI is asked nothing."""
    async with house.client() as client:
        for each in carried(INNOCENT):
            answer = await client.post(GENERATIONS[0], json=each.body)
            assert answer.status_code == 200, (each.carrier, answer.text)
            if each.is_picture:
                form = await client.post(GENERATIONS[0], files=each.form())
                assert form.status_code == 200, (each.carrier, form.text)
    assert len(sandbox.calls) == len(CARRIERS) + 1
    assert house.upstream.calls == []


@pytest.mark.parametrize("path", GENERATIONS)
async def test_while_its_gate_fails_no_carrier_is_sent(
    house: World, sandbox: WebUiSandbox, path: str
) -> None:
    """Who cannot look at a text, or at a picture, lets nothing of that kind pass."""
    async with house.client() as client:
        for each in carried(INNOCENT):
            house.viewer.mood = Mood.FAILS if each.is_picture else Mood.WELL
            house.reader.mood = Mood.WELL if each.is_picture else Mood.FAILS
            answer = await client.post(path, json=each.body)
            assert answer.status_code in {202, 403, 503}, (each.carrier, answer.text)
    assert sandbox.calls == []


@pytest.mark.parametrize("model", [MODEL, "other/harbour"])
@pytest.mark.parametrize("fault", EngineFault)
async def test_whatever_an_engine_answers_the_end_is_written(
    house: World, sandbox: WebUiSandbox, other: ComfyUiSandbox, model: str, fault: EngineFault
) -> None:
    """Another's picture, none, one of another size: a state, an entry, and no second call."""
    asked = sandbox if model == MODEL else other
    asked.armed.append(fault)

    ticket = await house.submit(model=model)
    assert ticket.end is not None
    outcome = (await ticket.end).outcome

    assert not isinstance(outcome, Released)
    assert len(asked.calls) == 1
    kinds = await house.kinds(ticket.id)
    if fault is EngineFault.WRONG_SIZE:
        assert kinds == ["admit", "generated", "examined", "held"]
        return
    assert isinstance(outcome, Halted)
    told = {EngineFault.BROKEN: "upstream_failed", EngineFault.SLOW: "upstream_unknown"}
    assert outcome.reason == told.get(fault, "upstream_malformed")
    assert kinds == ["admit", "halted"]


async def test_the_record_names_the_engine(house: World) -> None:
    """By the model, as the request did; the rest of the record is the same."""
    ticket = await house.submit(model=MODEL)
    assert ticket.end is not None
    assert isinstance((await ticket.end).outcome, Released)

    admit, *rest = await house.leaves(ticket.id)
    assert admit.public["model"] == MODEL
    assert [each.kind.value for each in rest] == ["generated", "examined", "release"]


@pytest.mark.parametrize("body_of", [{"parameters": {"override_settings": {}}}, {"model": "own/x"}])
async def test_what_is_not_on_a_list_is_refused_by_name(
    house: World, sandbox: WebUiSandbox, body_of: Mapping[str, Any]
) -> None:
    """With a 400 that says what, and without an entry: nothing was admitted."""
    asked = body(model=MODEL)
    asked = {
        **asked,
        **body_of,
        "parameters": {**asked["parameters"], **body_of.get("parameters", {})},
    }
    async with house.client() as client:
        answer = await client.post(GENERATIONS[0], json=asked)

    assert answer.status_code == 400
    assert "own" in answer.text
    assert sandbox.calls == []


async def test_an_engine_is_halted_alone(house: World, sandbox: WebUiSandbox) -> None:
    """Its models stop; NovelAI's go on, and so the other way round."""
    house.gate.halts.own_models = (MODEL,)
    await house.gate.halts.place(Scope.ENGINE, "own", "", "a drill", "the harbour master")
    async with house.client() as client:
        stopped = await client.post(GENERATIONS[0], json=body(model=MODEL))
        goes_on = await client.post(GENERATIONS[0], json=body())

    assert (stopped.status_code, goes_on.status_code) == (503, 200)
    assert sandbox.calls == []


async def test_a_route_leads_to_the_model_that_it_names(
    house: World, sandbox: WebUiSandbox
) -> None:
    """By the name of the route; the record names the model, and a repeat finds what it repeats."""
    route = Route("standard", MODEL, tenants=frozenset({TENANT}), busy_from=0)
    house.gate = replace(house.gate, routing=Routing((route,)))
    key = {"Idempotency-Key": "once"}
    async with house.client() as client:
        asked = body(model="standard")
        made = await client.post("/v1/generations", json=asked, headers=key)
        house.gate = replace(house.gate, routing=Routing((replace(route, to="nai-diffusion-3"),)))
    async with house.client() as client:
        again = await client.post("/v1/generations", json=asked, headers=key)
        unknown = await client.post("/v1/generations", json=body(model="premium"))
        priced = await client.post("/v1/price", json=asked)

    assert (made.status_code, again.status_code, unknown.status_code) == (200, 200, 400)
    assert made.json()["id"] == again.json()["id"]
    assert len(sandbox.calls) == 1
    assert house.upstream.calls == []
    assert priced.json()["anlas"] > 0
    (admit,) = [each for each in await house.leaves() if each.kind is Kind.ADMIT]
    assert admit.public["model"] == MODEL


@pytest.mark.parametrize("model", [[], {"/": "/"}, 7, True, "own/a/b", "/", "own", "Standard", ""])
async def test_whatever_stands_in_the_place_of_a_model_is_a_model_or_refused(
    house: World, sandbox: WebUiSandbox, model: Any
) -> None:
    """With a 400: a name that nobody knows leads nowhere."""
    house.gate = replace(house.gate, routing=Routing((Route("standard", MODEL),)))
    async with house.client() as client:
        for path in (*GENERATIONS, "/v1/price"):
            answer = await client.post(path, json={**body(), "model": model})
            assert answer.status_code == 400, (path, answer.text)
    assert sandbox.calls == []
