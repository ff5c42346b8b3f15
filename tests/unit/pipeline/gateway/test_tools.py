"""Director tools and upscaling through the front door: one picture in, every one out examined."""

import base64
import io
import json
import zipfile
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.unit.pipeline.lookers import GREEN, RED, WHITE
from tests.unit.pipeline.world import (
    BLOCK,
    SIDE,
    TAINTED,
    World,
    as_it_leaves,
    png,
    tool,
    upscaling,
)

AUGMENT, UPSCALE = "/ai/augment-image", "/ai/upscale"


async def ask(house: World, path: str, body: dict[str, Any]) -> httpx.Response:
    async with house.client() as client:
        return await client.post(path, json=body)


def entries(answer: httpx.Response) -> dict[str, bytes]:
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    return {name: archive.read(name) for name in archive.namelist()}


async def test_a_tool_s_picture_is_examined_and_given(house: World) -> None:
    """What is sent is the picture anew and what was checked, at the tool's own route."""
    answer = await ask(house, AUGMENT, tool(use_new_shared_trial=True))

    sent = json.loads(house.upstream.calls[0])
    assert entries(answer) == {"image_0.png": as_it_leaves(png(WHITE))}
    assert house.upstream.paths == [AUGMENT]
    assert sent.keys() == {"req_type", "width", "height", "image", "prompt"}
    assert Image.open(io.BytesIO(base64.b64decode(sent["image"]))).size == (SIDE, SIDE)


async def test_every_picture_of_a_background_removal_is_examined(house: World) -> None:
    """Each stands alone: what one shows of a blocked kind the others need not."""
    house.upstream.colours = [WHITE, BLOCK, GREEN]
    answer = await ask(house, AUGMENT, tool("bg-removal"))

    assert [*entries(answer)] == ["image_0.png", "image_2.png"]
    assert answer.headers["x-imprimatur-withheld"] == "1"


@pytest.mark.parametrize("index", range(3))
async def test_the_gravest_taints_all_three(house: World, index: int) -> None:
    """Wherever it stands."""
    house.upstream.colours = [TAINTED if each == index else WHITE for each in range(3)]
    answer = await ask(house, AUGMENT, tool("bg-removal"))

    assert (answer.status_code, answer.json()["code"]) == (403, "CONTENT_NOT_ALLOWED")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (AUGMENT, tool(prompt="happy;; blockme")),
        (AUGMENT, tool(colour=BLOCK)),
        (AUGMENT, tool("sketch", prompt="blockme")),
        (UPSCALE, upscaling(BLOCK)),
    ],
)
async def test_what_is_refused_is_never_sent(house: World, path: str, body: dict[str, Any]) -> None:
    """Each text and each picture is a carrier, also a text that would not be sent."""
    answer = await ask(house, path, body)

    assert (answer.status_code, answer.json()["code"]) == (403, "CONTENT_NOT_ALLOWED")
    assert house.upstream.calls == []


@pytest.mark.parametrize("older", [False, True])
async def test_upscaling_doubles_the_sides(house: World, older: bool) -> None:
    """The body of the older route is translated: two of three SDKs send it."""
    body = upscaling()
    if older:
        body = {"image": body["image"], "width": SIDE, "height": SIDE, "scale": 2.0}
    answer = await ask(house, UPSCALE, body)

    sent = json.loads(house.upstream.calls[0])
    assert sent.keys() == {"image", "model"}
    assert entries(answer) == {"image_0.png": as_it_leaves(png(WHITE, 2 * SIDE, 2 * SIDE))}


async def test_an_upscaled_picture_of_the_largest_size_is_examined(house: World) -> None:
    """It is larger than anything that may be uploaded."""
    large = base64.b64encode(png(WHITE, 2048, 1536)).decode()
    answer = await ask(house, UPSCALE, upscaling() | {"image": large})

    (picture,) = entries(answer).values()
    assert Image.open(io.BytesIO(picture)).size == (4096, 3072)


async def test_a_picture_of_another_size_is_held(house: World) -> None:
    """It may be somebody else's."""
    house.upstream.pictures = [png(RED)]
    answer = await ask(house, UPSCALE, upscaling())

    assert (answer.status_code, answer.json()["code"]) == (403, "HELD")


async def test_a_picture_may_be_a_part_of_a_form(house: World) -> None:
    """As the official site sends it."""
    form = {
        "request": (
            "blob",
            json.dumps(upscaling() | {"image": "source"}).encode(),
            "application/json",
        ),
        "source": ("blob", png(GREEN), "image/png"),
    }
    async with house.client() as client:
        answer = await client.post(UPSCALE, files=form)

    assert answer.status_code == 200, answer.text


async def test_the_same_body_on_another_route_is_another_request(house: World) -> None:
    """Routes do different things with it: none may be answered with the other's pictures."""
    async with house.client() as client:
        key = {"Idempotency-Key": "one"}
        first = await client.post(UPSCALE, json=upscaling(), headers=key)
        second = await client.post(UPSCALE, json=upscaling(RED), headers=key)

    assert (first.status_code, second.status_code) == (200, 409)


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        (AUGMENT, tool("pixel-snap"), "req_type: expected one of bg-removal"),
        (AUGMENT, tool(prompt="grim;;x"), "prompt: expected one of the moods"),
        (AUGMENT, tool(width=128), "width, height: expected those of the image"),
        (AUGMENT, tool(defry=9), "defry: expected an integer in 0..5"),
        (AUGMENT, tool(more=1), "request: unknown keys: more"),
        (AUGMENT, tool(image=None), "request: missing keys: image"),
        (AUGMENT, tool(prompt="happy;;" + "x" * 16_000), "prompt: expected at most 16000"),
        (UPSCALE, upscaling(model="nai-diffusion-9"), "model nai-diffusion-9 doesn't exist"),
        (UPSCALE, upscaling(scale=4), "scale: expected 2"),
        (UPSCALE, upscaling(declared_blur_sigma=0.1), "declared_blur_sigma: expected one of 0"),
        (UPSCALE, upscaling(prompt="x"), "request: unknown keys: prompt"),
    ],
)
async def test_what_is_wrong_is_told_before_anything_is_sent(
    house: World, path: str, body: dict[str, Any], message: str
) -> None:
    """A message says what to change."""
    answer = await ask(house, path, body)

    assert answer.status_code == 400
    assert message in answer.json()["message"]
    assert house.upstream.calls == []
