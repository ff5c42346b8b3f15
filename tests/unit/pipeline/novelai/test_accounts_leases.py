"""Leases: of several gateways one generates with an account, and none if nobody knows which."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from pipeline.errors import StoreUnavailableError
from pipeline.novelai.accounts import Accounts, AccountState, Token
from pipeline.novelai.accounts_leases import Leases
from pipeline.novelai.accounts_roster import digest_of
from pipeline.novelai.errors import NoAccountError, UpstreamBusyError
from pipeline.store.store import Store
from tests.unit.pipeline.world import NOON, Clock

FIRST, SECOND = Token("first", "pst-aaaa"), Token("second", "pst-bbbb")
LONGEST, SPACING = timedelta(seconds=60), timedelta(seconds=3)


@dataclass
class Gateways:
    """Two gateways on one store, one clock, and no waiting: who sleeps lets time pass."""

    store: Store
    clock: Clock

    def leases(self, owner: str, **more: timedelta) -> Leases:
        """The leases of one of them."""
        return Leases(self.store.replicas, owner, self.clock, LONGEST, SPACING, **more)

    def accounts(self, owner: str, longest_wait_seconds: float = 90) -> Accounts:
        """Its accounts."""
        return Accounts(
            [FIRST, SECOND],
            monotonic=self.seconds,
            sleep=self.sleep,
            spacing_seconds=SPACING.total_seconds(),
            longest_wait_seconds=longest_wait_seconds,
            leases=self.leases(owner),
        )

    def seconds(self) -> float:
        """Tell the time."""
        return self.clock.at.timestamp()

    async def sleep(self, seconds: float) -> None:
        """Let time pass, and everybody else have a turn."""
        self.clock.passes(seconds=seconds)
        await asyncio.sleep(0)


def never() -> bool:
    """Whether an account is paused that is not."""
    return False


@pytest.fixture
async def doomed(tmp_path: Path) -> Gateways:
    """Two gateways that live, on a store that goes away."""
    store = Store.open(tmp_path / "app.db")
    for owner in ("one", "two"):
        await store.replicas.join(owner, NOON)
    return Gateways(store, Clock())


@pytest.fixture
async def two(doomed: Gateways) -> AsyncIterator[Gateways]:
    """Two gateways that live, on a store that stays."""
    yield doomed
    await doomed.store.close()


async def test_what_one_has_another_has_not_until_it_rested(two: Gateways) -> None:
    """NovelAI takes parallel use for automation, and no pause as well."""
    one, other = two.leases("one"), two.leases("two")
    async with one.held("pst-aaaa", never) as first, other.held("pst-aaaa", never) as second:
        assert (first, second) == (True, False)
    async with other.held("pst-aaaa", never) as at_once:
        assert at_once is False
    two.clock.passes(seconds=3)
    async with other.held("pst-aaaa", never) as rested:
        assert rested is True


async def test_it_is_renewed_for_as_long_as_a_call_lasts(two: Gateways) -> None:
    """A slow answer must not let another gateway in."""
    async with two.leases("one", renewed_every=timedelta(0)).held("pst-aaaa", never):
        for _ in range(5):
            two.clock.passes(seconds=50)
            read = two.store.replicas.beat  # whatever is asked after it has been renewed after it
            for _ in range(3):
                await read("one", two.clock())
                await asyncio.sleep(0)
            async with two.leases("two").held("pst-aaaa", never) as other:
                assert other is False


async def test_what_is_paused_is_not_given_back(two: Gateways) -> None:
    """Its pause is about to be written: no other gateway may be quicker."""
    async with two.leases("one").held("pst-aaaa", lambda: True):
        pass
    two.clock.passes(seconds=10)
    async with two.leases("two").held("pst-aaaa", never) as other:
        assert other is False


async def test_what_is_paused_in_the_store_is_leased_by_nobody(two: Gateways) -> None:
    """Not even by a gateway that has not heard of it."""
    await two.store.accounts.pause(digest_of(FIRST), AccountState.BANNED, NOON)

    async with two.leases("two").held(FIRST.secret, never) as ours:
        assert ours is False


async def test_without_the_store_nobody_has_one(doomed: Gateways) -> None:
    """Nobody knows who generates: nothing may be sent."""
    await doomed.store.close()

    with pytest.raises(StoreUnavailableError):
        async with doomed.leases("one").held("pst-aaaa", never):
            raise AssertionError("nothing may be sent")


async def test_a_store_that_goes_away_meanwhile_ends_no_call(doomed: Gateways) -> None:
    """What was sent is waited for; the lease runs out by itself."""
    leases = doomed.leases("one", renewed_every=timedelta(0))
    with capture_logs() as said:
        async with leases.held("pst-aaaa", never) as ours:
            await doomed.store.close()
            await asyncio.sleep(0)
            assert ours is True
    assert "lease not given back" in {each["event"] for each in said}
    assert "pst-" not in str(said)


async def test_an_account_that_another_has_gives_way_to_one_that_is_free(two: Gateways) -> None:
    """Who waits asks for each, and does not stand behind those who came later."""
    async with two.leases("one").held(FIRST.secret, never), two.accounts("two").lease() as token:
        assert token == SECOND


async def test_who_finds_them_all_taken_is_told_in_time(two: Gateways) -> None:
    """Nobody waits for ever for what others have."""
    one = two.leases("one")
    async with one.held(FIRST.secret, never), one.held(SECOND.secret, never):
        with pytest.raises(UpstreamBusyError):
            async with two.accounts("two", 5).lease():
                raise AssertionError("both are taken")


async def test_one_paused_while_it_is_waited_for_is_not_waited_for_any_more(two: Gateways) -> None:
    """Who waits for the last account is told that none is left."""
    pool = two.accounts("two")
    pool.pause(SECOND.label, AccountState.UNPAID)

    async def ask() -> None:
        async with pool.lease():
            raise AssertionError("another has it")

    async with two.leases("one").held(FIRST.secret, never):
        asking = asyncio.create_task(ask())
        await asyncio.sleep(0)
        pool.pause(FIRST.label, AccountState.BANNED)
        with pytest.raises(NoAccountError):
            await asking
