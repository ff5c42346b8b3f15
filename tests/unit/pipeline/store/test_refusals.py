import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.errors import ConflictError
from pipeline.store.store import Store

MONDAY = datetime(2031, 5, 5, 12, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)


class TestRefusals:
    async def test_each_one_counts(self, store: Store) -> None:
        """Who tries until something passes is stopped by the count."""
        counts = [await store.refusals.add("harbour", "s", MONDAY) for _ in range(3)]

        assert counts == [1, 2, 3]
        assert await store.refusals.count("harbour", "s", MONDAY) == 3

    async def test_days_subjects_and_tenants_are_apart(self, store: Store) -> None:
        """Nobody is refused for what somebody else did."""
        await store.refusals.add("harbour", "s", MONDAY)

        assert await store.refusals.count("harbour", "s", TUESDAY) == 0
        assert await store.refusals.count("harbour", "t", MONDAY) == 0
        assert await store.refusals.count("meadow", "s", MONDAY) == 0

    async def test_no_more_are_reserved_than_there_may_be(self, store: Store) -> None:
        """Who tries at once is counted before anything is judged."""
        tries = [store.refusals.reserve("harbour", "s", MONDAY, 3) for _ in range(10)]

        assert sum(await asyncio.gather(*tries)) == 3
        assert await store.refusals.count("harbour", "s", MONDAY) == 3

    async def test_what_was_none_is_given_back(self, store: Store) -> None:
        """What is allowed costs nothing."""
        assert await store.refusals.reserve("harbour", "s", MONDAY, 1)
        assert not await store.refusals.reserve("harbour", "s", MONDAY, 1)
        await store.refusals.give_back("harbour", "s", MONDAY)

        assert await store.refusals.reserve("harbour", "s", MONDAY, 1)

    async def test_no_more_is_given_back_than_was_taken(self, store: Store) -> None:
        """A count below nought would be a larger budget."""
        await store.refusals.add("harbour", "s", MONDAY)
        for _ in range(3):
            await store.refusals.give_back("harbour", "s", MONDAY)

        assert await store.refusals.count("harbour", "s", MONDAY) == 0

    async def test_earlier_days_are_forgotten(self, store: Store) -> None:
        """Yesterday's refusals are nobody's record."""
        await store.refusals.add("harbour", "s", MONDAY)
        await store.refusals.add("harbour", "s", TUESDAY)

        assert await store.refusals.purge(TUESDAY) == 1
        assert await store.refusals.count("harbour", "s", TUESDAY) == 1

    async def test_a_refusal_is_some_tenants(self, store: Store) -> None:
        """Counts of nobody would never be looked at."""
        with pytest.raises(ConflictError):
            await store.refusals.add("nobody", "s", MONDAY)
