"""What the gate sends, the sandbox takes: they share no code, so each checks the other."""

import asyncio
import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from classifiers import canonical
from classifiers.content import Image, Purpose
from pipeline.items import Operation, Subject
from pipeline.jobs.received import Received
from pipeline.novelai import marks
from pipeline.novelai.accounts import Accounts, Token
from pipeline.novelai.client import Client
from pipeline.novelai.limits import Limits
from pipeline.novelai.marks import PromptMark, SignatureMark
from pipeline.novelai.price import Plan, quote
from pipeline.sandbox.app import create
from pipeline.sandbox.keys import TEST_VERIFY_KEY_BASE64
from pipeline.sandbox.settings import Account, SandboxSettings
from tests.contract.carriers import HARMLESS, INNOCENT
from tests.unit.pipeline.world import body, encoding, tool, upscaling

KEY = Ed25519PublicKey.from_public_bytes(b64decode(TEST_VERIFY_KEY_BASE64))
PICTURE, CANVAS = INNOCENT.picture(), INNOCENT.picture(1024, 1536)
CAPTION: dict[str, Any] = {"v4_prompt": {"caption": {"base_caption": HARMLESS}}}
V4_5 = "nai-diffusion-4-5-full"
SIZE: dict[str, Any] = {"width": 640, "height": 64}
"""Wide enough for the copy of the texts in its alpha."""

ASKED: dict[str, tuple[Operation, Mapping[str, Any]]] = {
    "webp": (Operation.GENERATE, body(model=V4_5, image_format="webp", **CAPTION, **SIZE)),
    "infill": (
        Operation.GENERATE,
        body(model=f"{V4_5}-inpainting", image=PICTURE, mask=PICTURE, **CAPTION, **SIZE),
    ),
    "infill in part": (
        Operation.GENERATE,
        body(
            model="nai-diffusion-3-inpainting",
            image=PICTURE,
            mask=PICTURE,
            inpaintImg2ImgStrength=0.5,
            **SIZE,
        ),
    ),
    "vibes": (
        Operation.GENERATE,
        body(
            samples=2,
            reference_image_multiple=[PICTURE] * 6,
            reference_strength_multiple=[0.5] * 6,
            reference_information_extracted_multiple=[1] * 6,
            **SIZE,
        ),
    ),
    "the older single reference": (
        Operation.GENERATE,
        body(reference_image=PICTURE, reference_strength=0.6, **SIZE),
    ),
    "precise references": (
        Operation.GENERATE,
        body(
            samples=2,
            model=V4_5,
            director_reference_images=[CANVAS] * 2,
            director_reference_descriptions=[{"caption": {"base_caption": "style"}}] * 2,
            director_reference_strength_values=[1] * 2,
            director_reference_secondary_strength_values=[0.25] * 2,
            director_reference_information_extracted=[1] * 2,
            **CAPTION,
            **SIZE,
        ),
    ),
    "five vibes": (
        Operation.GENERATE,
        body(
            model=V4_5,
            reference_image_multiple=[b64encode(bytes([n]) * 300).decode() for n in range(5)],
            reference_strength_multiple=[0.5] * 5,
            **CAPTION,
            **SIZE,
        ),
    ),
    "bg-removal": (Operation.AUGMENT, tool("bg-removal")),
    "lineart": (Operation.AUGMENT, tool("lineart")),
    "emotion": (Operation.AUGMENT, tool("emotion", defry=1)),
    "colorize": (Operation.AUGMENT, tool("colorize", prompt=HARMLESS)),
    "declutter": (Operation.AUGMENT, tool("declutter")),
    "upscale": (Operation.UPSCALE, upscaling(declared_blur_sigma=0.3)),
    "the older upscale": (
        Operation.UPSCALE,
        {"image": PICTURE, "width": 64, "height": 64, "scale": 2.0},
    ),
}


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A sandbox whose account pays for everything."""
    settings = SandboxSettings(account=Account(tier=1))
    transport = httpx.ASGITransport(create(settings))
    async with httpx.AsyncClient(transport=transport) as client:
        yield client


def _client(http: httpx.AsyncClient) -> Client:
    accounts = Accounts(
        [Token("one", "pst-one")], monotonic=lambda: 0.0, sleep=asyncio.sleep, spacing_seconds=0
    )
    noon = datetime(2031, 5, 4, 12, tzinfo=UTC)
    return Client(
        "http://sandbox", accounts, http, now=lambda: noon, sleep=asyncio.sleep, random=lambda: 0.5
    )


@pytest.mark.parametrize("name", sorted(ASKED))
async def test_what_the_gate_sends_is_taken_and_costs_what_it_said(
    http: httpx.AsyncClient, name: str
) -> None:
    """As many pictures as it waits for, of their size, with their prompt, at its price."""
    operation, asked = ASKED[name]
    received = Received("application/json", json.dumps(asked).encode(), Subject("t"), operation)
    work = received.work(Limits())
    client = _client(http)

    images = {(image.carrier, image.index): image.data for image in work.images}
    answer = await client.generate(work, images)

    assert len(answer.pictures) == work.samples
    for picture in answer.pictures:
        seen = canonical.read(Image("output", picture.index, Purpose.OUTPUT, picture.data))
        found = marks.read(seen, work, KEY)
        assert found.right_size
        assert found.prompt is not PromptMark.DIFFERS
        assert found.texts == ()
        upscaled = operation is Operation.UPSCALE
        assert found.signature is (SignatureMark.ABSENT if upscaled else SignatureMark.VALID)
    told = await http.get("http://sandbox/user/subscription", headers=_AUTHORIZED)
    left = told.json()["trainingStepsLeft"]["fixedTrainingStepsLeft"]
    assert 10_000 - left == quote(work, Plan()).total


_AUTHORIZED = {"Authorization": "Bearer pst-one"}


async def test_what_the_gate_sends_to_be_encoded_is_encoded_at_its_price(
    http: httpx.AsyncClient,
) -> None:
    """Opaque bytes come back, the same for the same picture."""
    asked = json.dumps(encoding()).encode()
    received = Received("application/json", asked, Subject("t"), Operation.ENCODE_VIBE)
    work = received.work(Limits())
    client = _client(http)

    images = {(image.carrier, image.index): image.data for image in work.images}
    (first,), (second,) = [(await client.generate(work, images)).pictures for _ in range(2)]

    assert first.data == second.data
    told = await http.get("http://sandbox/user/subscription", headers=_AUTHORIZED)
    left = told.json()["trainingStepsLeft"]["fixedTrainingStepsLeft"]
    assert 10_000 - left == 2 * quote(work, Plan()).total == 4
