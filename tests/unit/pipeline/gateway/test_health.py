"""Readiness: in full for the operator, coarse for anybody."""

from dataclasses import replace

import httpx
import pytest

from pipeline.gateway import operator, server
from pipeline.store.store import Store
from tests.unit.pipeline.lookers import CANARY, Mood
from tests.unit.pipeline.world import World, body

LIST = "partner@2031-05-04@" + "a" * 16


async def test_the_public_report_names_no_classifier_list_or_account(house: World) -> None:
    """Whoever tries to get around a detector must not learn which one looks, or with what."""
    house.viewer.mood = Mood.FAILS
    await house.end()
    gate = replace(house.gate, banks=lambda: (LIST,))

    async with house.client(server.create(gate, house.metrics)) as client:
        ready = await client.get("/ready")

    assert ready.status_code == 503
    report = ready.json()
    assert (report["ready"], report["sick"], report["banks"]) == (False, 1, 1)
    assert report["serves"]["general"]["missing"]
    for name in (house.viewer.id, LIST, "account-1"):
        assert name not in ready.text


async def test_the_operators_report_names_them(house: World) -> None:
    """Whoever has to mend it needs to know what."""
    house.viewer.mood = Mood.FAILS
    await house.end()
    gate = replace(house.gate, banks=lambda: (LIST,))

    async with house.client(operator.create(replace(house.operator, gate=gate))) as client:
        report = (await client.get("/ready")).json()

    assert report["ready"] is False
    assert list(report["sick"]) == [house.viewer.id]
    assert report["banks"] == [LIST]
    assert report["accounts"] == {"account-1": "free"}


async def test_a_well_house_is_ready(house: World) -> None:
    """A load balancer sends it requests."""
    async with house.client() as client:
        ready = await client.get("/ready")

    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    assert (ready.json()["sick"], ready.json()["banks"]) == (0, 0)


async def without_store(house: World) -> httpx.AsyncClient:
    """A client of a house whose database is closed."""
    closed = Store.open(house.folder / "other.db")
    await closed.close()
    return house.client(server.create(replace(house.gate, store=closed), house.metrics))


async def test_it_lives(house: World) -> None:
    """As long as the process answers, whatever else fails."""
    async with await without_store(house) as client:
        assert (await client.get("/health")).json() == {"status": "ok"}


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
