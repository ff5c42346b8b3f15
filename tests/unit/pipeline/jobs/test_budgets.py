"""Budgets: a platform bounds what each of its end users may spend in a day."""

from dataclasses import replace

from pipeline.jobs.budgets import WITHIN
from tests.unit.pipeline.world import TENANT, World, body

ANA, BEN = {"X-Imprimatur-Subject": "ana"}, {"X-Imprimatur-Subject": "ben"}
PRICE = "/v1/price"


async def bound(house: World, anlas: int | None) -> None:
    """Bound what each end user may spend in a day."""
    tenant = await house.store.tenants.get(TENANT)
    assert tenant is not None
    await house.store.tenants.change(replace(tenant, subject_budget=anlas))


async def spent(house: World) -> int:
    """What the tenant has spent."""
    tenant = await house.store.tenants.get(TENANT)
    assert tenant is not None
    return tenant.anlas_spent


async def test_who_has_spent_theirs_is_told_so_and_nobody_else_is(house: World) -> None:
    """Before anything is sent or charged; the tenant's own budget is another matter."""
    async with house.client() as client:
        price = (await client.post(PRICE, json=body(), headers=ANA)).json()["anlas"]
        await bound(house, 2 * price - 1)
        first = await client.post("/v1/generations", json=body(seed=1), headers=ANA)
        before = await spent(house)
        told = (await client.post(PRICE, json=body(seed=2), headers=ANA)).json()
        second = await client.post("/v1/generations", json=body(seed=2), headers=ANA)
        job = {"Prefer": "respond-async", **ANA}
        later = await client.post("/v1/generations", json=body(seed=3), headers=job)
        other = await client.post("/v1/generations", json=body(seed=4), headers=BEN)

    assert (first.status_code, other.status_code) == (200, 200), first.text + other.text
    assert (second.status_code, later.status_code) == (402, 402)
    assert "this end user" in second.json()["message"]
    assert (told["budget_left"], told["affordable"]) == (price - 1, False)
    assert before == price == await spent(house) - price
    assert len(house.upstream.calls) == 2


async def test_an_end_user_s_own_token_spends_the_same_budget(house: World) -> None:
    """On NovelAI's routes, which state nobody: whatever way they come."""
    async with house.client() as client:
        price = (await client.post(PRICE, json=body(), headers=ANA)).json()["anlas"]
        await bound(house, price)
        minted = await client.post("/v1/subject-tokens", json={"pseudonym": "ana"})
        first = await client.post("/v1/generations", json=body(seed=1), headers=ANA)
    async with house.client(Authorization=f"Bearer {minted.json()['token']}") as browser:
        second = await browser.post("/ai/generate-image", json=body(seed=2))
        plan = (await browser.get("/user/subscription")).json()

    assert (first.status_code, second.status_code) == (200, 402), second.text
    assert plan["trainingStepsLeft"]["fixedTrainingStepsLeft"] == 0


async def test_who_names_nobody_spends_what_one_may(house: World) -> None:
    """Else a platform that leaves the name out would have no bound at all."""
    async with house.client() as client:
        price = (await client.post(PRICE, json=body())).json()["anlas"]
        await bound(house, price)
        answers = [
            await client.post("/ai/generate-image", json=body(seed=seed)) for seed in range(2)
        ]
        plan = (await client.get("/user/subscription")).json()

    assert [each.status_code for each in answers] == [200, 402]
    assert plan["trainingStepsLeft"]["fixedTrainingStepsLeft"] == 0


async def test_what_a_tenant_spends_meanwhile_is_not_lost_to_a_change(house: World) -> None:
    """What it may spend is put down, and what it has spent is left as it is."""
    tenant = await house.store.tenants.get(TENANT)
    assert tenant is not None
    await house.store.tenants.charge(TENANT, 7)
    await house.store.tenants.change(replace(tenant, anlas_budget=8))

    assert await spent(house) == 7
    assert await house.store.tenants.charge(TENANT, 1)
    assert not await house.store.tenants.charge(TENANT, 1)


async def test_what_never_came_and_what_was_yesterday_is_not_counted(house: World) -> None:
    """A refusal costs nobody their day, and a day ends."""
    async with house.client() as client:
        price = (await client.post(PRICE, json=body(), headers=ANA)).json()["anlas"]
        await bound(house, price)
        refused = await client.post("/v1/generations", json=body("graveword"), headers=ANA)
        made = await client.post("/v1/generations", json=body(seed=1), headers=ANA)
        soon = await client.post("/v1/generations", json=body(seed=2), headers=ANA)
        house.clock.passes(seconds=WITHIN.total_seconds())
        later = await client.post("/v1/generations", json=body(seed=3), headers=ANA)

    answers = [refused, made, soon, later]
    assert [each.status_code for each in answers] == [403, 200, 402, 200]


async def test_whoever_is_bounded_to_nothing_gets_nothing(house: World) -> None:
    """Zero is a bound, and none is none."""
    await bound(house, 0)
    async with house.client() as client:
        refused = await client.post("/v1/generations", json=body(), headers=ANA)
        await bound(house, None)
        made = await client.post("/v1/generations", json=body(), headers=ANA)

    assert (refused.status_code, made.status_code) == (402, 200)
    assert refused.json()["message"]
