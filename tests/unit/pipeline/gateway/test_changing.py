"""The operator's routes for changes: proposed, listed, activated by another, and back."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from pipeline.changes.door import Door
from pipeline.changes.policy_sets import PolicySets
from pipeline.gateway import changing
from pipeline.gateway.errors import GateError
from pipeline.history.decided import Decided
from pipeline.store.changes import ChangeKind
from tests.unit.pipeline.cli.conftest import STRICTER
from tests.unit.pipeline.world import World


@pytest.fixture
async def desk(house: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the routes alone."""
    decided = Decided(house.log, house.clock, uuid4)
    sets = PolicySets(house.tenancy, decided, house.judge.installed, house.clock)
    door = Door(house.store.changes, house.log, house.clock, uuid4, {ChangeKind.POLICY: sets})
    app = FastAPI()
    app.include_router(changing.routes(door))

    async def told(_: object, fault: Exception) -> Any:
        assert isinstance(fault, GateError)
        return fault.response()

    app.exception_handler(GateError)(told)
    async with house.client(app) as client:
        yield client


NEW = {"body": STRICTER, "reason": "ticket 12", "person": "ana"}
BACK = {"name": "harbour", "reason": "too strict", "person": "ana"}


async def test_the_whole_way_there_and_back(desk: httpx.AsyncClient) -> None:
    """What a command sees of each step."""
    made = (await desk.post("/changes", json=NEW)).json()
    path = f"/changes/{made['id']}/activate"

    assert (made["before"], made["activated_at"]) == (None, None)
    assert [each["id"] for each in (await desk.get("/changes")).json()] == [made["id"]]
    shadowed = await desk.post(path.replace("activate", "shadow"), json={"person": "ben"})
    assert (shadowed.status_code, shadowed.json()["turned"]) == (200, 0)
    assert (await desk.post(path, json={"person": "ana"})).status_code == 409
    assert (await desk.post(path, json={"person": "ben"})).json()["activated_by"] == "ben"
    assert (await desk.get("/changes")).json() == []
    back = (await desk.post("/changes/rollback", json=BACK)).json()
    assert (back["after"], back["milder"], back["activated_at"]) == (None, True, None)


@pytest.mark.parametrize(
    ("new", "status"),
    [
        (NEW | {"body": "set: x"}, 409),
        (NEW | {"kind": "model"}, 409),
        (NEW | {"kind": "moon"}, 422),
        (NEW | {"reason": ""}, 422),
        (NEW | {"reason": " "}, 409),
        (NEW | {"person": ""}, 422),
        (NEW | {"days": 0}, 422),
    ],
)
async def test_what_cannot_be_proposed_is_told(
    desk: httpx.AsyncClient, new: dict[str, object], status: int
) -> None:
    """And nothing waits because of it."""
    assert (await desk.post("/changes", json=new)).status_code == status
    assert (await desk.get("/changes")).json() == []


async def test_there_is_no_way_back_from_nothing(desk: httpx.AsyncClient) -> None:
    """A slip of the keys is told."""
    assert (await desk.post("/changes/rollback", json=BACK)).status_code == 409
    answer = await desk.post(f"/changes/{uuid4()}/activate", json={"person": "ana"})
    assert answer.status_code == 409
