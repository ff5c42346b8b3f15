"""NovelAI fails in every way it knows: no picture, no 500, no second payment, and an entry."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from pipeline.sandbox.settings import Account, SandboxSettings
from tests.e2e.asking import v4
from tests.e2e.conftest import TOKEN, World, world_in
from tests.e2e.evidence import (
    holds_of,
    kinds,
    operator,
    reason,
    rule,
    spent,
    state,
    submission_of,
    verified,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNKNOWN = "pst-" + "u" * 64


async def at_once(_seconds: float) -> None:
    """Wait for nothing: what matters is that it was asked for, not how long it takes."""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def patient(shared: World) -> AsyncIterator[World]:
    """A world whose client does not really sleep while NovelAI is busy."""
    engines = shared.house.gate.desk.flow.generate.engine  # type: ignore[attr-defined]
    engines.novelai._sleep = at_once
    yield shared


ENDS = [
    # the fault, the status, the reason in the log, what is charged of the price, calls upstream
    ("402", 502, "upstream_402", False),
    ("500-once", 502, "upstream_failed", True),
    ("html-403", 502, "upstream_refused", False),
    ("truncated-zip", 502, "upstream_malformed", True),
    ("extra-entry", 502, "upstream_malformed", True),
    ("drop-connection", 502, "upstream_unknown", True),
]


@pytest.mark.parametrize(("fault", "status", "why", "charged"), ENDS, ids=[e[0] for e in ENDS])
async def test_a_generation_that_failed_is_told_and_never_repeated(
    shared: World, fault: str, status: int, why: str, charged: bool
) -> None:
    """One call, one entry that says why, and the charge stays unless it was surely not paid."""
    calls, before = await shared.calls(), await spent(shared)
    await shared.fault(fault)

    answer = await shared.client.post("/ai/generate-image", json=v4(f"a lake, {fault}"))

    assert (answer.status_code, answer.json()["code"]) == (status, "UPSTREAM_REFUSED")
    assert answer.json()["retry"] is False
    assert await shared.calls() == calls + 1
    submission = submission_of(answer)
    assert await kinds(shared, submission) == ["admit", "halted"]
    assert await reason(shared, submission) == why
    assert (await spent(shared) > before) is charged
    assert await verified(shared, answer)


async def test_a_busy_account_is_asked_again(patient: World) -> None:
    """Such an answer is given before any work, so that asking again is safe."""
    calls = await patient.calls()
    await patient.fault("429", times=2)

    answer = await patient.client.post("/ai/generate-image", json=v4("a lake, busy"))

    assert answer.status_code == 200, answer.text
    assert await patient.calls() == calls + 3


async def test_an_account_that_stays_busy_invites_the_client_to_come_back(patient: World) -> None:
    """Surely unpaid: nothing is charged, and the answer says when to try again."""
    calls, before = await patient.calls(), await spent(patient)
    await patient.fault("429", times=4)

    answer = await patient.client.post("/ai/generate-image", json=v4("a lake, still busy"))

    assert (answer.status_code, answer.json()["retry"]) == (503, True)
    assert int(answer.headers["retry-after"]) > 0
    assert await patient.calls() == calls + 4
    assert await spent(patient) == before
    again = await patient.client.post("/ai/generate-image", json=v4("a lake, still busy"))
    assert again.status_code == 200
    assert await verified(patient, answer, again)


async def test_what_failed_once_may_be_asked_for_again_by_the_client(shared: World) -> None:
    """The gateway never repeats by itself what may have been paid; its client decides."""
    await shared.fault("500-once")
    body = v4("a lake, twice")

    first = await shared.client.post("/ai/generate-image", json=body)
    second = await shared.client.post("/ai/generate-image", json=body)

    assert (first.status_code, second.status_code) == (502, 200)


async def test_while_an_outcome_is_unknown_nobody_pays_for_it_again(shared: World) -> None:
    """A client that repeats its request joins the earlier one, whatever became of that."""
    await shared.fault("drop-connection")
    body = v4("a lake, unknown")
    first = await shared.client.post("/ai/generate-image", json=body)
    submission, calls, charged = submission_of(first), await shared.calls(), await spent(shared)

    plain = await shared.client.post("/ai/generate-image", json=body)
    named = await shared.client.post("/v1/generations", json=body)

    assert (plain.status_code, plain.json()["id"]) == (409, submission)
    assert (named.status_code, named.json()["id"]) == (200, submission)
    assert (named.json()["state"], named.json()["code"]) == ("halted", "UPSTREAM_REFUSED")
    assert (await shared.calls(), await spent(shared)) == (calls, charged)
    other = await shared.client.post("/ai/generate-image", json=v4("a lake, unknown", seed=2))
    assert other.status_code == 200


HELD = ["corrupt-png", "wrong-size", "bad-signature", "other-prompt"]


@pytest.mark.parametrize("fault", HELD)
async def test_a_picture_that_is_not_what_was_asked_for_is_held(shared: World, fault: str) -> None:
    """It is paid for, so it is not lost; and nobody gets it before a person has decided."""
    before = await spent(shared)
    await shared.fault(fault)

    answer = await shared.client.post("/ai/generate-image", json=v4(f"a lake, {fault}"))

    assert (answer.status_code, answer.json()["code"]) == (403, "HELD")
    submission = submission_of(answer)
    assert await kinds(shared, submission) == ["admit", "generated", "examined", "held"]
    (hold,) = await holds_of(shared, submission)
    assert (hold["stage"], hold["cause"]) == ("examine", "suspicion")
    assert await spent(shared) > before
    assert await verified(shared, answer)


@pytest.mark.parametrize(("fault", "after"), [("wrong-size", "released"), ("corrupt-png", "held")])
async def test_a_person_can_release_only_what_was_judged(
    shared: World, fault: str, after: str
) -> None:
    """A picture of another size can be looked at; one that does not decode cannot."""
    await shared.fault(fault)
    body = v4(f"a hill, {fault}")
    submission = submission_of(await shared.client.post("/ai/generate-image", json=body))
    (hold,) = await holds_of(shared, submission)

    ruled = await rule(shared, hold["id"])

    assert ruled.status_code == 200
    assert (await state(shared, submission))["state"] == after


async def test_a_token_that_is_refused_is_taken_out_and_readiness_says_so(tmp_path: Path) -> None:
    """The next token takes over; when none is left, that is told before anybody pays."""
    sandbox = SandboxSettings(tokens={TOKEN: Account()})
    tokens = {"IMPRIMATUR_NOVELAI_TOKENS": f"{UNKNOWN},{TOKEN}"}
    async with world_in(tmp_path / "data", sandbox, **tokens) as world:
        answer = await world.client.post("/ai/generate-image", json=v4("a lake"))
        assert (answer.status_code, await world.calls()) == (200, 2)
        assert (await world.client.get("/ready")).status_code == 200
        async with operator(world) as client:
            ready = await client.get("/ready")
        assert ready.json()["accounts"] == {"account-1": "refused", "account-2": "free"}


async def test_without_a_token_nothing_is_ready_and_nothing_is_charged(tmp_path: Path) -> None:
    """A load balancer takes the gate out; a client that comes anyway can come back."""
    async with world_in(
        tmp_path / "data", SandboxSettings(tokens={}), IMPRIMATUR_NOVELAI_TOKENS=UNKNOWN
    ) as world:
        first = await world.client.post("/ai/generate-image", json=v4("a lake"))
        second = await world.client.post("/ai/generate-image", json=v4("a hill"))

        assert (first.status_code, second.status_code) == (503, 503)
        assert first.headers["retry-after"]
        assert await world.calls() == 1
        assert await spent(world) == 0
        assert (await world.client.get("/ready")).status_code == 503
        assert await verified(world, first, second)
