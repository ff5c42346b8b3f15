"""Health: whether it lives and what it can serve, and nothing of anybody."""

from dataclasses import replace

import httpx
import pytest

from pipeline.gateway import server
from pipeline.store.store import Store
from tests.unit.pipeline.lookers import CANARY, Mood
from tests.unit.pipeline.world import World, body


async def without_store(house: World) -> httpx.AsyncClient:
    """A client of a house whose database is closed."""
    closed = Store.open(house.folder / "other.db")
    await closed.close()
    return house.client(server.create(replace(house.gate, store=closed), house.metrics))


async def test_it_lives(house: World) -> None:
    """As long as the process answers, whatever else fails."""
    async with await without_store(house) as client:
        assert (await client.get("/health")).json() == {"status": "ok"}


async def test_a_well_house_is_ready(house: World) -> None:
    """Every rating that its classifiers can answer for is served."""
    async with house.client() as client:
        answer = await client.get("/ready")

    assert answer.status_code == 200
    assert all(rating["served"] for rating in answer.json()["serves"].values())


@pytest.mark.parametrize("who", ["reader", "viewer"])
async def test_a_sick_classifier_is_not_ready(house: World, who: str) -> None:
    """A load balancer stops sending before anything is refused."""
    getattr(house, who).mood = Mood.FAILS
    await house.end()

    async with house.client() as client:
        answer = await client.get("/ready")

    assert answer.status_code == 503
    assert answer.json()["ready"] is False


async def test_a_closed_store_is_not_ready(house: World) -> None:
    """Without its memory it serves nobody."""
    async with await without_store(house) as client:
        answer = await client.get("/ready")

    assert answer.status_code == 503
    assert answer.json()["store"] == "StoreUnavailableError"


async def test_nothing_of_anybody_is_told(house: World) -> None:
    """These routes need no key."""
    async with house.client(**{"x-imprimatur-subject": CANARY}) as client:
        await client.post("/v1/generations", json=body(f"holdme {CANARY}"))
        await client.get(f"/{CANARY}")
        told = [await client.get(path) for path in ("/health", "/ready", "/metrics")]

    for answer in told:
        assert CANARY not in answer.text
        assert "harbour" not in answer.text
