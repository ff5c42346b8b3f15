"""The operator's route of decisions: each with what it was decided over, and an entry before it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from audit.entry import Entry, Json, Kind
from audit.leaf import Leaf
from pipeline.gateway import decisions
from pipeline.history.replay import Replay, capabilities
from tests.unit.pipeline.lookers import WHITE
from tests.unit.pipeline.world import BLOCK, HELD, TENANT, World


@pytest.fixture
async def desk(house: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the route alone."""
    app = FastAPI()
    app.include_router(decisions.routes(house.gate))
    async with house.client(app) as client:
        yield client


async def page(desk: httpx.AsyncClient, **more: Any) -> Any:
    """Ask for a page."""
    answer = await desk.post("/decisions", json={"person": "ana", **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def several(house: World) -> None:
    """Let requests end in every way, one of them for its pictures."""
    house.upstream.colours = [WHITE, BLOCK, HELD]
    for prompt, samples in (("a harbour", 3), ("holdme", 1), ("a boat", 1)):
        await house.end(prompt, samples=samples)


async def test_what_was_decided_is_decided_alike_over_what_was_written_down(
    house: World, desk: httpx.AsyncClient
) -> None:
    """Of every kind of decision: else a replay by another policy would prove nothing."""
    await several(house)
    found = await page(desk)
    policy = await house.tenancy.policy_of(TENANT)
    trial = Replay(lambda _: policy, lambda _: policy, capabilities(found["installed"]))

    trial.take(found["decisions"])

    actions = {each["action"] for each in found["decisions"]}
    assert {"allow", "hold", "block"} <= actions
    assert trial.tally.decided == len(found["decisions"]) > 5
    assert (trial.tally.turned, dict(trial.tally.closed)) == (0, {})


async def test_each_page_leaves_an_entry_before_anything_is_opened(
    house: World, desk: httpx.AsyncClient
) -> None:
    """Whoever reads what was found in people's requests is on record."""
    await several(house)
    found = await page(desk)
    (last,) = await house.log.tail(1)

    said = Leaf.parse(last.leaf)
    assert (said.kind, said.public["event"]) == (Kind.ACCESS, "decisions.read")
    assert said.public["count"] == found["size"]
    assert (await house.log.detail(last.entry_id)).personal == {"person": "ana"}


async def test_reading_does_not_read_its_own_entries(
    house: World, desk: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages go on where the last one ended, up to where the log ended when it was begun."""
    monkeypatch.setattr(decisions, "PAGE", 4)
    await several(house)
    whole, pages = [], 0
    asked: dict[str, Any] = {}
    while True:
        found = await page(desk, **asked)
        whole += found["decisions"]
        pages += 1
        asked = {"after": found["next"], "size": found["size"]}
        if found["next"] is None:
            break

    assert pages > 2
    assert len({each["entry"] for each in whole}) == len(whole)
    assert max(each["index"] for each in whole) < found["size"]


async def test_it_begins_at_a_time(house: World, desk: httpx.AsyncClient) -> None:
    """A week of decisions, not all of them."""
    await several(house)
    house.clock.passes(minutes=60)
    since = house.clock() - timedelta(minutes=1)
    house.upstream.colours = [WHITE]
    await house.end("a train")

    found = await page(desk, since=since.isoformat())

    assert [each["moment"] for each in found["decisions"]] == ["request", "output"]
    later = await page(desk, since=(house.clock() + timedelta(days=1)).isoformat())
    assert later["decisions"] == []


async def test_what_was_erased_is_said_to_be(house: World, desk: httpx.AsyncClient) -> None:
    """Not left out: a share of what was decided is missing then."""
    await house.end("a harbour")
    before = await page(desk)
    entries = [each["entry"] for each in before["decisions"]]
    erased: dict[str, Json] = {"event": "erased", "entries": entries, "count": len(entries)}
    await house.log.append(Entry(uuid4(), Kind.ERASE, house.clock(), erased))

    after = await page(desk, size=before["size"])

    assert {each["closed"] for each in after["decisions"]} == {"erased"}
