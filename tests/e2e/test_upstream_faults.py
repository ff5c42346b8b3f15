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
    shared.house.gate.desk.flow.generate.client._sleep = at_once  # type: ignore[attr-defined]
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
    assert verified(shared, answer)
