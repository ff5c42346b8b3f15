"""The sandbox's director tools and upscaler: sections 1.6, 1.7 and 2.7 of the reference."""

import io
from collections.abc import Callable
from typing import Any
from zipfile import ZipFile

import pytest
from httpx import AsyncClient, Response
from PIL import Image

from pipeline.sandbox.settings import Account, SandboxSettings

Sandbox = Callable[..., AsyncClient]
InBase64 = Callable[..., str]
_AUGMENT, _UPSCALE = "/ai/augment-image", "/ai/upscale"
_SHAPE = {"width": 64, "height": 96}


def sizes(answer: Response) -> dict[str, tuple[int, int]]:
    assert answer.status_code == 200, answer.text
    with ZipFile(io.BytesIO(answer.content)) as archive:
        return {
            name: Image.open(io.BytesIO(archive.read(name))).size for name in archive.namelist()
        }


async def spent(client: AsyncClient, path: str, body: dict[str, Any]) -> int:
    answer = await client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    told = (await client.get("/user/subscription")).json()
    return 10_000 - int(told["trainingStepsLeft"]["fixedTrainingStepsLeft"])


async def test_a_tool_gives_one_picture(sandbox: Sandbox, in_base64: InBase64) -> None:
    """In the same archive as a generation."""
    body = {"req_type": "lineart", "image": in_base64(64, 96), **_SHAPE}

    assert sizes(await sandbox().post(_AUGMENT, json=body)) == {"image_0.png": (64, 96)}


async def test_taking_the_background_away_gives_three(
    sandbox: Sandbox, in_base64: InBase64
) -> None:
    """Masked, generated, blend."""
    body = {"req_type": "bg-removal", "image": in_base64(64, 96), **_SHAPE}

    found = sizes(await sandbox().post(_AUGMENT, json=body))

    assert found == {f"image_{index}.png": (64, 96) for index in range(3)}


@pytest.mark.parametrize(
    "body", [{"model": "nai-diffusion-5-curated"}, {**_SHAPE, "scale": 2}, {**_SHAPE, "scale": 2.0}]
)
async def test_upscaling_doubles_the_sides(
    sandbox: Sandbox, in_base64: InBase64, body: dict[str, Any]
) -> None:
    """Whichever of the two bodies asks for it."""
    answer = await sandbox().post(_UPSCALE, json={"image": in_base64(64, 96), **body})

    assert sizes(answer) == {"image_0.png": (128, 192)}


@pytest.mark.parametrize(
    ("path", "body", "cost"),
    [
        (_AUGMENT, {"req_type": "sketch", **_SHAPE}, 0),
        (_AUGMENT, {"req_type": "bg-removal", **_SHAPE}, 65),
        (_UPSCALE, {"model": "nai-diffusion-5-full"}, 1),
    ],
)
async def test_what_they_cost_with_opus(
    sandbox: Sandbox, in_base64: InBase64, path: str, body: dict[str, Any], cost: int
) -> None:
    """Small ones are free, but for these two."""
    assert await spent(sandbox(), path, {"image": in_base64(64, 96), **body}) == cost


async def test_without_opus_a_tool_is_paid(sandbox: Sandbox, in_base64: InBase64) -> None:
    """As a picture of a megapixel."""
    client = sandbox(SandboxSettings(account=Account(tier=1)))
    body = {"req_type": "sketch", "image": in_base64(64, 96), **_SHAPE}

    assert await spent(client, _AUGMENT, body) == 20


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        (_AUGMENT, {"req_type": "pixel-snap", **_SHAPE}, "req_type has an unknown value"),
        (_AUGMENT, {"req_type": "sketch"}, "width is required"),
        (_AUGMENT, {"req_type": "emotion", "prompt": "grim;;", **_SHAPE}, "unknown mood"),
        (_AUGMENT, {"req_type": "colorize", "defry": 6, **_SHAPE}, "defry must be between"),
        (_AUGMENT, {"req_type": "sketch", **_SHAPE, "image": None}, "image is required"),
        (_UPSCALE, {"model": "nai-diffusion-9"}, "doesn't exist"),
        (_UPSCALE, {"scale": 3}, "scale must be 2 or 4"),
        (_UPSCALE, {"model": "nai-diffusion-3", "declared_blur_sigma": 0.1}, "unknown value"),
        (_UPSCALE, {"model": "nai-diffusion-3", "image": "aGVsbG8="}, "cannot be decoded"),
    ],
)
async def test_what_is_wrong_is_told(
    sandbox: Sandbox, in_base64: InBase64, path: str, body: dict[str, Any], message: str
) -> None:
    """Each a 400 in NovelAI's form."""
    answer = await sandbox().post(path, json={"image": in_base64(64, 96)} | body)

    assert answer.status_code == 400
    assert message in answer.json()["message"]
