"""The roster: a second account is used only by somebody's word, and old tokens are told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from audit.entry import Kind
from pipeline.novelai.accounts import Accounts, AccountState, Token
from pipeline.novelai.accounts_balance import Balances
from pipeline.novelai.accounts_roster import OLD, Roster
from pipeline.novelai.errors import AccountError
from tests.unit.pipeline.world import World

FIRST, SECOND, THIRD = ("pst-" + sign * 64 for sign in "abc")
MINUTE = timedelta(minutes=1)
TOLD = {
    "active": True,
    "trainingStepsLeft": {"fixedTrainingStepsLeft": 5, "purchasedTrainingSteps": 0},
}

Open = Callable[[], Roster]


@pytest.fixture
async def opened(house: World) -> AsyncIterator[Open]:
    """Rosters of one installation with two tokens in its environment, one after the other."""
    answer = httpx.Response(200, json=TOLD)
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: answer))

    def build(path: Path | None = None) -> Roster:
        accounts = Accounts(
            [Token("account-1", FIRST), Token("account-2", SECOND)],
            monotonic=lambda: 0.0,
            sleep=asyncio.sleep,
        )
        reckoning = house.reckoning(accounts, Balances("http://upstream", http))
        table, clock = house.store.accounts, house.clock
        return Roster(accounts, table, house.log, reckoning, clock, uuid4, path, declares=True)

    yield build
    await http.aclose()


async def test_a_second_account_is_used_once_it_is_declared(house: World, opened: Open) -> None:
    """The first needs no word; the declaration is an entry and outlives a restart."""
    roster = opened()
    (line,) = await roster.begin("process-1", MINUTE)
    before = roster.accounts.states()
    added = await roster.add(SECOND, "contract 7", "ana")
    again = opened()

    assert "account-2" in line
    assert before == {"account-1": AccountState.FREE, "account-2": AccountState.UNDECLARED}
    assert (added.label, added.state) == ("account-2", AccountState.FREE)
    assert await again.begin("process-2", MINUTE) == ()
    assert set(again.accounts.states().values()) == {AccountState.FREE}
    (leaf,) = [each for each in await house.leaves() if each.kind is Kind.CONFIG]
    assert (leaf.public["event"], leaf.public["name"]) == ("account.declared", "account-2")


async def test_a_new_account_has_no_place_in_the_environment(opened: Open) -> None:
    """It would be gone with the next start, and somebody would wonder."""
    roster = opened()
    with pytest.raises(AccountError, match="environment"):
        await roster.add(THIRD, "contract 8", "ana")
    assert len(roster.accounts.tokens()) == 2


async def test_a_token_of_90_days_is_to_be_rotated(house: World, opened: Open) -> None:
    """Its successor is young, and keeps what was declared; the environment has to be told."""
    await opened().begin("process-1", MINUTE)
    house.clock.at += OLD
    roster = opened()
    lines = await roster.begin("process-2", MINUTE)
    kept = await roster.rotate("account-1", THIRD, "ana")

    assert sum("90 days" in line for line in lines) == 2
    assert [each.is_old for each in await roster.listed()] == [False, True]
    assert kept is False
