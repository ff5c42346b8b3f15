"""Many clients at once: none sees an error, and the queue has an end."""

import asyncio
from collections import Counter
from pathlib import Path

import httpx

from pipeline.sandbox.settings import SandboxSettings
from tests.e2e.asking import v4
from tests.e2e.conftest import world_in
from tests.e2e.evidence import operator, verified

CLIENTS = 32
TOKENS = ",".join(f"pst-{number:064d}" for number in range(CLIENTS))
SMALL = (64, 64)


async def test_as_many_clients_as_tokens_see_no_error(tmp_path: Path) -> None:
    """Every request is answered, each picture is on record, and every token is free again."""
    settings = SandboxSettings(delay_seconds=0.05)
    async with world_in(tmp_path / "data", settings, IMPRIMATUR_NOVELAI_TOKENS=TOKENS) as world:
        bodies = [v4(f"a lake, number {n}", seed=n, size=SMALL) for n in range(CLIENTS)]

        answers = await asyncio.gather(
            *(world.client.post("/ai/generate-image", json=body) for body in bodies)
        )

        assert Counter(answer.status_code for answer in answers) == {200: CLIENTS}
        assert len({answer.headers["x-audit-index"] for answer in answers}) == CLIENTS
        assert await world.calls() == CLIENTS
        async with operator(world) as client:
            ready = (await client.get("/ready")).json()
        assert set(ready["accounts"].values()) == {"free"}
        assert await verified(world, *answers)


async def test_beyond_the_limit_clients_are_told_to_come_back(tmp_path: Path) -> None:
    """The queue is bounded: who does not fit is told at once, and nothing of theirs is kept."""
    limit, sent = 3, 12
    async with world_in(
        tmp_path / "data",
        SandboxSettings(delay_seconds=0.3),
        IMPRIMATUR_QUEUE_LIMIT=str(limit),
    ) as world:
        bodies = [v4(f"a lake, number {n}", seed=n, size=SMALL) for n in range(sent)]

        answers = await asyncio.gather(
            *(world.client.post("/ai/generate-image", json=body) for body in bodies)
        )

        told = Counter(answer.status_code for answer in answers)
        assert told == {200: limit + 1, 429: sent - limit - 1}
        assert all(int(a.headers["retry-after"]) > 0 for a in answers if a.status_code == 429)
        assert await world.calls() == limit + 1
        again = await world.client.post("/ai/generate-image", json=bodies[-1])
        assert again.status_code == 200
        assert await verified(world, *[a for a in answers if a.status_code == 200], again)


async def test_health_is_answered_while_everybody_works(tmp_path: Path) -> None:
    """A load balancer must not take a busy gate for a dead one."""
    async with world_in(tmp_path / "data", SandboxSettings(delay_seconds=0.2)) as world:
        bodies = [v4(f"a lake, number {n}", seed=n, size=SMALL) for n in range(4)]
        working = [
            asyncio.create_task(world.client.post("/ai/generate-image", json=body))
            for body in bodies
        ]
        seen: list[httpx.Response] = []
        while not all(task.done() for task in working):
            seen += [await world.client.get("/health"), await world.client.get("/ready")]

        assert {answer.status_code for answer in seen} == {200}
        assert {(await task).status_code for task in working} == {200}
