"""The gateway is killed where it hurts, and started again: nothing is lost or paid for twice."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from time import perf_counter
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from audit.connection import connect_reader
from audit.entry import Kind
from audit.leaf import Leaf
from audit.tables import rows
from pipeline.sandbox.app import create
from pipeline.sandbox.serve import Droppable
from pipeline.sandbox.settings import SandboxSettings
from pipeline.stages.generate import picture_name
from pipeline.vault import id_of
from tests.e2e.asking import v3, v4
from tests.e2e.conftest import served, settings_of
from tests.e2e.killable import Killable

pytestmark = pytest.mark.asyncio(loop_scope="module")

GENERATE = "/ai/generate-image"
ROUNDS, BUDGET_SECONDS = 10, 25.0
PATIENCE_SECONDS = 20


class Crashing:
    """A gateway to be killed, and the sandbox that survives it."""

    def __init__(self, gateway: Killable, sandbox: httpx.AsyncClient) -> None:
        self.gateway = gateway
        self.sandbox = sandbox

    async def calls(self) -> list[str]:
        """The digest of the body of each paid call, in order."""
        told = (await self.sandbox.get("/sandbox/calls")).json()
        return [str(call["sha256"]) for call in told["calls"] if call["paid"]]

    async def slow(self, seconds: float) -> None:
        """Let the next generation take a while."""
        body = {"fault": f"slow:{seconds}"}
        (await self.sandbox.post("/sandbox/faults", json=body)).raise_for_status()

    async def ask(self, body: dict[str, Any]) -> httpx.Response | None:
        """Send a request; None if the connection broke."""
        async with self.gateway.client() as client:
            with suppress(httpx.TransportError):
                return await client.post(GENERATE, json=body)
        return None

    async def killed_at(self, body: dict[str, Any], there: Callable[[UUID], bool]) -> UUID | None:
        """Send a request, and kill the gateway where `there` says so; None if it ran past."""
        before = set(self.gateway.rows())
        asking = asyncio.create_task(self.ask(body))
        found: UUID | None = None
        while not asking.done():
            self.gateway.freeze()
            new = [each for each in self.gateway.rows() if each not in before]
            if new and there(new[0]):
                found = new[0]
                self.gateway.kill()
                break
            self.gateway.thaw()
            await asyncio.sleep(0.002)
        await asking
        return found

    async def state(self, submission: UUID) -> dict[str, Any]:
        """Where a submission stands, as its tenant is told."""
        async with self.gateway.client() as client:
            told: dict[str, Any] = (await client.get(f"/v1/generations/{submission}")).json()
            return told

    def trail(self, submission: UUID) -> list[Leaf]:
        """What the log's file holds of a submission."""
        connection = connect_reader(self.gateway.data_dir / "log.db")
        found = [Leaf.parse(row.leaf) for row in rows(connection, 0, 100_000)]
        connection.close()
        return [leaf for leaf in found if leaf.public.get("submission") == str(submission)]

    def reason(self, submission: UUID) -> object:
        """Why it was halted, as the log has it."""
        (halted,) = [leaf for leaf in self.trail(submission) if leaf.kind is Kind.HALTED]
        return halted.public["reason"]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def crashing(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Crashing]:
    """A gateway that is started anew by every test that kills it."""
    data_dir = tmp_path_factory.mktemp("crash") / "data"
    async with served(create(SandboxSettings()), Droppable) as upstream:
        _, env = settings_of(data_dir, upstream, IMPRIMATUR_UPSTREAM__LONGEST_SECONDS="0.5")
        gateway = Killable(data_dir, env)
        await gateway.start()
        async with httpx.AsyncClient(base_url=upstream, trust_env=False) as sandbox:
            yield Crashing(gateway, sandbox)
        gateway.kill()


async def test_killed_before_the_paid_call_it_is_closed_as_interrupted(crashing: Crashing) -> None:
    """Nobody paid for it, and its client is gone: it may simply ask again."""
    gateway, calls = crashing.gateway, await crashing.calls()
    submission, body = None, v4("a lake")
    for attempt in range(20):
        body = v4("a lake, " + "sea, " * 100, seed=attempt)
        calls = await crashing.calls()
        submission = await crashing.killed_at(body, lambda s: gateway.rows()[s] == "admitted")
        if submission is not None:
            break
    assert submission is not None

    await gateway.start()

    assert crashing.reason(submission) == "interrupted"
    assert (await crashing.state(submission))["state"] == "halted"
    assert await crashing.calls() == calls
    again = await crashing.ask(body)
    assert again is not None
    assert again.status_code == 200
    assert await gateway.verified()


async def test_killed_during_the_paid_call_it_is_never_paid_for_again(crashing: Crashing) -> None:
    """Nobody knows what became of it: that is on record, and whoever repeats it joins it."""
    gateway, before = crashing.gateway, await crashing.calls()
    await crashing.slow(3)
    body = v4("a lake, during")
    asking = asyncio.create_task(crashing.ask(body))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(await crashing.calls()) == len(before):  # noqa: ASYNC110 - asked over HTTP
            await asyncio.sleep(0.01)
    gateway.kill()
    assert await asking is None
    submission = list(gateway.rows())[-1]

    await gateway.start()

    assert crashing.reason(submission) == "unknown_outcome"
    assert (await crashing.state(submission))["code"] == "UPSTREAM_REFUSED"
    again = await crashing.ask(body)
    assert again is not None
    assert (again.status_code, again.json()["id"]) == (409, str(submission))
    assert len(await crashing.calls()) == len(before) + 1
    gateway.kill()
    await gateway.start()
    assert crashing.reason(submission) == "unknown_outcome"
    assert await gateway.verified()


async def test_what_was_queued_is_taken_up_again_and_nothing_is_paid_twice(
    crashing: Crashing,
) -> None:
    """Nobody waits for a job: the next process owes it an end, and one charge at most."""
    gateway, before = crashing.gateway, await crashing.calls()
    await crashing.slow(3)
    leaving = {"Prefer": "respond-async"}
    async with gateway.client() as client:
        asked = [
            await client.post("/v1/generations", json=v4(f"a lake, job {n}"), headers=leaving)
            for n in range(3)
        ]
    assert [answer.status_code for answer in asked] == [202] * 3
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(await crashing.calls()) == len(before):  # noqa: ASYNC110 - asked over HTTP
            await asyncio.sleep(0.01)
    gateway.kill()

    await gateway.start()

    jobs = [UUID(answer.json()["id"]) for answer in asked]
    async with gateway.client() as client:
        ends = [await client.get(f"/v1/generations/{job}/events") for job in jobs]
    released = [end.text.count('"state": "released"') for end in ends]
    assert sorted(released) == [0, 1, 1]  # whichever was screened first had been called
    assert crashing.reason(jobs[released.index(0)]) == "unknown_outcome"
    assert len(await crashing.calls()) == len(before) + 3
    assert await gateway.verified()


async def test_killed_while_it_waits_for_its_account_a_job_goes_on(crashing: Crashing) -> None:
    """Whoever was before it may have been paid for; of the job itself nothing was sent."""
    gateway, before = crashing.gateway, await crashing.calls()
    await crashing.slow(3)
    asking = asyncio.create_task(crashing.ask(v4("a lake, before a job")))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(await crashing.calls()) == len(before):  # noqa: ASYNC110 - asked over HTTP
            await asyncio.sleep(0.01)
    leaving = {"Prefer": "respond-async"}
    async with gateway.client() as client:
        asked = await client.post("/v1/generations", json=v4("a lake, in line"), headers=leaving)
    job = UUID(asked.json()["id"])
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not crashing.trail(job):  # noqa: ASYNC110 - screened: the log's file has no event
            await asyncio.sleep(0.01)
    gateway.kill()
    assert await asking is None
    first = next(each for each, state in gateway.rows().items() if state == "calling")
    assert gateway.rows()[job] == "admitted"

    await gateway.start()

    async with gateway.client() as client:
        events = await client.get(f"/v1/generations/{job}/events")
    assert events.text.count('"state": "released"') == 1
    assert crashing.reason(first) == "unknown_outcome"
    assert len(await crashing.calls()) == len(before) + 2
    assert await gateway.verified()


async def test_killed_after_the_pictures_were_sealed_they_reach_its_id(crashing: Crashing) -> None:
    """What was paid for is examined by the next process, and released to whom it was made for."""
    gateway = crashing.gateway
    submission = None
    for attempt in range(20):
        body = v3("a lake, sealed", seed=attempt, samples=2)

        def sealed(s: UUID) -> bool:
            vault = gateway.data_dir / "vault"
            kept = [id_of(s, picture_name(index)) for index in range(2)]
            whole = all((vault / each[:2] / each).exists() for each in kept)
            return whole and gateway.rows()[s] in {"calling", "generated"}

        submission = await crashing.killed_at(body, sealed)
        if submission is not None:
            break
    assert submission is not None
    calls = await crashing.calls()

    await gateway.start()

    told = await crashing.state(submission)
    assert told["state"] == "released", told
    assert [each["state"] for each in told["images"]] == ["released", "released"]
    async with gateway.client() as client:
        image = await client.get(told["images"][1]["url"])
    assert image.content.startswith(b"\x89PNG")
    assert await crashing.calls() == calls
    assert await gateway.verified()


async def test_killed_again_and_again_at_any_moment_it_always_comes_back(
    crashing: Crashing,
) -> None:
    """Whatever the moment: it starts, its log holds, nothing is paid twice, nothing stays open."""
    gateway, dice = crashing.gateway, random.Random(20311)  # noqa: S311 - a moment, not a secret
    began = perf_counter()
    for number in range(ROUNDS):
        await crashing.slow(dice.uniform(0, 0.2))
        bodies = [v3(f"a lake, round {number}", seed=n, samples=2) for n in range(2)]
        asking = [asyncio.create_task(crashing.ask(body)) for body in bodies]
        await asyncio.sleep(dice.uniform(0.02, 0.9))
        gateway.kill()
        await asyncio.gather(*asking)
        await gateway.start()
        if perf_counter() - began > BUDGET_SECONDS:
            break

    calls = await crashing.calls()
    assert len(set(calls)) == len(calls)
    told = [await crashing.state(submission) for submission in gateway.rows()]
    assert {each["state"] for each in told} <= {"released", "halted"}
    assert await gateway.verified()
