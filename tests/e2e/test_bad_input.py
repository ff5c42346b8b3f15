"""Bad input gets a clear error, reaches nobody upstream, and is never a 500."""

import base64
import io
import json
import struct
import zlib
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.e2e.asking import v4
from tests.e2e.conftest import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

JSON = {"Content-Type": "application/json"}


def upload(data: bytes, prompt: str = "a lake") -> dict[str, Any]:
    """An img2img request with these bytes as its picture."""
    body = v4(prompt, image=base64.b64encode(data).decode(), strength=0.5, noise=0.0)
    return {**body, "action": "img2img"}


def png(width: int = 64, height: int = 64) -> bytes:
    """A small benign picture."""
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((height, width, 3), np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def header_only(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def animated() -> bytes:
    """A PNG of two frames."""
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "PNG", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


RAW: list[tuple[str, bytes, dict[str, str], int]] = [
    ("not JSON", b"prompt=cat", JSON, 400),
    ("an empty body", b"", JSON, 400),
    ("duplicate keys", b'{"input":"a","input":"b"}', JSON, 400),
    ("NaN", b'{"input":"a","parameters":{"scale":NaN}}', JSON, 400),
    ("a lone surrogate", b'{"input":"\\ud800"}', JSON, 400),
    ("20,000 brackets", b"[" * 20_000, JSON, 400),
    ("msgpack", b"\x81\xa5input\xa1a", {"Content-Type": "application/msgpack"}, 415),
    ("no type", b"{}", {"Content-Type": "text/plain"}, 415),
    ("a body beyond the limit", b"x" * (33 << 20), JSON, 413),
]


@pytest.mark.parametrize(("what", "content", "headers", "status"), RAW, ids=[r[0] for r in RAW])
async def test_bytes_that_are_no_request(
    shared: World, what: str, content: bytes, headers: dict[str, str], status: int
) -> None:
    """Limits come before parsing, and parsing is strict."""
    before = await shared.calls()

    answer = await shared.client.post("/ai/generate-image", content=content, headers=headers)

    assert answer.status_code == status, (what, answer.text[:200])
    assert answer.json()["statusCode"] == status
    assert await shared.calls() == before


def _changed(**parameters: Any) -> dict[str, Any]:
    body = v4("a lake")
    body["parameters"].update(parameters)
    return body


VALUES: list[tuple[str, dict[str, Any], int]] = [
    ("a wrong type", _changed(steps="many"), 400),
    ("an unknown field", _changed(surprise=1), 400),
    ("scale below one", _changed(scale=0), 400),
    ("text beyond the limit", v4("sea " * 5000), 400),
    ("an image on generate", _changed(image=base64.b64encode(png()).decode()), 400),
    ("base64 that is not", {**v4("a lake", image="%%%"), "action": "img2img"}, 400),
    ("a picture that is not", upload(b"hello world, this is no picture"), 400),
    ("a truncated picture", upload(png()[:-30]), 400),
    ("an animated picture", upload(animated()), 415),
    ("a picture 40,000 pixels wide", upload(header_only(40_000, 10)), 413),
    ("a decompression bomb", upload(header_only(16_000, 16_000)), 413),
    (
        "a cache key without bytes",
        {**_changed(image_cache_secret_key="00" * 32), "action": "img2img"},
        400,
    ),
    ("a vibe", _changed(reference_image_multiple=["AAAA"]), 400),
    ("infill without its pictures", {**v4("a lake"), "action": "infill"}, 400),
    ("an unknown model", {**v4("a lake"), "model": "nai-diffusion-99"}, 400),
    ("a custom url", {**v4("a lake"), "url": "http://example.invalid"}, 400),
]


@pytest.mark.parametrize(("what", "body", "status"), VALUES, ids=[v[0] for v in VALUES])
async def test_values_that_are_no_request(
    shared: World, what: str, body: dict[str, Any], status: int
) -> None:
    """Each says what to change, and is never passed on."""
    before = await shared.calls()

    answer = await shared.client.post("/ai/generate-image", json=body)

    assert answer.status_code == status, (what, answer.text[:300])
    assert answer.json()["message"]
    assert await shared.calls() == before


async def test_a_form_part_that_nobody_names_is_refused(shared: World) -> None:
    """Bytes that no field refers to would be bytes that nobody looks at."""
    body = v4("a lake", image="picture", strength=0.5)
    files: dict[str, tuple[str, bytes | str, str]] = {
        "request": ("blob", json.dumps({**body, "action": "img2img"}), "application/json"),
        "picture": ("blob", png(), "image/png"),
        "stowaway": ("blob", png(), "image/png"),
    }
    before = await shared.calls()

    answer = await shared.client.post("/ai/generate-image", files=files)

    assert answer.status_code == 400
    assert await shared.calls() == before


async def test_an_upload_that_is_a_picture_flows(shared: World) -> None:
    """The refusals above are not because uploads do not work."""
    noise = np.random.default_rng(1).integers(0, 255, (96, 64, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).resize((512, 768)).save(buffer, "PNG")

    answer = await shared.client.post("/ai/generate-image", json=upload(buffer.getvalue()))

    assert answer.status_code == 200, answer.text[:300]


@pytest.mark.parametrize("bearer", ["", "Bearer", "Bearer nonsense", "Bearer pst-" + "b" * 64])
async def test_without_a_valid_key_nothing_is_read(shared: World, bearer: str) -> None:
    """A key is asked for before the body."""
    answer = await shared.client.post(
        "/ai/generate-image", json=v4("a lake"), headers={"Authorization": bearer}
    )

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_another_tenants_generation_is_not_there(shared: World) -> None:
    """Tenants are apart on every route: what is another's does not exist."""
    mine = await shared.client.post("/v1/generations", json=v4("a lake"))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(shared.house.operator), base_url="http://operator"
    ) as operator:
        await operator.post("/tenants", json={"id": "other", "name": "Other"})
        other = (await operator.post("/keys", json={"tenant": "other"})).json()["secret"]

    headers = {"Authorization": f"Bearer {other}"}
    for path in (mine.headers["location"], mine.json()["images"][0]["url"]):
        answer = await shared.client.get(path, headers=headers)
        assert answer.status_code == 404


async def test_an_idempotency_key_is_for_one_body(shared: World) -> None:
    """The same body again is not paid again; another body under the key is refused."""
    key = {"Idempotency-Key": "order-1"}
    before = await shared.calls()
    first = await shared.client.post("/v1/generations", json=v4("a lake"), headers=key)
    again = await shared.client.post("/v1/generations", json=v4("a lake"), headers=key)
    other = await shared.client.post("/v1/generations", json=v4("a hill"), headers=key)

    assert first.json()["id"] == again.json()["id"]
    assert other.status_code == 409
    assert await shared.calls() == before + 1


async def test_a_token_knows_of_its_own_end_users_pictures_alone(shared: World) -> None:
    """Two people of one platform are as far apart as two platforms."""
    bearers: list[dict[str, str]] = []
    for pseudonym in ("ada", "bea"):
        minted = await shared.client.post("/v1/subject-tokens", json={"pseudonym": pseudonym})
        bearers.append({"Authorization": f"Bearer {minted.json()['token']}"})
    key = {"Idempotency-Key": "the same for both"}

    mine = await shared.client.post(
        "/v1/generations", json=v4("a lake", seed=41), headers=bearers[0] | key
    )
    hers = await shared.client.post(
        "/v1/generations", json=v4("a hill", seed=42), headers=bearers[1] | key
    )

    assert (mine.status_code, hers.status_code) == (200, 200)
    for path in (mine.headers["location"], mine.json()["images"][0]["url"]):
        assert (await shared.client.get(path, headers=bearers[0])).status_code == 200
        assert (await shared.client.get(path, headers=bearers[1])).status_code == 404
