"""The operator's routes of erasure, holds and retention, and what the commands make of them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from audit.periods import PeriodKeys
from pipeline.gateway import erasing, operator
from pipeline.gateway.erasing import Archive as Routed
from tests.unit.pipeline.duties.erasure.conftest import Archive, archive_of
from tests.unit.pipeline.world import NOON, TENANT, open_world

OF_U1 = {"tenant": TENANT, "subject": "u1", "ground": "gdpr-17", "person": "Ada"}
HOLD = {"tenant": TENANT, "subject": "u1", "reason": "court 7", "person": "Ada"}


@pytest.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Archive]:
    """A house in which somebody was given a picture."""
    (tmp_path / "keys").mkdir()
    keys = PeriodKeys(tmp_path / "keys", NOON)
    async with open_world(tmp_path, keys=keys) as house:
        made = archive_of(house, keys)
        await made.row("u1")
        yield made


@pytest.fixture
async def desk(archive: Archive) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the operator's application."""
    app = operator.create(archive.house.operator)
    routed = Routed(
        archive.house.store,
        archive.holding,
        archive.erasing,
        archive.retaining,
        archive.ending,
        archive.dropping,
    )
    app.include_router(erasing.routes(routed))
    async with archive.house.client(app) as client:
        yield client


async def said(client: httpx.AsyncClient, method: str, path: str, body: Any = None) -> Any:
    """Return what a route says that must succeed."""
    answer = await client.request(method, path, json=body)
    assert answer.is_success, answer.text
    return answer.json()


async def test_an_erasure_is_planned_done_listed_and_completed(
    archive: Archive, desk: httpx.AsyncClient
) -> None:
    """In the order in which an operator does it."""
    planned = await said(desk, "POST", "/erasures", {**OF_U1, "dry_run": True})
    assert await said(desk, "GET", "/erasures") == []
    done = await said(desk, "POST", "/erasures", OF_U1)

    counted = {"things": 1, "details": 4, "kept": {}, "refused": False}
    assert planned == {"id": None, **counted}
    assert done == {"id": done["id"], **counted}
    (listed,) = await said(desk, "GET", "/erasures")
    assert (listed["id"], listed["of"], listed["waiting"]) == (done["id"], "subject", 0)
    assert listed["completed_at"] is None
    archive.house.clock.passes(seconds=1)
    ended = await said(desk, "POST", "/retention/periods", {"person": "Ada"})
    assert (ended["destroyed"], ended["erasures_completed"]) == (1, 1)
    (listed,) = await said(desk, "GET", "/erasures")
    assert listed["completed_at"].startswith("2031-05-04T12:00:01")
    assert "u1" not in str(listed)


async def test_a_hold_is_placed_listed_and_lifted(desk: httpx.AsyncClient) -> None:
    """And refuses what it stands over meanwhile."""
    placed = await said(desk, "POST", "/legal-holds", HOLD)
    assert (placed["over"], placed["submission"], placed["placed_by"]) == ("subject", None, "Ada")
    assert await said(desk, "GET", "/legal-holds") == [placed]
    refused = await said(desk, "POST", "/erasures", OF_U1)
    assert (refused["refused"], refused["kept"]) == (True, {"legal_hold": 1})
    path, why = f"/legal-holds/{placed['id']}/lift", {"reason": "closed", "person": "Ada"}
    await said(desk, "POST", path, why)
    assert (await desk.post(path, json=why)).status_code == 404
    assert await said(desk, "GET", "/legal-holds") == []
    (lifted,) = await said(desk, "GET", "/legal-holds?lifted=true")
    assert lifted["lifted_at"] is not None


async def test_retention_is_shown_and_run(archive: Archive, desk: httpx.AsyncClient) -> None:
    """A dry run first."""
    shown = await said(desk, "GET", "/retention")
    assert shown["days"] == {"allowed": 90, "refused": 270, "decisions": 1095, "records": 2555}
    assert (shown["period_days"], shown["period_since"]) == (7, "2031-05-04T12:00:00.000000Z")
    archive.house.clock.passes(days=100)
    found = [
        (await said(desk, "POST", "/retention/runs", {"dry_run": dry, "person": "Ada"}))["classes"]
        for dry in (True, False, False)
    ]
    assert [each["allowed"] for each in found] == [{"due": due, "kept": {}} for due in (4, 4, 0)]


async def test_a_shard_of_the_log_is_closed_and_dropped_and_shown(
    archive: Archive, desk: httpx.AsyncClient
) -> None:
    """By the run that erases, or the upkeep of each day; whoever asks sees what went when."""
    run = {"dry_run": False, "person": "Ada"}
    archive.house.clock.passes(days=183)
    assert (await said(desk, "POST", "/retention/runs", run))["shards"]["due"] == 0
    (shard,) = (await said(desk, "GET", "/retention"))["shards"]
    assert (shard["number"], shard["dropped_at"]) == (0, None)
    archive.house.clock.passes(days=2555)
    done = (await said(desk, "POST", "/retention/runs", run))["shards"]
    assert (done["due"], done["entries"] > 0, done["held"]) == (1, True, False)
    shown = await said(desk, "GET", "/retention")
    assert shown["shards"][0]["dropped_at"].startswith("2038-11-")
    assert (shown["shard_days"], shown["log_days"]) == (183, 2555)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/erasures", {**OF_U1, "subject": "u9"}, 404),
        ("/erasures", {**OF_U1, "subject": None}, 400),
        ("/erasures", {**OF_U1, "submissions": [str(uuid4())]}, 400),
        ("/erasures", {**OF_U1, "subject": None, "submissions": [str(uuid4())]}, 404),
        ("/erasures", {**OF_U1, "ground": "Because I say so"}, 422),
        ("/erasures", {**OF_U1, "person": ""}, 422),
        ("/legal-holds", {**HOLD, "tenant": "nobody"}, 404),
        ("/legal-holds", {**HOLD, "submission": str(uuid4())}, 400),
        ("/legal-holds", {**HOLD, "subject": None, "submission": str(uuid4())}, 404),
        ("/legal-holds", {**HOLD, "reason": ""}, 422),
    ],
)
async def test_what_is_wrong_is_told_and_changes_nothing(
    archive: Archive, desk: httpx.AsyncClient, path: str, body: dict[str, Any], status: int
) -> None:
    """A slip of the pen must not pass for done."""
    entries = len(await archive.house.leaves())
    answer = await desk.post(path, json=body)
    assert answer.status_code == status, answer.text
    assert "u9" not in answer.text
    assert len(await archive.house.leaves()) == entries
