"""The operator's routes of the kill switch: a name that nobody has is told, not halted."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from pipeline.gateway import halting
from pipeline.gateway.errors import GateError
from tests.unit.pipeline.world import TENANT, World


@pytest.fixture
async def desk(house: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the routes alone."""
    app = FastAPI()
    app.include_router(
        halting.routes(house.gate.halts, house.store, lambda: {"/ai/generate-image"})
    )

    async def told(_: object, fault: Exception) -> Any:
        assert isinstance(fault, GateError)
        return fault.response()

    app.exception_handler(GateError)(told)
    async with house.client(app) as client:
        yield client


def new(scope: str, value: str = "", **more: str) -> dict[str, str]:
    """What a command sends."""
    return {"scope": scope, "value": value, "reason": "incident", "person": "ana", **more}


async def test_it_is_placed_listed_and_lifted_by_two(desk: httpx.AsyncClient) -> None:
    """The whole life of a halt."""
    placed = (await desk.post("/halts", json=new("route", "/ai/generate-image"))).json()
    path = f"/halts/{placed['id']}/lift"

    assert [each["id"] for each in (await desk.get("/halts")).json()] == [placed["id"]]
    assert (await desk.post(path, json={"person": "ana"})).json() == {"lifted": False}
    assert (await desk.post(path, json={"person": "ana"})).status_code == 409
    assert (await desk.get("/halts")).json()[0]["lifting"] == "ana"
    assert (await desk.post(path, json={"person": "ben"})).json() == {"lifted": True}
    assert (await desk.get("/halts")).json() == []


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (new("route", "/ai/generate-imag"), 404),
        (new("tenant", "meadow"), 404),
        (new("model", "nai-diffusion-9"), 404),
        (new("tier", "grown-up"), 404),
        (new("engine", "other"), 404),
        (new("subject", "u-1", subject_of="meadow"), 404),
        (new("subject", "u-1"), 404),
        (new("all", "everything"), 400),
        (new("moon"), 422),
        (new("all") | {"reason": ""}, 422),
    ],
)
async def test_what_is_not_there_is_not_halted(
    house: World, desk: httpx.AsyncClient, asked: dict[str, str], status: int
) -> None:
    """A slip of the keys must not look like a halt."""
    assert (await desk.post("/halts", json=asked)).status_code == status
    assert house.gate.halts.standing() == ()


@pytest.mark.parametrize(
    "asked",
    [
        new("all"),
        new("tenant", TENANT),
        new("subject", "u-1", subject_of=TENANT),
        new("model", "nai-diffusion-3"),
        new("engine", "novelai"),
        new("tier", "adult"),
    ],
)
async def test_everything_that_is_there_can_be_halted(
    desk: httpx.AsyncClient, asked: dict[str, str]
) -> None:
    """One way to name each."""
    placed = await desk.post("/halts", json=asked)

    assert placed.status_code == 201
    assert "u-1" not in placed.text


async def test_there_is_nothing_to_lift(desk: httpx.AsyncClient) -> None:
    """A wrong id is told."""
    answer = await desk.post(f"/halts/{uuid4()}/lift", json={"person": "ana"})
    assert answer.status_code == 409
