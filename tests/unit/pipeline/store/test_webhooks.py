"""What tenants are to be told is kept with what it tells, until they have heard it."""

from datetime import timedelta
from uuid import UUID

import pytest

from pipeline.errors import ConflictError
from pipeline.store.store import Store
from pipeline.store.tenants import Tenant
from pipeline.store.webhooks import OF_ONE_TENANT, Delivery, Target
from tests.unit.pipeline.store.conftest import NOON

HOUR = timedelta(hours=1)


async def aim(store: Store, tenant: str = "harbour", url: str = "https://hooks.example/a") -> None:
    await store.webhooks.aim(Target(tenant, url, b"sealed", NOON))


async def tell(store: Store, number: int, tenant: str = "harbour") -> None:
    body = {"number": number}
    await store.webhooks.enqueue(UUID(int=number), tenant, "generation.ended", body, NOON)


async def test_a_tenant_without_an_address_is_told_nothing(store: Store) -> None:
    """Nothing gathers for those who do not listen."""
    await tell(store, 1)

    assert await store.webhooks.all() == ()


async def test_what_is_told_twice_is_told_once(store: Store) -> None:
    """What is done again after a crash tells nobody twice."""
    await aim(store)
    await tell(store, 1)
    await tell(store, 1)

    (found,) = await store.webhooks.due(NOON, 10)
    assert (found.id, found.body, found.state) == (UUID(int=1), {"number": 1}, Delivery.PENDING)


async def test_it_is_undone_with_what_it_tells(store: Store) -> None:
    """A tenant never hears of what did not happen."""
    await aim(store)

    async def both(part: Store) -> None:
        await tell(part, 1)
        await part.tenants.add(Tenant("harbour", "taken", NOON))

    with pytest.raises(ConflictError):
        await store.together(both)
    assert await store.webhooks.all() == ()


async def test_one_tenant_does_not_fill_a_round(store: Store) -> None:
    """Whose receiver hangs keeps nobody else waiting."""
    for tenant in ("harbour", "meadow"):
        await aim(store, tenant)
    for number in range(OF_ONE_TENANT + 2):
        await tell(store, number)
    await tell(store, 99, "meadow")

    found = [each.tenant for each in await store.webhooks.due(NOON, 100)]
    assert (found.count("harbour"), found.count("meadow")) == (OF_ONE_TENANT, 1)


async def test_what_failed_waits_and_what_is_dead_is_tried_only_when_asked(store: Store) -> None:
    """A person decides what becomes of what nobody took."""
    await aim(store)
    await tell(store, 1)
    (first,) = await store.webhooks.due(NOON, 10)
    await store.webhooks.tried(first, Delivery.PENDING, "500", NOON + HOUR)
    assert await store.webhooks.due(NOON, 10) == ()

    (second,) = await store.webhooks.due(NOON + HOUR, 10)
    assert (second.tries, second.answer) == (1, "500")
    await store.webhooks.tried(second, Delivery.DEAD, "500", NOON + HOUR)
    assert await store.webhooks.due(NOON + 9 * HOUR, 10) == ()
    assert len(await store.webhooks.all("harbour", Delivery.DEAD)) == 1
    assert await store.webhooks.all("meadow") == ()

    assert await store.webhooks.retry(NOON + 2 * HOUR, UUID(int=7)) == 0
    assert await store.webhooks.retry(NOON + 2 * HOUR) == 1
    (again,) = await store.webhooks.due(NOON + 2 * HOUR, 10)
    assert again.tries == 0


async def test_only_what_is_over_is_forgotten(store: Store) -> None:
    """What still waits is never dropped for its age."""
    await aim(store)
    for number in (1, 2):
        await tell(store, number)
    first, _ = await store.webhooks.due(NOON, 10)
    await store.webhooks.tried(first, Delivery.DELIVERED, "200", NOON)

    assert await store.webhooks.purge(NOON + HOUR) == 1
    assert [each.state for each in await store.webhooks.all()] == [Delivery.PENDING]


async def test_an_address_belongs_to_a_tenant_and_is_not_shown(store: Store) -> None:
    """Its path is often a secret."""
    with pytest.raises(ConflictError):
        await aim(store, "nobody")
    await aim(store)
    await aim(store, url="https://hooks.example/hidden-path")

    found = await store.webhooks.target("harbour")
    assert found is not None
    assert found.url.endswith("hidden-path")
    assert "hidden-path" not in repr(found)
