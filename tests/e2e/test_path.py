"""The path through the front door: what is released, refused and held, and what is on record."""

import base64
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from audit.leaf import Leaf
from audit.verify import verify
from tests.e2e.asking import v3, v4
from tests.e2e.conftest import World
from tests.e2e.evidence import operator
from tests.unit.pipeline.world import PROFILE

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def world(shared: World) -> World:
    """One world for all: each test leaves it as it was."""
    return shared


@pytest_asyncio.fixture(loop_scope="module")
async def switch(world: World) -> AsyncIterator[Path]:
    """A file that makes a classifier fail, for as long as a test leaves it there."""
    file = world.sick("nsfw_mobilenet_v2")
    file.touch()
    yield file
    file.unlink(missing_ok=True)
    await world.house.gate.judge.recover()


async def test_a_general_picture_is_released_with_its_receipt(world: World) -> None:
    """The whole point: a picture comes back, and the log can show why."""
    answer = await world.client.post("/ai/generate-image", json=v4("a lighthouse, sea, sky"))

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "binary/octet-stream"
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert names == ["image_0.png"]
    receipt = await world.house.gate.log.receipt(UUID(answer.headers["x-audit-id"]))
    assert receipt is not None
    assert Leaf.parse(receipt.leaf).kind.value == "release"


async def test_two_samples_keep_their_places(world: World) -> None:
    """Each picture stands alone, and keeps its index."""
    answer = await world.client.post("/ai/generate-image", json=v3("harbour, boats", samples=2))

    assert zipfile.ZipFile(io.BytesIO(answer.content)).namelist() == ["image_0.png", "image_1.png"]
    assert answer.headers["x-imprimatur-withheld"] == "0"


async def test_json_is_answered_to_who_asks_for_exactly_that(world: World) -> None:
    """Some SDKs send broad Accept headers and want a ZIP all the same."""
    answer = await world.client.post(
        "/ai/generate-image", json=v4("a hill", seed=7), headers={"Accept": "application/json"}
    )

    (image,) = answer.json()["images"]
    assert (image["index"], image["seed"]) == (0, 7)


async def test_the_log_of_a_released_picture_verifies_offline(world: World) -> None:
    """A stranger needs the file and the key, and nothing of the gateway."""
    answer = await world.client.post("/ai/generate-image", json=v4("a lighthouse"))

    receipt = base64.b64decode(answer.headers["x-audit-checkpoint"]).decode()
    vkey = (world.data_dir / "keys" / "log.vkey").read_text().strip()
    report = verify(world.data_dir / "log.db", vkey, known_checkpoints=[receipt])
    assert report.ok, report.problems
    kinds = [Leaf.parse(each.leaf).kind.value for each in await world.house.gate.log.tail(4)]
    assert kinds == ["admit", "generated", "examined", "release"]


async def test_fields_that_are_only_together_forbidden_are_refused(world: World) -> None:
    """Composition: an apparent minor in one field, a rating in another; nothing is paid."""
    before = await world.calls()
    body = v4("1girl, child", negative="lowres")
    body["parameters"]["v4_prompt"]["caption"]["char_captions"] = [
        {"char_caption": "rating:explicit", "centers": [{"x": 0.5, "y": 0.5}]}
    ]

    answer = await world.client.post("/ai/generate-image", json=body)

    assert answer.status_code == 403
    assert answer.json()["code"] == "CONTENT_NOT_ALLOWED"
    assert await world.calls() == before
    await world.house.gate.seizure.run()
    assert list((world.data_dir / "quarantine").iterdir())


async def test_what_an_uploaded_picture_says_of_itself_is_judged_with_the_request(
    world: World,
) -> None:
    """A picture that was made from a prompt shows what that asked for."""
    before = await world.calls()
    out, told = io.BytesIO(), PngInfo()
    told.add_itxt("Description", "1girl, child")
    noise = np.random.default_rng(1).integers(0, 255, (96, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).resize((512, 768)).save(out, "PNG", pnginfo=told)
    picture = base64.b64encode(out.getvalue()).decode()
    body = v4("rating:explicit", image=picture, strength=0.5, noise=0.0)

    answer = await world.client.post("/ai/generate-image", json={**body, "action": "img2img"})

    assert (answer.status_code, answer.json()["code"]) == (403, "CONTENT_NOT_ALLOWED")
    assert await world.calls() == before
    (leaf,) = await world.house.gate.log.tail(1)
    assert Leaf.parse(leaf.leaf).public["code"] == "CSE.TEXT"


async def test_what_cannot_be_judged_is_refused_before_it_is_paid(world: World) -> None:
    """With embedded models alone, only general-audience pictures flow."""
    before = await world.calls()
    asked = {"pseudonym": "u1", "tier": "adult", "age_claim": "claim-1"}
    closed = await world.client.post("/v1/subject-tokens", json=asked)
    assert (closed.status_code, "operator" in closed.json()["message"]) == (403, True)
    async with operator(world) as desk:
        answers = {"person": "ana", "profile": PROFILE.model_dump(mode="json")}
        described = await desk.patch("/tenants/default/profile", json=answers)
    assert described.json()["missing"] == []
    minted = await world.client.post("/v1/subject-tokens", json=asked)
    bearer = {"Authorization": f"Bearer {minted.json()['token']}"}

    answer = await world.client.post(
        "/ai/generate-image", json=v4("1girl, adult, 25 years old, nude"), headers=bearer
    )

    assert answer.status_code == 403
    assert answer.json()["code"] == "CAPABILITY_MISSING"
    assert await world.calls() == before


async def test_sexual_content_without_a_claim_asks_for_one(world: World) -> None:
    """The reason that a platform can do something about."""
    before = await world.calls()
    answer = await world.client.post("/ai/generate-image", json=v4("1girl, adult, nude"))

    assert answer.json()["code"] == "AGE_CLAIM_REQUIRED"
    assert await world.calls() == before


async def test_a_text_that_nobody_can_read_is_refused(world: World) -> None:
    """Not knowing is not clean."""
    answer = await world.client.post("/ai/generate-image", json=v4("ประภาคารริมทะเล"))

    assert (answer.status_code, answer.json()["code"]) == (403, "LANGUAGE_NOT_SUPPORTED")


@pytest.mark.usefixtures("switch")
async def test_a_sick_classifier_refuses_before_the_paid_call(world: World) -> None:
    """Nothing is paid for only to be held."""
    await world.client.post("/ai/generate-image", json=v4("a lake"))  # it falls sick at this one
    before = await world.calls()

    answer = await world.client.post("/ai/generate-image", json=v4("a lake", seed=2))

    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert await world.calls() == before


async def test_a_picture_that_nobody_could_look_at_waits_for_a_machine(
    world: World, switch: Path
) -> None:
    """A paid picture is never lost, and never released unseen."""
    held = await world.client.post("/v1/generations", json=v4("a lake"))
    assert held.status_code == 202, held.text
    assert held.json()["state"] == "held"

    world.sick(switch.name).unlink()
    for hold in await world.house.gate.store.holds.waiting():
        assert hold.cause.value == "incapacity"
    state = held.json()
    for _ in range(100):
        await world.house.upkeep.round()
        state = (await world.client.get(held.headers["location"])).json()
        if state["state"] != "held":
            break

    assert state["state"] == "released"
    image = await world.client.get(state["images"][0]["url"])
    assert image.content.startswith(b"\x89PNG")
