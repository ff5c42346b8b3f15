"""/v1/reports: a platform answers what it was asked; by a key for that, and for its own cases."""

from collections.abc import AsyncIterator

import httpx
import pytest

from audit.entry import Kind
from pipeline.gateway import operator
from pipeline.store.reports import Report, Standing
from pipeline.store.tenants import Tenant
from tests.unit.pipeline.duties.reports.cases import case_of, escalated
from tests.unit.pipeline.duties.reports.test_reporting import KNOWN
from tests.unit.pipeline.world import NOON, TENANT, World


async def key_of(house: World, tenant: str) -> str:
    async with house.client(operator.create(house.operator)) as desk:
        asked = {"tenant": tenant, "evidence": True}
        return str((await desk.post("/keys", json=asked)).json()["secret"])


@pytest.fixture
async def platform(house: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a key that was made for evidence."""
    async with house.client(Authorization=f"Bearer {await key_of(house, TENANT)}") as client:
        yield client


@pytest.fixture
async def case(house: World) -> Report:
    """A case for which the platform was asked."""
    waiting = await escalated(house)
    await house.store.reports.move(waiting, Standing.DRAFTED, NOON, asked_at=NOON)
    return await case_of(house, waiting.id)


async def test_what_a_platform_says_is_taken_and_nothing_of_it_kept_in_the_open(
    house: World, platform: httpx.AsyncClient, case: Report
) -> None:
    """An entry says that it came, and under which id it lies sealed."""
    answer = await platform.post(f"/v1/reports/{case.id}/evidence", json=KNOWN)

    assert (answer.status_code, answer.json()["received"]) == (202, True)
    assert (await case_of(house, case.id)).answers == 1
    *_, leaf = await house.leaves(case.submission)
    assert leaf.public["event"] == "report.evidence"
    assert (house.folder / "quarantine" / f"{leaf.public['object']}.sealed").exists()


async def test_a_key_for_evidence_does_nothing_else_and_no_other_key_does_it(
    house: World, platform: httpx.AsyncClient, case: Report
) -> None:
    """Whoever sells pictures need not know who is reported."""
    assert (await platform.post("/ai/generate-image", json={})).status_code == 403
    assert (await platform.post("/v1/subject-tokens", json={})).status_code == 403
    async with house.client() as shop:
        answer = await shop.post(f"/v1/reports/{case.id}/evidence", json=KNOWN)
    assert answer.status_code == 403


async def test_another_tenant_s_case_is_not_there(house: World, case: Report) -> None:
    """Nor is one that nobody asked for: the two look alike."""
    await house.store.tenants.add(Tenant("meadow", "Meadow", NOON))
    bearer = f"Bearer {await key_of(house, 'meadow')}"
    async with house.client(Authorization=bearer) as other:
        answer = await other.post(f"/v1/reports/{case.id}/evidence", json=KNOWN)

    assert answer.status_code == 404
    assert (await case_of(house, case.id)).answers == 0


@pytest.mark.parametrize("body", [b"", b"[]", b'{"user_id": "a", "user_id": "b"}', b'{"a": NaN}'])
async def test_what_is_no_answer_is_refused(
    platform: httpx.AsyncClient, case: Report, body: bytes
) -> None:
    """Also what two readers would read as two things."""
    answer = await platform.post(f"/v1/reports/{case.id}/evidence", content=body)

    assert answer.status_code == 400


async def test_what_cannot_be_written_down_is_not_taken(
    house: World, platform: httpx.AsyncClient, case: Report
) -> None:
    """It can be sent again."""
    house.log.refuses = frozenset({Kind.REPORT})
    path = f"/v1/reports/{case.id}/evidence"

    assert (await platform.post(path, json=KNOWN)).status_code == 503

    house.log.refuses = frozenset()
    assert (await platform.post(path, json=KNOWN)).status_code == 202


async def test_a_key_is_for_one_thing(house: World) -> None:
    """An auditor's key that also gives evidence is a mistake."""
    async with house.client(operator.create(house.operator)) as desk:
        asked = {"tenant": TENANT, "evidence": True, "auditor": True}
        assert (await desk.post("/keys", json=asked)).status_code == 400
