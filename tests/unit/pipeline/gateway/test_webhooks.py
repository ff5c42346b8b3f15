"""The operator's routes of webhooks: an address is set with an entry, and its secret shown once."""

import os
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI

from pipeline.gateway import webhooks
from pipeline.gateway.errors import GateError
from pipeline.store.webhooks import Delivery
from pipeline.webhooks.aiming import Aiming
from pipeline.webhooks.signing import Sealer
from tests.unit.pipeline.world import NOON, TENANT, World

URL = "https://hooks.example/hidden-path"


@pytest.fixture
def desk(house: World) -> FastAPI:
    """The routes alone."""
    app = FastAPI()
    sealer = Sealer(b"k" * 32, os.urandom)
    aiming = Aiming(house.store.webhooks, house.log, sealer, house.clock, uuid4)
    app.include_router(webhooks.routes(aiming))

    async def told(_: object, fault: Exception) -> Any:
        assert isinstance(fault, GateError)
        return fault.response()

    app.exception_handler(GateError)(told)
    return app


async def test_an_address_is_set_and_its_secret_shown_once(house: World, desk: FastAPI) -> None:
    """Who sends a tenant's events elsewhere is on record; the path, often a secret, is not."""
    async with house.client(desk) as client:
        set_ = await client.put(f"/webhooks/{TENANT}", json={"url": URL, "person": "ana"})
        inside = {"url": "http://10.0.0.1/", "person": "ana"}
        refused = await client.put(f"/webhooks/{TENANT}", json=inside)
        nobody = await client.put("/webhooks/nobody", json={"url": URL, "person": "ana"})

    assert (set_.status_code, refused.status_code, nobody.status_code) == (200, 400, 404)
    secret = set_.json()["secret"]
    assert secret.startswith("whsec_")
    target = await house.store.webhooks.target(TENANT)
    assert target is not None
    assert secret.encode() not in target.sealed_secret
    (receipt,) = await house.log.tail(1)
    assert b"webhook.set" in receipt.leaf
    assert b"hidden-path" not in receipt.leaf


async def test_what_is_dead_is_listed_and_tried_again(house: World, desk: FastAPI) -> None:
    """One by its id, or all."""
    table = house.store.webhooks
    async with house.client(desk) as client:
        await client.put(f"/webhooks/{TENANT}", json={"url": URL, "person": "ana"})
        await table.enqueue(UUID(int=1), TENANT, "generation.ended", {"a": 1}, NOON)
        (due,) = await table.due(NOON, 1)
        await table.tried(due, Delivery.DEAD, "500", NOON)

        (listed,) = (await client.get("/webhooks?state=dead")).json()
        assert (listed["id"], listed["answer"], listed["tries"]) == (str(UUID(int=1)), "500", 1)
        assert (await client.get("/webhooks?tenant=meadow")).json() == []
        unknown = await client.post("/webhooks/retry", json={"id": str(UUID(int=2))})
        assert unknown.status_code == 404
        assert (await client.post("/webhooks/retry", json={})).json() == {"retried": 1}
        assert (await client.get("/webhooks?state=dead")).json() == []
