"""Engines of one's own through the front door: settings, routes, gates, models, log and halts."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from pipeline.sandbox import comfyui, webui
from pipeline.sandbox.comfyui import ComfyUiSandbox
from pipeline.sandbox.engine import HARBOUR, LORA, EngineFault
from pipeline.sandbox.webui import WebUiSandbox
from tests.e2e.conftest import World, served, world_in
from tests.e2e.evidence import kinds, operator, pictures, reason, submission_of, trail, verified

pytestmark = pytest.mark.asyncio(loop_scope="module")

GENERATE = "/ai/generate-image"
PERSON = {"person": "ben"}


@dataclass(frozen=True)
class Harbour:
    """A gateway with two engines of its own behind it."""

    world: World
    webui: WebUiSandbox
    comfyui: ComfyUiSandbox


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harbour(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Harbour]:
    one, two = WebUiSandbox(), ComfyUiSandbox()
    async with served(webui.create(one)) as first, served(comfyui.create(two)) as second:
        listed = [{"name": "harbour", "sha256": HARBOUR, "photographic": False}]
        engines = [
            {"name": "own", "kind": "webui", "address": first, "checkpoints": listed},
            {"name": "other", "kind": "comfyui", "address": second, "checkpoints": listed},
        ]
        routes = [
            {"name": "standard", "to": "other/harbour", "tiers": ["adult"]},
            {"name": "standard", "to": "own/harbour"},
        ]
        folder: Path = tmp_path_factory.mktemp("engines") / "data"
        said = {
            "IMPRIMATUR_ENGINES": json.dumps(engines),
            "IMPRIMATUR_ROUTES": json.dumps(routes),
        }
        async with world_in(folder, None, **said) as world:
            yield Harbour(world, one, two)


def asked(model: str, prompt: str = "a harbour at dawn", **more: Any) -> dict[str, Any]:
    parameters = {"width": 512, "height": 512, "seed": 7, "negative_prompt": "lowres", **more}
    return {"input": prompt, "model": model, "action": "generate", "parameters": parameters}


@pytest.mark.parametrize("model", ["own/harbour", "other/harbour", "standard"])
async def test_a_picture_of_ones_own_engine_leaves_by_the_same_gates(
    harbour: Harbour, model: str
) -> None:
    """With its entries and its receipt, and without a word of the engine's in it."""
    world = harbour.world
    answer = await world.client.post(GENERATE, json=asked(model))

    assert answer.status_code == 200, answer.text
    (picture,) = pictures(answer).values()
    assert picture.startswith(b"\x89PNG")
    assert b"Steps: " not in picture
    assert b"class_type" not in picture
    admit, *_ = await trail(world, submission_of(answer))
    assert admit.public["model"] == ("own/harbour" if model == "standard" else model)
    assert await kinds(world, submission_of(answer)) == [
        "admit",
        "generated",
        "examined",
        "release",
    ]
    assert await verified(world, answer)
    assert await world.calls() == 0


async def test_what_its_language_spells_is_refused(harbour: Harbour) -> None:
    """By the real terms and the real model, whatever marks are in it."""
    before = len(harbour.webui.calls)
    plain = await harbour.world.client.post(
        GENERATE, json=asked("own/harbour", "1girl, adult, nude")
    )
    spelt = await harbour.world.client.post(
        GENERATE, json=asked("own/harbour", "1girl, adult, n[ud|x](e:1.1)")
    )

    assert (plain.status_code, spelt.status_code) == (403, 403)
    assert len(harbour.webui.calls) == before


@pytest.mark.parametrize("model", ["own/harbour", "other/harbour"])
async def test_anothers_picture_is_never_seen(harbour: Harbour, model: str) -> None:
    """A defined state, an entry, and no second call."""
    sandbox = harbour.webui if model.startswith("own") else harbour.comfyui
    before = len(sandbox.calls)
    sandbox.armed.append(EngineFault.ANOTHERS)

    answer = await harbour.world.client.post(GENERATE, json=asked(model, seed=8))

    assert answer.status_code == 502
    assert len(sandbox.calls) == before + 1
    assert await reason(harbour.world, submission_of(answer)) == "upstream_malformed"


async def test_a_lora_is_named_once_two_people_have_let_it_in(harbour: Harbour) -> None:
    """Without a restart, on each engine that has it."""
    manifest = "\n".join(
        (
            "tenant: default",
            "name: lighthouse",
            f'sha256: "{LORA}"',
            "depicts: object",
            "pictures: 12",
            f'pictures_sha256: "{"b" * 64}"',
            "sources: our own drawings of one lighthouse",
            "trained_by: the harbour master",
            'trained_at: "2031-05-01T10:00:00+00:00"',
            "looked_at_by: ana",
            "no_minor_in_any: true",
            "no_real_person_in_any: true",
        )
    )
    client = harbour.world.client
    prompt = "<lora:lighthouse:0.8> a lighthouse"
    before = await client.post(GENERATE, json=asked("own/harbour", prompt))
    async with operator(harbour.world) as told:
        body = {"kind": "model", "body": manifest, "reason": "ticket 12", "person": "ana"}
        proposed = await told.post("/changes", json=body)
        assert proposed.status_code < 300, proposed.text
        done = await told.post(f"/changes/{proposed.json()['id']}/activate", json=PERSON)
        assert done.status_code < 300, done.text

    assert before.status_code == 400
    assert "lighthouse" in before.text
    for model in ("own/harbour", "other/harbour"):
        after = await client.post(GENERATE, json=asked(model, prompt))
        assert after.status_code == 200, (model, after.text)


async def test_an_engine_is_halted_alone(harbour: Harbour) -> None:
    """The switch knows its name; a name that no engine has stops nothing, and says so."""
    halt = {"scope": "engine", "reason": "a drill", "person": "ana"}
    async with operator(harbour.world) as told:
        unknown = await told.post("/halts", json={**halt, "value": "unknown"})
        placed = await told.post("/halts", json={**halt, "value": "other"})
        stopped = await harbour.world.client.post(GENERATE, json=asked("other/harbour", seed=9))
        goes_on = await harbour.world.client.post(GENERATE, json=asked("own/harbour", seed=9))
        for person in ("ana", "ben"):
            lift = f"/halts/{placed.json()['id']}/lift"
            assert (await told.post(lift, json={"person": person})).status_code == 200

    assert unknown.status_code == 404
    assert (stopped.status_code, goes_on.status_code) == (503, 200)
