"""What a request would cost is what it is charged, and to ask costs nothing."""

from typing import Any

import pytest

from audit.entry import Kind
from tests.e2e.asking import v4
from tests.unit.pipeline.world import TENANT, World, body, encoding, tool, upscaling

PRICE = "/v1/price"


async def spent(house: World) -> int:
    """What the tenant has spent."""
    tenant = await house.store.tenants.get(TENANT)
    assert tenant is not None
    return tenant.anlas_spent


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/ai/generate-image", body("a harbour", samples=3)),
        ("/ai/augment-image", tool()),
        ("/ai/upscale", upscaling()),
        ("/ai/encode-vibe", encoding()),
    ],
)
async def test_it_is_what_the_request_is_charged(
    house: World, path: str, asked: dict[str, Any]
) -> None:
    """Else a platform would promise its users another price than they pay."""
    async with house.client() as client:
        told = await client.post(PRICE, params={"operation": path}, json=asked)
        before = await spent(house)
        made = await client.post(path, json=asked)

    assert (told.status_code, made.status_code) == (200, 200), told.text + made.text
    price = told.json()
    assert before == 0 < price["anlas"] == await spent(house)
    assert price["anlas"] == price["per_image"] * price["billable"] + price["references"]
    assert price["affordable"]


async def test_to_ask_is_neither_judged_nor_kept(house: World) -> None:
    """It says nothing of the rules, so it can be asked as often as a page is drawn."""
    async with house.client() as client:
        answer = await client.post(PRICE, json=body("blockme"))

    assert answer.status_code == 200
    assert house.upstream.calls == []
    assert await spent(house) == 0
    assert all(leaf.kind is not Kind.ADMIT for leaf in await house.leaves())


async def test_what_the_budget_does_not_hold_is_said(house: World) -> None:
    """Before anybody is told no."""
    async with house.client() as client:
        before = (await client.post(PRICE, json=body())).json()
        await house.store.tenants.charge(TENANT, before["budget_left"] - before["anlas"] + 1)
        after = (await client.post(PRICE, json=body())).json()
        made = await client.post("/ai/generate-image", json=body())

    assert (before["affordable"], after["affordable"]) == (True, False)
    assert after["budget_left"] == after["anlas"] - 1
    assert made.status_code == 402


async def test_of_the_newest_models_it_is_an_estimate(house: World) -> None:
    """NovelAI has not said how they are counted."""
    async with house.client() as client:
        known = await client.post(PRICE, json=body(model="nai-diffusion-3"))
        newest = await client.post(PRICE, json=v4("a harbour") | {"model": "nai-diffusion-5-full"})

    assert (known.json()["estimated"], newest.json()["estimated"]) == (False, True)


@pytest.mark.parametrize(
    ("params", "content", "status"),
    [
        ({}, b"{", 400),
        ({}, b'{"input": "a harbour", "model": "no such model"}', 400),
        ({"operation": "/ai/generate"}, b"{}", 404),
        ({"operation": "/ai/upscale"}, b"{}", 400),
    ],
)
async def test_what_could_not_be_made_has_no_price(
    house: World, params: dict[str, str], content: bytes, status: int
) -> None:
    """It is told as the route itself would tell it."""
    async with house.client() as client:
        headers = {"Content-Type": "application/json"}
        answer = await client.post(PRICE, params=params, content=content, headers=headers)

    assert answer.status_code == status, answer.text
