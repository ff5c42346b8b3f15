"""The sandbox's encoder of vibes: section 1.8 of the reference."""

from collections.abc import Callable
from typing import Any

import pytest
from httpx import AsyncClient

Sandbox = Callable[..., AsyncClient]
InBase64 = Callable[..., str]
_PATH = "/ai/encode-vibe"
V4_5 = "nai-diffusion-4-5-full"


async def test_an_encoding_is_opaque_and_costs_two(sandbox: Sandbox, in_base64: InBase64) -> None:
    """In the type that clients expect, and about as large as the real ones."""
    client = sandbox()
    body = {"image": in_base64(64, 64), "model": V4_5, "information_extracted": 0.7}

    answer = await client.post(_PATH, json=body)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/binary")
    assert len(answer.content) > 40_000
    told = (await client.get("/user/subscription")).json()
    assert told["trainingStepsLeft"]["fixedTrainingStepsLeft"] == 9_998
    misspelt = {"image": body["image"], "model": V4_5, "informationExtracted": 0.7}
    assert (await client.post(_PATH, json=misspelt)).content == answer.content
    other = {**body, "information_extracted": 0.6}
    assert (await client.post(_PATH, json=other)).content != answer.content


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"model": "nai-diffusion-5-full"}, 500),
        ({"model": "nai-diffusion-3"}, 400),
        ({"model": "none"}, 400),
        ({"image": None}, 400),
        ({"image": "aGVsbG8="}, 400),
        ({"mask": "aGVsbG8="}, 400),
        ({"information_extracted": 2}, 400),
    ],
)
async def test_what_cannot_be_encoded_is_refused(
    sandbox: Sandbox, in_base64: InBase64, more: dict[str, Any], status: int
) -> None:
    """With the statuses of the real service."""
    body = {"image": in_base64(64, 64), "model": V4_5, "information_extracted": 1, **more}
    assert (await sandbox().post(_PATH, json=body)).status_code == status
