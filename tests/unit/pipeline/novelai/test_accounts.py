import asyncio

import pytest

from pipeline.novelai.accounts import Accounts, AccountState, Token
from pipeline.novelai.errors import NoAccountError, UpstreamBusyError

FIRST, SECOND = Token("first", "pst-aaaa"), Token("second", "pst-bbbb")


class Clock:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 100.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


def accounts(*tokens: Token, clock: Clock | None = None, **more: float) -> Accounts:
    clock = clock or Clock()
    return Accounts(
        tokens,
        monotonic=clock.monotonic,
        sleep=clock.sleep,
        spacing_seconds=more.get("spacing_seconds", 1.0),
        most_waiting=int(more.get("most_waiting", 64)),
        longest_wait_seconds=more.get("longest_wait_seconds", 60.0),
    )


async def settle() -> None:
    """Let every task go on until it waits."""
    for _ in range(20):
        await asyncio.sleep(0)


class TestToken:
    def test_it_shows_its_label_and_nothing_else(self) -> None:
        """A token in a log is a token that somebody else uses."""
        for shown in (repr(FIRST), str(FIRST), f"{FIRST}", f"{[FIRST]}"):
            assert "pst-" not in shown
            assert "first" in shown


class TestAccounts:
    async def test_a_token_generates_one_thing_at_a_time(self) -> None:
        """NovelAI locks the account, and a second request would only fail."""
        pool, order = accounts(FIRST), list[str]()

        async def use(name: str) -> None:
            async with pool.lease():
                order.append(f"{name} in")
                await settle()
                order.append(f"{name} out")

        await asyncio.gather(*(use(name) for name in "abc"))

        assert order == ["a in", "a out", "b in", "b out", "c in", "c out"]

    async def test_as_many_generate_as_there_are_tokens(self) -> None:
        """Each with a token of its own."""
        pool = accounts(FIRST, SECOND)
        async with pool.lease() as one, pool.lease() as two:
            assert {one, two} == {FIRST, SECOND}
            assert set(pool.states().values()) == {AccountState.GENERATING}
        assert set(pool.states().values()) == {AccountState.FREE}

    async def test_a_token_rests_between_two_uses(self) -> None:
        """Requests without a pause look like automation."""
        clock = Clock()
        pool = accounts(FIRST, clock=clock, spacing_seconds=1.5)
        async with pool.lease():
            clock.seconds += 10
        clock.seconds += 0.5
        async with pool.lease():
            pass
        assert clock.slept == [1.0]

    async def test_a_lease_ends_however_it_is_left(self) -> None:
        """A fault must not take an account out of service."""
        pool = accounts(FIRST)
        with pytest.raises(ZeroDivisionError):
            async with pool.lease():
                raise ZeroDivisionError
        leaving = asyncio.create_task(_hold(pool))
        await settle()
        leaving.cancel()
        await settle()
        async with pool.lease() as token:
            assert token is FIRST

    async def test_one_who_stops_waiting_takes_no_turn(self) -> None:
        """A client that left must not leave the account locked."""
        pool = accounts(FIRST)
        async with pool.lease():
            waiting = asyncio.create_task(_hold(pool))
            await settle()
            waiting.cancel()
            await settle()
        async with pool.lease() as token:
            assert token is FIRST

    async def test_a_refused_token_is_never_lent_again(self) -> None:
        """Asking again with it would be answered 401 for ever."""
        pool = accounts(FIRST, SECOND)
        async with pool.lease() as token:
            pool.refuse(token)
        for _ in range(3):
            async with pool.lease() as other:
                assert other is not token
        assert sorted(pool.states().items()) == [
            ("first", AccountState.REFUSED),
            ("second", AccountState.FREE),
        ]

    async def test_all_who_wait_learn_that_no_token_is_left(self) -> None:
        """Otherwise they would wait for ever for what never comes."""
        pool = accounts(FIRST)
        async with pool.lease() as token:
            waiting = [asyncio.create_task(_hold(pool)) for _ in range(3)]
            await settle()
            pool.refuse(token)
        for outcome in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(outcome, NoAccountError)
        with pytest.raises(NoAccountError):
            await _hold(pool)

    async def test_who_comes_when_too_many_wait_is_told_when_to_return(self) -> None:
        """A queue without an end only delays the refusal until the client is gone."""
        pool = accounts(FIRST, most_waiting=2)
        async with pool.lease():
            waiting = [asyncio.create_task(_hold(pool)) for _ in range(2)]
            await settle()
            with pytest.raises(UpstreamBusyError) as caught:
                await _hold(pool)
            for task in waiting:
                task.cancel()
        assert caught.value.retry_after_seconds > 0

    async def test_who_waits_too_long_is_told_when_to_return(self) -> None:
        """Nothing was sent, so nothing is lost by saying no."""
        pool = accounts(FIRST, longest_wait_seconds=0.01)
        async with pool.lease():
            with pytest.raises(UpstreamBusyError):
                await _hold(pool)

    @pytest.mark.parametrize("tokens", [(), (FIRST, Token("first", "pst-cccc"))])
    def test_accounts_need_tokens_with_labels_of_their_own(self, tokens: tuple[Token, ...]) -> None:
        """Two accounts under one name cannot be told apart in the log."""
        with pytest.raises(ValueError, match="labels") as caught:
            accounts(*tokens)
        assert "pst-" not in str(caught.value)


async def _hold(pool: Accounts) -> None:
    async with pool.lease():
        await settle()
        await settle()
