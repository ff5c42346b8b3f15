"""Subject tokens: minted for named users of one tenant, for a while."""

from typing import Any

import httpx
import pytest

from tests.unit.pipeline.lookers import CANARY
from tests.unit.pipeline.world import World, body


async def mint(house: World, asked: Any) -> httpx.Response:
    async with house.client() as client:
        return await client.post("/v1/subject-tokens", json=asked)


async def test_a_token_is_shown_once_and_kept_by_no_cache(house: World) -> None:
    """It is a secret."""
    answer = await mint(house, {"pseudonym": "u1", "tier": "adult", "age_claim": "c1"})

    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["token"].startswith("pst-")


@pytest.mark.parametrize(
    "asked",
    [
        {},
        [],
        {"tier": "adult"},
        {"pseudonym": 7},
        {"pseudonym": "u1", "surprise": CANARY},
        {"pseudonym": "u1", "lifetime_seconds": "long"},
        {"pseudonym": "u1", "lifetime_seconds": True},
        {"pseudonym": "u1", "lifetime_seconds": 0},
        {"pseudonym": "u1", "lifetime_seconds": 86_401},
        {"pseudonym": "u1", "lifetime_seconds": 10**30},
        {"pseudonym": f"{CANARY}\n"},
    ],
)
async def test_what_does_not_parse_is_refused(house: World, asked: Any) -> None:
    """A token with a wrong meaning is worse than none."""
    answer = await mint(house, asked)

    assert answer.status_code == 400
    assert CANARY not in answer.text


async def test_a_body_beyond_its_limit_is_not_read(house: World) -> None:
    """This route needs few bytes."""
    assert (await mint(house, {"pseudonym": "u" * 20_000})).status_code == 413


async def test_a_token_dies_in_its_time(house: World) -> None:
    """And with its key."""
    minted = await mint(house, {"pseudonym": "u1", "lifetime_seconds": 60})
    headers = {"Authorization": f"Bearer {minted.json()['token']}"}
    async with house.client() as client:
        before = await client.post("/v1/generations", json=body(), headers=headers)
        house.clock.passes(seconds=61)
        after = await client.post("/v1/generations", json=body(), headers=headers)

    assert (before.status_code, after.status_code) == (200, 401)
