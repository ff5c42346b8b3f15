"""The operator's routes: what commands write goes through the one server process."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

import policies
from audit.entry import Kind
from pipeline.gateway import operator
from pipeline.items import Cause
from tests.unit.pipeline.lookers import CANARY
from tests.unit.pipeline.world import HELD, World, body

NIL = UUID(int=0)


@pytest.fixture
async def desk(house: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the operator's application."""
    async with house.client(operator.create(house.operator)) as client:
        yield client


async def test_a_tenant_and_its_key_are_made_and_revoked(
    house: World, desk: httpx.AsyncClient
) -> None:
    """The secret is shown once; a revoked key opens nothing."""
    assert (await desk.post("/tenants", json={"id": "meadow", "name": "M"})).status_code == 201
    made = (await desk.post("/keys", json={"tenant": "meadow"})).json()
    listed = (await desk.get("/keys/meadow")).json()

    assert [each["id"] for each in listed] == [made["id"]]
    assert made["secret"] not in str(listed)
    assert (await desk.delete(f"/keys/meadow/{made['id']}")).status_code == 200
    assert (await desk.delete(f"/keys/meadow/{made['id']}")).status_code == 404
    async with house.client(Authorization=f"Bearer {made['secret']}") as client:
        assert (await client.get("/user/subscription")).status_code == 401


async def test_what_exists_or_is_missing_is_told(desk: httpx.AsyncClient) -> None:
    """Not as a fault of the server."""
    assert (await desk.post("/tenants", json={"id": "harbour", "name": "H"})).status_code == 409
    assert (await desk.post("/keys", json={"tenant": "nobody"})).status_code == 404
    assert (await desk.get(f"/holds/{uuid4()}")).status_code == 404


@pytest.mark.parametrize("name", ["Meadow", "", "../x", "m" * 64, "mead ow", "mé"])
async def test_a_malformed_tenant_id_is_the_callers_mistake(
    desk: httpx.AsyncClient, name: str
) -> None:
    """Not a store that fails: nothing is to be tried again."""
    answer = await desk.post("/tenants", json={"id": name, "name": "M"})

    assert answer.status_code == 400
    assert "lower-case letters" in answer.json()["message"]


@pytest.mark.parametrize("name", ["genral-audience", "nowhere.yaml", "\0", "a" * 300])
async def test_a_policy_set_that_is_not_there_is_refused_at_once(
    house: World, desk: httpx.AsyncClient, name: str
) -> None:
    """Else every request of that tenant fails, and nobody is told why."""
    answer = await desk.post("/tenants", json={"id": "kids", "name": "K", "policy_sets": [name]})

    assert answer.status_code == 400
    for shipped in ("adult-platform", "default", "floor", "general-audience"):
        assert shipped in answer.json()["message"]
    assert await house.store.tenants.get("kids") is None


@pytest.mark.parametrize("written", ["set: broken\n", "{", "\udcff"])
async def test_a_policy_set_that_is_none_is_refused_at_once(
    house: World, tmp_path: Path, written: str
) -> None:
    """With what is wrong in it."""
    path = tmp_path / "own.yaml"
    path.write_bytes(written.encode("utf-8", "surrogateescape"))
    tenancy = replace(house.tenancy, shipped=_any_set)
    app = operator.create(replace(house.operator, gate=replace(house.gate, tenancy=tenancy)))

    async with house.client(app) as client:
        body = {"id": "kids", "name": "K", "policy_sets": [str(path)]}
        answer = await client.post("/tenants", json=body)

    assert answer.status_code == 400
    assert "own.yaml" in answer.json()["message"]
    assert await house.store.tenants.get("kids") is None


def _any_set(name: str) -> policies.PolicySet:
    return policies.load(Path(name).read_text("utf-8"), Path(name).name)


async def test_a_tenants_own_sets_are_taken(house: World, desk: httpx.AsyncClient) -> None:
    """What is there, and lies on the installation's own."""
    body = {"id": "kids", "name": "K", "policy_sets": ["default", "general-audience"]}

    assert (await desk.post("/tenants", json=body)).status_code == 201
    assert (await house.tenancy.policy_of("kids")).digest


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/tenants", {"id": "m", "name": "M", "anlas_budget": -1}),
        ("/tenants", {"id": "m", "name": "M", "anlas_budget": 2**63}),
        ("/tenants", {"id": "m", "name": "M" * 201}),
        ("/keys", {"tenant": "harbour", "label": "l" * 201}),
        (f"/holds/{NIL}/ruling", {"person": "", "approves": True, "reason": "r"}),
        (f"/holds/{NIL}/ruling", {"person": "p", "approves": True, "reason": "r" * 2001}),
        (f"/audit/{NIL}/detail", {"person": ""}),
    ],
)
async def test_what_fits_nowhere_is_refused(
    desk: httpx.AsyncClient, path: str, body: dict[str, Any]
) -> None:
    """Before anything is done: a ruling without a person is nobody's."""
    assert (await desk.post(path, json=body)).status_code == 422


async def test_a_hold_is_shown_by_codes_and_scores(house: World, desk: httpx.AsyncClient) -> None:
    """Nobody sees content that they need not see."""
    await house.end(f"holdme {CANARY}")

    (hold,) = (await desk.get("/holds")).json()
    shown = await desk.get(f"/holds/{hold['id']}")

    assert hold["code"] == "HATE.SYMBOL"
    assert CANARY not in shown.text


@pytest.mark.parametrize(("approves", "outcome"), [(True, "released"), (False, "withheld")])
async def test_a_ruling_is_carried_out_once(
    house: World, desk: httpx.AsyncClient, approves: bool, outcome: str
) -> None:
    """A person decided: the request goes on from where it was held, or ends."""
    await house.end("holdme")
    (hold,) = (await desk.get("/holds")).json()
    ruling = {"person": "somebody", "approves": approves, "reason": "looked at it"}

    first = await desk.post(f"/holds/{hold['id']}/ruling", json=ruling)
    again = await desk.post(f"/holds/{hold['id']}/ruling", json=ruling)

    assert first.json()["outcome"] == outcome
    assert again.status_code == 409
    assert len(house.upstream.calls) == int(approves)


async def test_a_ruling_without_a_reason_is_none(house: World, desk: httpx.AsyncClient) -> None:
    """Why is part of what is recorded."""
    house.upstream.colours = [HELD]
    await house.end()
    (hold,) = (await desk.get("/holds")).json()

    answer = await desk.post(
        f"/holds/{hold['id']}/ruling", json={"person": "s", "approves": True, "reason": " "}
    )

    assert answer.status_code == 409
    assert Kind.RULING not in {leaf.kind for leaf in await house.leaves()}


async def test_reading_a_detail_is_written_down_first(
    house: World, desk: httpx.AsyncClient
) -> None:
    """Every look is recorded; one that cannot be is not had."""
    async with house.client(**{"x-imprimatur-subject": CANARY}) as client:
        made = await client.post("/v1/generations", json=body())
    entry = made.headers["x-audit-id"]

    opened = await desk.post(f"/audit/{entry}/detail", json={"person": "auditor"})
    house.log.refuses = frozenset({Kind.ACCESS})
    refused = await desk.post(f"/audit/{entry}/detail", json={"person": "auditor"})

    assert opened.json()["personal"]["subject"] == CANARY
    assert refused.status_code == 503
    assert CANARY not in refused.text


async def test_an_unknown_field_is_refused(desk: httpx.AsyncClient) -> None:
    """A mistyped option must not be dropped in silence."""
    answer = await desk.post("/tenants", json={"id": "m", "name": "M", "asured": True})

    assert 400 <= answer.status_code < 500


async def test_what_keeps_a_ruling_from_being_made_is_told(
    house: World, desk: httpx.AsyncClient
) -> None:
    """Not as a fault that nobody foresaw: the operator can mend it, and then rule."""
    await house.end("holdme")
    (hold,) = (await desk.get("/holds")).json()
    await house.store.writer(
        lambda sql: sql.execute(text("UPDATE tenants SET policy_sets = '[\"nowhere\"]'"))
    )

    ruling = {"person": "somebody", "approves": True, "reason": "looked at it"}
    answer = await desk.post(f"/holds/{hold['id']}/ruling", json=ruling)

    assert answer.status_code == 503
    assert "nowhere: expected a shipped set" in answer.json()["message"]
    assert len((await desk.get("/holds")).json()) == 1


async def test_everything_that_waits_is_listed(house: World, desk: httpx.AsyncClient) -> None:
    """However many pictures wait for a machine, the one that waits for a person is seen."""
    outcome = await house.end("holdme")
    (hold,) = await house.store.holds.waiting()
    for number in range(150):
        earlier = replace(hold, id=uuid4(), opened_at=hold.opened_at - timedelta(hours=1))
        await house.store.holds.open(replace(earlier, index=number, cause=Cause.INCAPACITY))

    listed = (await desk.get("/holds")).json()

    assert len(listed) == 151
    assert listed[-1]["submission"] == str(outcome.submission)
