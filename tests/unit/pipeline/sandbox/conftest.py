"""What the sandbox's tests share: a request that is in order, a picture, a sandbox to ask."""

from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from io import BytesIO
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from PIL import Image

from pipeline.sandbox.app import create
from pipeline.sandbox.settings import SandboxSettings


@pytest.fixture
def asked() -> Callable[..., dict[str, Any]]:
    """Build a request on V4.5 that is in order but for what a test sets otherwise."""

    def build(**parameters: object) -> dict[str, Any]:
        caption = {"base_caption": "a harbour at dawn", "char_captions": []}
        return {
            "input": "a harbour at dawn",
            "model": "nai-diffusion-4-5-full",
            "action": "generate",
            "parameters": {
                "width": 128,
                "height": 192,
                "steps": 28,
                "scale": 5,
                "seed": 7,
                "sampler": "k_euler",
                "negative_prompt": "blurry",
                "v4_prompt": {"caption": caption, "use_coords": False, "use_order": True},
                **parameters,
            },
        }

    return build


@pytest.fixture
def picture() -> Callable[..., bytes]:
    """Build a PNG file of one colour."""

    def build(width: int = 64, height: int = 64, colour: str = "teal") -> bytes:
        file = BytesIO()
        Image.new("RGB", (width, height), colour).save(file, "PNG")
        return file.getvalue()

    return build


@pytest.fixture
def in_base64(picture: Callable[..., bytes]) -> Callable[..., str]:
    """Build the same as the JSON form of the API wants it."""
    return lambda *size: b64encode(picture(*size)).decode("ascii")


@pytest.fixture
async def sandbox() -> AsyncIterator[Callable[..., AsyncClient]]:
    """Build a client whose requests a new sandbox answers, as a subscriber's."""
    async with AsyncExitStack() as stack:

        def build(settings: SandboxSettings | None = None) -> AsyncClient:
            client = AsyncClient(
                transport=ASGITransport(create(settings or SandboxSettings())),
                base_url="http://sandbox",
                headers={"Authorization": "Bearer pst-somebody"},
            )
            stack.push_async_exit(client)
            return client

        yield build
