import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConflictError, StoreError
from pipeline.store.store import Store
from pipeline.store.tenants import Tenant

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)


class TestTenants:
    async def test_a_tenant_is_read_as_it_was_written(self, store: Store) -> None:
        """What is stored is what was meant."""
        tenant = Tenant("third", "Third", NOON, True, ("adult-platform",), 10, 1, 5, 48)  # noqa: FBT003 - every field, in order

        await store.tenants.add(tenant)

        assert await store.tenants.get("third") == tenant

    async def test_an_unknown_tenant_is_none(self, store: Store) -> None:
        """Nobody is served by mistake."""
        assert await store.tenants.get("nobody") is None

    async def test_a_tenant_is_added_once(self, store: Store) -> None:
        """Two platforms never share an id."""
        with pytest.raises(ConflictError):
            await store.tenants.add(Tenant("harbour", "Another", NOON))

    async def test_times_are_kept_in_utc(self, store: Store) -> None:
        """Times are compared as text: they must all be in one zone."""
        tokyo = timezone(timedelta(hours=9))
        await store.tenants.add(Tenant("third", "Third", NOON.astimezone(tokyo)))

        kept = await store.tenants.get("third")

        assert kept is not None
        assert kept.created_at.isoformat() == NOON.isoformat()

    async def test_a_naive_time_is_refused(self, store: Store) -> None:
        """Nobody knows when that was."""
        naive = NOON.replace(tzinfo=None)

        with pytest.raises(StoreError):
            await store.tenants.add(Tenant("third", "Third", naive))

    @given(st.text().filter(lambda name: not name.isascii() or not name[:1].isalnum()))
    def test_an_id_is_plain(self, name: str) -> None:
        """Ids stand in log leaves and file names."""
        with pytest.raises(StoreError, match="tenant id"):
            Tenant(name, "Name", NOON)


class TestCharge:
    async def test_a_budget_is_spent_and_no_more(self, store: Store) -> None:
        """A tenant cannot make the operator pay for more than was agreed."""
        assert await store.tenants.charge("harbour", 60)
        assert not await store.tenants.charge("harbour", 60)
        assert await store.tenants.charge("harbour", 40)

    async def test_two_at_once_cannot_spend_the_same_anlas(self, store: Store) -> None:
        """The last picture is paid for once."""
        spent = await asyncio.gather(*(store.tenants.charge("harbour", 30) for _ in range(10)))

        assert sum(spent) == 3

    async def test_of_a_thousand_at_once_as_many_pass_as_are_paid_for(self, store: Store) -> None:
        """Not one more, and not one less."""
        passed = await asyncio.gather(*(store.tenants.charge("harbour", 1) for _ in range(1_000)))

        assert sum(passed) == 100

    async def test_what_is_given_back_can_be_spent_again(self, store: Store) -> None:
        """A call that upstream refused costs nothing."""
        await store.tenants.charge("harbour", 100)

        assert await store.tenants.charge("harbour", -100)
        assert await store.tenants.charge("harbour", 100)

    async def test_no_more_is_given_back_than_was_spent(self, store: Store) -> None:
        """A refund that is repeated makes no money."""
        await store.tenants.charge("harbour", 10)

        assert not await store.tenants.charge("harbour", -20)

    async def test_one_tenant_does_not_spend_for_another(self, store: Store) -> None:
        """Budgets are apart."""
        await store.tenants.charge("harbour", 100)

        assert await store.tenants.charge("meadow", 100)
        assert not await store.tenants.charge("nobody", 0)
