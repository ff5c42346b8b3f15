"""Tenants are told when rulings are due, late, or more than their people can do."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from pipeline.items import Cause
from pipeline.jobs.paging import DUE, FULL, NEAR, Paging
from pipeline.store.holds import holds
from pipeline.store.webhooks import Target, Webhook
from tests.unit.pipeline.world import HOLD_FOR, NOON, TENANT, World


@pytest.fixture(autouse=True)
async def told(house: World) -> None:
    """The tenant has an address."""
    await house.store.webhooks.aim(Target(TENANT, "https://harbour.example/", b"sealed", NOON))


async def pages(house: World) -> list[Webhook]:
    """What the tenant is told of its queue, the oldest first."""
    await Paging(house.store, house.clock).look()
    every = [each for each in await house.store.webhooks.all() if each.kind in {DUE, FULL}]
    return sorted(every, key=lambda each: each.created_at)


async def test_before_a_ruling_is_due_and_hourly_until_it_is_made(house: World) -> None:
    """With the cases that have least time, and nothing of what is in them."""
    await house.end("holdme")
    (hold,) = await house.store.holds.waiting()
    assert await pages(house) == []

    house.clock.passes(seconds=(HOLD_FOR - NEAR).total_seconds())
    (first,) = await pages(house)
    assert first.kind == DUE
    assert (first.body["late"], first.body["near"]) == (0, 1)
    assert first.body["cases"] == [str(hold.id)]
    assert str(hold.submission) not in str(first.body)
    assert await pages(house) == [first], "the same hour"

    house.clock.passes(minutes=61)
    assert len(await pages(house)) == 2


async def test_what_is_late_is_told_to_be_late(house: World) -> None:
    """The worst is due within a day, long before it expires."""
    await house.end("holdme")

    due = NOON + timedelta(hours=1)
    await house.store.writer(lambda sql: sql.execute(update(holds).values(due_at=due)))
    house.clock.passes(hours=2)
    (page,) = await pages(house)
    assert (page.body["late"], page.body["near"]) == (1, 0)


async def test_what_machines_wait_for_pages_nobody(house: World) -> None:
    """Nor what is over."""
    await house.end("holdme")
    house.clock.passes(seconds=HOLD_FOR.total_seconds())
    assert await pages(house) == []
    due = await house.store.holds.due_before(TENANT, NOON + HOLD_FOR * 2, NOON, 9)
    assert len(due) == 1
    assert {each.cause for each in await house.store.holds.waiting()} == {Cause.SUSPICION}


async def test_a_full_queue_is_told(house: World) -> None:
    """From then on holds are refusals: somebody has to know why."""
    tenant = await house.store.tenants.get(TENANT)
    assert tenant is not None
    profile = tenant.profile.model_copy(update={"reviews_a_day": 1})
    await house.store.tenants.change(replace(tenant, profile=profile))
    assert await pages(house) == []

    await house.end("holdme")

    (page,) = await pages(house)
    assert (page.kind, dict(page.body)) == (FULL, {"reviews_a_day": 1})
