import asyncio

import pytest

from pipeline.novelai.accounts import (
    LEFT_ALONE_SECONDS,
    MOST_FAILURES,
    Accounts,
    AccountState,
    Token,
)
from pipeline.novelai.accounts_line import Line
from pipeline.novelai.accounts_signs import Objection, may_object, objection
from pipeline.novelai.errors import (
    NoAccountError,
    UpstreamBusyError,
    UpstreamFailedError,
    UpstreamObjectedError,
    UpstreamUnpaidError,
)
from pipeline.novelai.turns import Turns

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
            pool.pause(token.label, AccountState.REFUSED)
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
            pool.pause(token.label, AccountState.REFUSED)
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

    async def test_tenants_take_turns(self) -> None:
        """Whoever asks for a hundred pictures keeps nobody waiting for a hundred."""
        pool, order = accounts(FIRST), list[str]()

        async def use(tenant: str) -> None:
            async with pool.lease(tenant):
                order.append(tenant)
                await settle()

        await asyncio.gather(*(use(tenant) for tenant in ("a", "a", "a", "a", "b", "b")))

        assert order == ["a", "a", "b", "a", "b", "a"]

    async def test_whoever_is_waited_for_goes_before_jobs(self) -> None:
        """Of whatever tenant; and yet a job has every fifth turn, or it would never come."""
        pool, order = accounts(FIRST), list[str]()

        async def use(name: str) -> None:
            async with pool.lease(name[0], is_job=name.endswith("job")):
                order.append(name)
                await settle()

        asked = ["a job", "b job", "b job", *("a now" for _ in range(6)), "b now"]
        await asyncio.gather(*map(use, asked))

        before = ["a now", "b now", "a now", "a now"]
        after = ["a now", "a now", "a now"]
        assert order == ["a job", *before, "b job", *after, "b job"]

    async def test_a_job_waits_for_longer(self) -> None:
        """Nobody waits for it, so a full house or an account that rests ends nothing."""
        clock = Clock()
        pool = accounts(FIRST, clock=clock, longest_wait_seconds=0.01)
        async with pool.lease():
            waiting = asyncio.create_task(_hold(pool, is_job=True))
            await asyncio.sleep(0.05)
            assert not waiting.done()
            pool.rest("first", 300)
        await waiting
        assert max(clock.slept) == 300

    async def test_an_account_that_fails_again_and_again_is_left_alone_for_a_while(self) -> None:
        """What is paid for and never comes is not asked for a hundred times a minute."""
        clock = Clock()
        pool = accounts(FIRST, clock=clock)
        for _ in range(MOST_FAILURES):
            async with pool.lease() as token:
                pool.failed(token, UpstreamFailedError(500))
        assert pool.states() == {"first": AccountState.FAILING}
        with pytest.raises(UpstreamBusyError) as caught:
            await _hold(pool)
        clock.seconds += LEFT_ALONE_SECONDS

        assert caught.value.retry_after_seconds == LEFT_ALONE_SECONDS
        async with pool.lease() as token:  # tried once, and left alone again at once
            pool.failed(token, UpstreamFailedError(500))
        assert pool.states() == {"first": AccountState.FAILING}

    async def test_a_generation_that_comes_back_ends_the_count(self) -> None:
        """Now and then one fails, and nothing is wrong."""
        pool = accounts(FIRST)
        for _ in range(MOST_FAILURES):
            async with pool.lease() as token:
                pool.failed(token, UpstreamFailedError(500))
                pool.worked(token)
        assert pool.states() == {"first": AccountState.FREE}

    @pytest.mark.parametrize(
        ("fault", "state"),
        [
            (UpstreamUnpaidError(402), AccountState.UNPAID),
            (UpstreamObjectedError(400, "first", banned=False), AccountState.SUSPECT),
            (UpstreamObjectedError(403, "first", banned=True), AccountState.BANNED),
        ],
    )
    async def test_what_somebody_has_to_mend_pauses_the_account(
        self, fault: UpstreamUnpaidError, state: AccountState
    ) -> None:
        """It would be answered the same again, or worse."""
        pool = accounts(FIRST, SECOND)
        async with pool.lease() as token:
            pool.failed(token, fault)
        for _ in range(3):
            async with pool.lease() as other:
                assert other is SECOND
        assert pool.states()["first"] is state
        pool.resume("first")
        assert pool.states()["first"] is AccountState.FREE

    async def test_an_account_that_rests_is_the_last_to_be_taken(self) -> None:
        """Another process may be generating with it; the other account is free."""
        clock = Clock()
        pool = accounts(FIRST, SECOND, clock=clock, spacing_seconds=0)
        pool.rest("first", 30)
        async with pool.lease() as one:
            assert one is SECOND
            async with pool.lease() as other:
                assert other is FIRST
        assert clock.slept == [30.0]

    async def test_a_rest_longer_than_anybody_waits_is_told(self) -> None:
        """With the time after which to come back."""
        pool = accounts(FIRST)
        pool.rest("first", 90)
        with pytest.raises(UpstreamBusyError) as caught:
            await _hold(pool)
        assert caught.value.retry_after_seconds == 90

    async def test_an_account_that_is_added_takes_from_those_who_wait(self) -> None:
        """Without a restart."""
        pool = accounts(FIRST)
        async with pool.lease():
            waiting = asyncio.create_task(_hold(pool))
            await settle()
            pool.add(SECOND)
            await waiting
        assert [token.label for token in pool.tokens()] == ["first", "second"]
        with pytest.raises(ValueError, match="first"):
            pool.add(FIRST)

    async def test_another_token_is_used_from_the_next_generation_on(self) -> None:
        """A rotation needs no restart, and mends what NovelAI refused."""
        pool = accounts(FIRST)
        async with pool.lease() as token:
            pool.pause(token.label, AccountState.REFUSED)
        pool.replace(Token("first", "pst-dddd"))
        async with pool.lease() as token:
            assert token.secret == "pst-dddd"

    async def test_a_new_token_does_not_lift_what_a_person_has_to_look_at(self) -> None:
        """Or a rotation would hide a case."""
        pool = accounts(FIRST)
        pool.pause("first", AccountState.SUSPECT)
        pool.replace(Token("first", "pst-dddd"))
        assert pool.states() == {"first": AccountState.SUSPECT}


class TestLine:
    def test_who_leaves_is_not_called(self) -> None:
        """And leaves no empty place behind."""
        line = Line[str]()
        line.join("a", "one")
        line.join("b", "two")
        line.leave("a", "one")
        line.leave("a", "one")

        assert (len(line), line.call(), line.call()) == (1, "two", None)


class TestTurns:
    async def test_so_many_have_a_turn_at_once_and_tenants_share_them(self) -> None:
        """Who queues a hundred jobs keeps no other tenant's from their turn."""
        turns, order, most = Turns(2), list[str](), 0
        inside = 0

        async def use(tenant: str) -> None:
            nonlocal inside, most
            async with turns.taken(tenant):
                order.append(tenant)
                inside += 1
                most = max(most, inside)
                await settle()
                inside -= 1

        await asyncio.gather(*map(use, "aaaaaabb"))

        assert most == 2
        assert "".join(order) == "aaababaa"

    async def test_who_leaves_takes_no_turn_along(self) -> None:
        """Cancelled in the line, at its call, or within."""
        turns = Turns(1)
        async with turns.taken("a"):
            gone, called, last = [asyncio.create_task(_turn(turns)) for _ in range(3)]
            await settle()
            gone.cancel()
            await settle()
        called.cancel()  # it was just called, and does not know yet
        await settle()
        await last
        with pytest.raises(ZeroDivisionError):
            async with turns.taken("a"):
                raise ZeroDivisionError
        await _turn(turns)

        assert gone.cancelled()
        assert called.cancelled()


async def _turn(turns: Turns) -> None:
    async with turns.taken("a"):
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("status", "kind", "body", "expected"),
    [
        (451, "text/html", b"<html>", Objection.CONTENT),
        (400, "application/json", b'{"message": "Violates our Terms of Service"}', "CONTENT"),
        (403, "application/json; charset=utf-8", b'{"message": "This user is banned."}', "ACCOUNT"),
        (401, "application/json", b'{"message": "Account suspended"}', "ACCOUNT"),
        (400, "application/json", b'{"message": "Validation error: steps"}', "NONE"),
        (400, "application/json", b'{"message": 7}', "NONE"),
        (400, "application/json", b"\xff[[[", "NONE"),
        (403, "text/html", b"banned", "NONE"),
        (500, "application/json", b'{"message": "banned"}', "NONE"),
    ],
)
def test_the_words_of_a_refusal_say_what_it_objects_to(
    status: int, kind: str, body: bytes, expected: Objection | str
) -> None:
    """A page of the front, or a mistake in a request, is no objection and pauses nobody."""
    told = objection(status, body) if may_object(status, kind) else Objection.NONE
    assert told.name == getattr(expected, "name", expected)


async def _hold(pool: Accounts, *, is_job: bool = False) -> None:
    async with pool.lease(is_job=is_job):
        await settle()
        await settle()
