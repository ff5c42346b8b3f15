"""Clients that leave, and clients that come twice: nothing is lost, and nothing is paid twice."""

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.asking import v4
from tests.e2e.conftest import World, world_in
from tests.e2e.evidence import (
    ended,
    kinds,
    pictures,
    reason,
    spent,
    state,
    submission_of,
    verified,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

GENERATE = "/ai/generate-image"


async def begun(world: World, body: dict[str, Any], calls: int) -> asyncio.Task[httpx.Response]:
    """Send a request, and return once the paid call has begun."""
    asking = asyncio.create_task(world.client.post(GENERATE, json=body))
    async with asyncio.timeout(20):
        while await world.calls() <= calls:  # noqa: ASYNC110 - the sandbox is asked over HTTP
            await asyncio.sleep(0.01)
    return asking


async def leave(asking: asyncio.Task[httpx.Response]) -> None:
    """Close the client's connection."""
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking


async def latest(world: World) -> str:
    """Return the id of the submission that was admitted last."""
    rows = await world.house.gate.store.writer(
        lambda sql: sql.exec_driver_sql(
            "SELECT id FROM submissions ORDER BY received_at DESC LIMIT 1"
        ).scalar_one()
    )
    found = str(rows)
    return "-".join((found[:8], found[8:12], found[12:16], found[16:20], found[20:]))


@asynccontextmanager
async def nobody_looks(world: World) -> AsyncGenerator[None]:
    """Keep every worker busy, so that what comes has to wait before it is judged."""
    over = threading.Event()
    judge = world.house.gate.judge
    workers = judge._workers._pool._max_workers
    looking = [asyncio.create_task(judge.run(lambda: over.wait(20))) for _ in range(workers)]
    try:
        yield
    finally:
        over.set()
        await asyncio.gather(*looking)


async def test_who_leaves_before_the_paid_call_is_dropped_with_an_entry(shared: World) -> None:
    """Nobody pays for what nobody waits for."""
    calls, before = await shared.calls(), await spent(shared)
    rows = len(await in_flight(shared))
    async with nobody_looks(shared):
        asking = asyncio.create_task(shared.client.post(GENERATE, json=v4("a lake, early")))
        async with asyncio.timeout(20):
            while shared.house.gate.desk.in_flight == rows:  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0.01)
        await leave(asking)
        await asyncio.sleep(0.1)

    async with asyncio.timeout(20):
        while shared.house.gate.desk.in_flight:  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.01)
    submission = await latest(shared)
    assert await kinds(shared, submission) == ["admit", "halted"]
    assert await reason(shared, submission) == "client_left"
    assert (await shared.calls(), await spent(shared)) == (calls, before)
    assert await verified(shared)


async def in_flight(world: World) -> list[object]:
    """Return what is at the desk."""
    return [*world.house.gate.desk._running]


async def test_who_leaves_during_the_generation_finds_the_picture_by_its_id(shared: World) -> None:
    """It is paid for: it is examined, recorded and kept for the tenant, and for nobody else."""
    calls = await shared.calls()
    await shared.fault("slow:0.5")
    asking = await begun(shared, v4("a lake, late"), calls)
    await leave(asking)
    submission = await latest(shared)
    assert (await state(shared, submission))["state"] == "running"

    told = await ended(shared, submission)

    assert told["state"] == "released"
    assert await kinds(shared, submission) == ["admit", "generated", "examined", "release"]
    image = await shared.client.get(told["images"][0]["url"])
    assert image.content.startswith(b"\x89PNG")
    assert await shared.calls() == calls + 1
    assert await verified(shared, image)


async def test_identical_requests_share_one_paid_call(shared: World) -> None:
    """A client that repeats what is in flight gets the same picture, and pays once."""
    calls, before = await shared.calls(), await spent(shared)
    await shared.fault("slow:0.4")
    body = v4("a lake, shared")

    answers = await asyncio.gather(*(shared.client.post(GENERATE, json=body) for _ in range(3)))

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len({answer.headers["x-imprimatur-id"] for answer in answers}) == 1
    assert len({pictures(answer)["image_0.png"] for answer in answers}) == 1
    assert await shared.calls() == calls + 1
    together = await spent(shared) - before
    alone = await shared.client.post(GENERATE, json=v4("a lake, shared", seed=2))
    assert together == await spent(shared) - before - together > 0
    assert await verified(shared, *answers, alone)


async def test_one_of_two_may_leave(shared: World) -> None:
    """The one that stays is answered."""
    calls = await shared.calls()
    await shared.fault("slow:0.4")
    body = v4("a lake, one of two")
    first = await begun(shared, body, calls)
    second = asyncio.create_task(shared.client.post(GENERATE, json=body))
    await asyncio.sleep(0.1)

    await leave(first)

    assert (await second).status_code == 200
    assert await shared.calls() == calls + 1


async def test_another_tenants_identical_request_is_its_own(shared: World) -> None:
    """Tenants never share a picture, however alike they ask."""
    transport = httpx.ASGITransport(shared.house.operator)
    async with httpx.AsyncClient(transport=transport, base_url="http://operator") as operator:
        await operator.post("/tenants", json={"id": "other", "name": "Other"})
        secret = (await operator.post("/keys", json={"tenant": "other"})).json()["secret"]
    calls = await shared.calls()
    await shared.fault("slow:0.2")
    body = v4("a lake, two tenants")

    answers = await asyncio.gather(
        shared.client.post(GENERATE, json=body),
        shared.client.post(GENERATE, json=body, headers={"Authorization": f"Bearer {secret}"}),
    )

    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(set(map(submission_of, answers))) == 2
    assert await shared.calls() == calls + 2


async def test_what_is_cut_off_by_the_end_is_told_to_come_back(tmp_path: Path) -> None:
    """A stop that cannot wait answers 503, and the next start finishes or closes it."""
    async with world_in(tmp_path / "data") as world:
        await world.fault("slow:2")
        asking = await begun(world, v4("a lake"), 0)

        assert await world.house.drain(0.05) == 1

        assert (await asking).status_code == 503
        late = await world.client.post(GENERATE, json=v4("a hill"))
        assert (late.status_code, await world.calls()) == (503, 1)
