"""The operator's routes of quality: what was checked, and what a threshold would hold."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from pipeline.gateway import quality
from pipeline.store.samples import Frame, Opinion, Sample
from tests.unit.pipeline.world import NOON, TENANT, World

GOLDEN = UUID(int=999)
TIME = {"since": NOON.isoformat(), "until": (NOON + timedelta(days=10)).isoformat()}


@pytest.fixture
async def desk(house: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the routes alone, of a tenth that is drawn."""
    app = FastAPI()
    app.include_router(quality.routes(house.store, 0.1, {GOLDEN: "OK"}, house.clock))
    app.include_router(quality.routes(house.store, 0.0, {}, house.clock), prefix="/nothing")
    async with house.client(app) as client:
        yield client


async def hundred(house: World) -> None:
    """Drawn and checked; the ten highest scores are what people would stop."""
    known = [UUID(int=each) for each in range(100)]
    samples = [
        Sample(each, each, TENANT, each, 0, Frame.RELEASED, "OK", None, NOON, _seen(number))
        for number, each in enumerate(known)
    ]
    await house.store.samples.add(samples)
    for number, each in enumerate(known):
        code = "VIO.GORE" if number >= 90 else "OK"
        await house.store.samples.give(Opinion(each, "person-1", code, NOON))
    await house.store.samples.give(Opinion(GOLDEN, "person-1", "OK", NOON))
    await house.store.samples.give(Opinion(known[0], "person-2", "OK", NOON))


def _seen(number: int) -> dict[str, dict[str, object]]:
    score = {"image.gore": number / 100}
    return {"viewer@1": {"scores": score, "flagged": number >= 95, "families": ["VIO"]}}


async def asked(desk: httpx.AsyncClient, path: str, **more: Any) -> Any:
    answer = await desk.post(path, json={**TIME, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_what_was_checked_is_told(house: World, desk: httpx.AsyncClient) -> None:
    """Of people, of classifiers, of golden items; another tenant's is not in it."""
    await hundred(house)
    found = await asked(desk, "/quality", tenant=TENANT)
    other = await asked(desk, "/quality", tenant="meadow")

    assert (found["drawn"], found["checked"], other["drawn"]) == (100, 100, 0)
    (viewer,) = found["classifiers"]
    assert (viewer["hits"], viewer["false_alarms"], viewer["misses"]) == (5, 0, 5)
    assert viewer["recall"]["value"] == 0.5
    assert (found["agreement"]["pairs"], found["agreement"]["value"]) == (1, None)
    assert found["golden"]["person-1"]["count"] == 1


async def test_a_threshold_is_suggested_for_a_budget(house: World, desk: httpx.AsyncClient) -> None:
    """By the days that went by, not those that are still to come."""
    await hundred(house)
    none = await asked(desk, "/quality/thresholds", signal="image.gore", budget=30)
    house.clock.passes(days=10)
    found = await asked(desk, "/quality/thresholds", signal="image.gore", budget=30)
    share = await asked(desk, "/nothing/quality/thresholds", signal="image.gore", budget=30)

    assert (none["threshold"], share["threshold"]) == (None, None)
    assert "nothing is drawn" in share["why_not"]
    assert 0.7 < found["threshold"] < 0.9
    assert [step for step in found["steps"] if step["threshold"] == found["threshold"]]
    unknown = await desk.post(
        "/quality/thresholds", json={**TIME, "signal": "image.nothing", "budget": 30}
    )
    assert unknown.status_code == 422
