import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.store.replicas import ASKED, GONE
from pipeline.store.store import Store

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
TOKEN = "a" * 64
MINUTE = timedelta(minutes=1)


class TestProcesses:
    async def test_who_says_so_lives_and_who_does_not_is_gone(self, store: Store) -> None:
        """What a dead one left is taken up, what a living one carries is not."""
        await store.replicas.join("one", NOON)
        await store.replicas.join("two", NOON)
        assert await store.replicas.beat("two", NOON + GONE)

        assert await store.replicas.others("two", NOON) == {"one"}
        assert await store.replicas.others("one", NOON + GONE) == {"two"}

    async def test_who_was_taken_for_dead_neither_lives_nor_leases_again(
        self, store: Store
    ) -> None:
        """What it had begun was closed by others: it must not send it now."""
        await store.replicas.join("one", NOON)
        await store.replicas.others("two", NOON + GONE)

        assert not await store.replicas.beat("one", NOON + GONE)
        assert not await store.replicas.lease(TOKEN, "one", NOON + GONE, NOON + MINUTE)

    async def test_who_leaves_is_gone_at_once(self, store: Store) -> None:
        """A rolling update does not wait for what is surely over."""
        await store.replicas.join("one", NOON)
        await store.replicas.leave("one")

        assert await store.replicas.others("two", NOON) == frozenset()


@pytest.fixture
async def living(store: Store) -> Store:
    """A store beside which two processes and seven more live."""
    for name in ("one", "two", *(f"p{number}" for number in range(7))):
        await store.replicas.join(name, NOON)
    return store


@pytest.mark.usefixtures("living")
class TestLeases:
    async def test_one_of_many_has_it(self, store: Store) -> None:
        """Two generations at once are what NovelAI takes for automation."""
        until = NOON + MINUTE
        taken = await asyncio.gather(
            *(store.replicas.lease(TOKEN, f"p{n}", NOON, until) for n in range(7))
        )

        assert sum(taken) == 1

    async def test_it_is_renewed_by_its_owner_alone(self, store: Store) -> None:
        """A long generation keeps its account."""
        assert await store.replicas.lease(TOKEN, "one", NOON, NOON + MINUTE)
        assert await store.replicas.lease(TOKEN, "one", NOON, NOON + 2 * MINUTE)

        assert not await store.replicas.lease(TOKEN, "two", NOON + MINUTE, NOON + 3 * MINUTE)

    async def test_it_runs_out_for_whoever_comes_next(self, store: Store) -> None:
        """A gateway that died does not keep an account for ever."""
        assert await store.replicas.lease(TOKEN, "one", NOON, NOON + MINUTE)

        assert await store.replicas.lease(TOKEN, "two", NOON + MINUTE, NOON + 2 * MINUTE)

    async def test_what_is_given_back_rests_for_everybody(self, store: Store) -> None:
        """NovelAI sees one account, whichever gateway asks."""
        rested = NOON + timedelta(seconds=2)
        await store.replicas.lease(TOKEN, "one", NOON, NOON + MINUTE)
        await store.replicas.release(TOKEN, "one", rested)

        assert not await store.replicas.lease(TOKEN, "one", NOON, NOON + MINUTE)
        assert await store.replicas.lease(TOKEN, "two", rested, NOON + MINUTE)

    async def test_nobody_gives_back_what_is_anothers(self, store: Store) -> None:
        """Whoever stood still until its lease ran out must not end the next one's."""
        await store.replicas.lease(TOKEN, "one", NOON, NOON + MINUTE)
        await store.replicas.lease(TOKEN, "two", NOON + MINUTE, NOON + 2 * MINUTE)
        await store.replicas.release(TOKEN, "one", NOON)

        assert not await store.replicas.lease(TOKEN, "one", NOON + MINUTE, NOON + 2 * MINUTE)

    async def test_who_asked_in_vain_comes_next_and_before_all_others(self, store: Store) -> None:
        """Among several that want it nobody has it twice in a row."""
        await store.replicas.lease(TOKEN, "one", NOON, NOON + MINUTE)
        assert not await store.replicas.lease(TOKEN, "two", NOON, NOON + MINUTE)
        assert not await store.replicas.lease(TOKEN, "p1", NOON, NOON + MINUTE)
        await store.replicas.release(TOKEN, "one", NOON)

        assert not await store.replicas.lease(TOKEN, "one", NOON, NOON + MINUTE)
        assert not await store.replicas.lease(TOKEN, "p1", NOON, NOON + MINUTE)
        assert await store.replicas.lease(TOKEN, "two", NOON, NOON + MINUTE)

    async def test_who_asked_and_went_away_is_not_waited_for(self, store: Store) -> None:
        """A gateway that died in the line keeps nobody."""
        await store.replicas.lease(TOKEN, "one", NOON, NOON + MINUTE)
        await store.replicas.lease(TOKEN, "two", NOON, NOON + MINUTE)
        await store.replicas.release(TOKEN, "one", NOON)

        assert await store.replicas.lease(TOKEN, "one", NOON + ASKED, NOON + MINUTE)

    async def test_what_is_paused_is_leased_by_nobody(self, store: Store) -> None:
        """Whichever gateway heard of the ban."""
        await store.accounts.pause(TOKEN, "banned", NOON)
        assert not await store.replicas.lease(TOKEN, "one", NOON, NOON + MINUTE)

        await store.accounts.pause(TOKEN, "", NOON)
        assert await store.replicas.lease(TOKEN, "one", NOON, NOON + MINUTE)
