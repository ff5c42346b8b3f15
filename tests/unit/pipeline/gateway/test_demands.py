"""/v1/takedowns: a platform tells of notices, by a key for that; sent twice one is there once."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from audit.entry import Kind
from pipeline.duties.takedown.intake import NEEDED, Intake
from pipeline.store.takedowns import NoticeKind, Taken
from pipeline.store.tenants import Tenant
from tests.unit.pipeline.gateway.test_evidence import key_of
from tests.unit.pipeline.world import NOON, TENANT, World

WHOLE = sorted(NEEDED[NoticeKind.TAKE_IT_DOWN])
SAID: dict[str, Any] = {
    "reference": "ticket 4711 of somebody@example.net",
    "kind": "take-it-down",
    "elements": WHOLE,
    "hashes": [["sha256", "ab" * 32]],
}


@pytest.fixture
async def platform(house: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the key of a platform's own people."""
    async with house.client(Authorization=f"Bearer {await key_of(house, TENANT)}") as client:
        yield client


async def test_a_notice_is_taken_and_its_platform_sees_what_came_of_it(
    house: World, platform: httpx.AsyncClient
) -> None:
    """Its clock, what is missing, and the decision; never a hash, and nothing of the reference."""
    answer = await platform.post("/v1/takedowns", json=SAID)
    taken = answer.json()
    notice = await house.store.takedowns.get(UUID(taken["id"]))

    assert answer.status_code == 201
    assert (taken["missing"], taken["hashes"], taken["taken"]) == ([], 1, None)
    assert notice is not None
    (leaf,) = [x for x in await house.leaves() if x.kind is Kind.TAKEDOWN]
    assert "4711" not in str(leaf.public)
    assert "ab" * 32 not in str(leaf.public) + answer.text
    intake = Intake(house.store, house.log, house.clock, house.gate.new_id)
    await intake.decide(notice, Taken.DOWN, "anna", "it is hers")
    after = (await platform.get(f"/v1/takedowns/{taken['id']}")).json()
    assert (after["taken"], after["late"]) == ("down", False)


async def test_sent_again_it_is_the_same_and_may_have_more(
    house: World, platform: httpx.AsyncClient
) -> None:
    """Its clock begins with the rest; what has the reference of another is refused."""
    part = SAID | {"elements": ["signature"]}
    first = (await platform.post("/v1/takedowns", json=part)).json()
    twice = (await platform.post("/v1/takedowns", json=part)).json()
    house.clock.passes(hours=1)
    whole = (await platform.post("/v1/takedowns", json=SAID)).json()
    other = await platform.post("/v1/takedowns", json=SAID | {"kind": "article-16"})

    assert first == twice
    assert first["due_at"] is None
    assert whole["id"] == first["id"]
    assert whole["due_at"] is not None
    assert other.status_code == 409
    assert len(await house.store.takedowns.open()) == 1


async def test_after_a_crash_between_entry_and_row_it_is_taken(
    house: World, platform: httpx.AsyncClient
) -> None:
    """The entry is there, the notice is not: the same again adds it."""
    first = (await platform.post("/v1/takedowns", json=SAID)).json()
    await house.store.writer(lambda sql: sql.exec_driver_sql("DELETE FROM takedown_notices"))
    house.clock.passes(hours=1)

    again = await platform.post("/v1/takedowns", json=SAID)

    assert (again.status_code, again.json()["id"]) == (201, first["id"])
    assert len([x for x in await house.leaves() if x.kind is Kind.TAKEDOWN]) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "because"},
        {"hashes": [["sha256", "ab"]]},
        {"elements": ["a letter"]},
        {"reference": ""},
        {"text": "somebody's words"},
        {"generation": "5f0c2f1e-93a3-5d6e-8f7b-0a4c41d2b0aa"},
    ],
)
async def test_what_is_no_notice_is_refused_without_repeating_it(
    house: World, platform: httpx.AsyncClient, wrong: dict[str, object]
) -> None:
    """And nothing is kept of it."""
    answer = await platform.post("/v1/takedowns", json=SAID | wrong)

    assert answer.status_code == 400
    assert "4711" not in answer.text
    assert "somebody" not in answer.text
    assert await house.store.takedowns.open() == ()


async def test_it_is_for_that_key_and_ones_own_notices(
    house: World, platform: httpx.AsyncClient
) -> None:
    """A key that generates cannot, and another tenant's notice is not there."""
    await house.store.tenants.add(Tenant("meadow", "Meadow", NOON))
    taken = (await platform.post("/v1/takedowns", json=SAID)).json()
    async with house.client() as usual:
        assert (await usual.post("/v1/takedowns", json=SAID)).status_code == 403
        assert (await usual.get(f"/v1/takedowns/{taken['id']}")).status_code == 403
    async with house.client(Authorization=f"Bearer {await key_of(house, 'meadow')}") as other:
        assert (await other.get(f"/v1/takedowns/{taken['id']}")).status_code == 404
        own = await other.post("/v1/takedowns", json=SAID)
        assert own.status_code == 201
        assert own.json()["id"] != taken["id"]
