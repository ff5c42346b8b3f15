"""What one gateway hears of an account, or a changed file says, all do within seconds."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from audit.entry import Kind
from pipeline.errors import StoreUnavailableError
from pipeline.novelai.accounts import Accounts, AccountState, Token
from pipeline.novelai.accounts_balance import Balances
from pipeline.novelai.accounts_following import Following
from pipeline.novelai.accounts_roster import Roster, digest_of
from pipeline.novelai.errors import NoAccountError
from pipeline.store.accounts import AccountTable
from pipeline.store.store import Store
from tests.unit.pipeline.world import World

FIRST, SECOND, THIRD, REFUSED = ("pst-" + sign * 64 for sign in "abcd")
ONE = Token("account-1", FIRST)
TOLD = {
    "active": True,
    "trainingStepsLeft": {"fixedTrainingStepsLeft": 5, "purchasedTrainingSteps": 0},
}


def _upstream(request: httpx.Request) -> httpx.Response:
    is_refused = REFUSED in request.headers["Authorization"]
    return httpx.Response(401 if is_refused else 200, json=TOLD)


@dataclass
class Gateways:
    """Two gateways on one store with one file of tokens; the first keeps house."""

    house: World
    secrets: Path
    one: Following
    two: Following

    async def write(self, *secrets: str) -> None:
        """Put tokens into the file, and let both look."""
        self.secrets.write_text("# ours\n" + "".join(f"{each}\n" for each in secrets))
        await self.look()

    async def look(self) -> None:
        """Let both look, the one that keeps no house first and last."""
        for following in (self.two, self.one, self.two):
            await following.round()

    def states(self, number: int = 0) -> list[AccountState]:
        """What an account does in each."""
        return [[*states_of(each).values()][number] for each in (self.one, self.two)]

    def used(self) -> list[list[str]]:
        """Which tokens each uses."""
        gateways = (self.one, self.two)
        return [[token.secret for token in each.roster.accounts.tokens()] for each in gateways]


def states_of(following: Following) -> dict[str, AccountState]:
    """What each account of a gateway does."""
    return dict(following.roster.accounts.states())


@pytest.fixture
async def both(house: World, tmp_path: Path) -> AsyncIterator[Gateways]:
    """Two gateways with two accounts."""
    secrets = tmp_path / "tokens"
    secrets.write_text(f"{FIRST}\n{SECOND}\n")
    async with httpx.AsyncClient(transport=httpx.MockTransport(_upstream)) as http:

        def gateway(table: AccountTable, *, keeps: bool) -> Following:
            pool = Accounts(
                [ONE, Token("account-2", SECOND)], monotonic=lambda: 0.0, sleep=asyncio.sleep
            )
            roster = Roster(
                pool,
                table,
                house.log,
                house.reckoning(pool, Balances("http://upstream", http)),
                house.clock,
                uuid4,
                secrets,
                declares=False,
            )

            async def answer() -> bool:
                return keeps

            return Following(roster, answer)

        table = house.store.accounts
        made = Gateways(house, secrets, gateway(table, keeps=True), gateway(table, keeps=False))
        for following in (made.one, made.two):
            await following.roster.begin("owner", house.clock.at - house.clock.at)
        yield made


async def test_a_pause_and_its_end_reach_every_gateway(both: Gateways) -> None:
    """One that NovelAI banned must not be used on by those who did not hear it."""
    both.one.roster.accounts.pause(ONE.label, AccountState.BANNED)
    await both.house.store.accounts.pause(digest_of(ONE), AccountState.BANNED, both.house.clock())
    await both.look()
    paused = both.states()
    await both.two.roster.resume(ONE.label, "ana", "a mistake of theirs")
    await both.look()

    assert paused == [AccountState.BANNED] * 2
    assert both.states() == [AccountState.FREE] * 2


async def test_a_pause_that_was_not_written_stands_and_is_written(both: Gateways) -> None:
    """A store that was away at that moment must not end it."""
    both.one.roster.accounts.pause(ONE.label, AccountState.SUSPECT)
    await both.one.round()
    await both.two.round()

    assert both.states() == [AccountState.SUSPECT] * 2


async def test_what_is_paused_for_another_reason_is_left_as_it_is(both: Gateways) -> None:
    """That a token was refused, or cannot pay, each gateway hears by itself."""
    both.one.roster.accounts.pause(ONE.label, AccountState.UNPAID)
    await both.look()

    assert both.states() == [AccountState.UNPAID, AccountState.FREE]


async def test_a_changed_file_rotates_without_a_restart_and_once(both: Gateways) -> None:
    """Secrets are mounted and changed from outside; of two gateways one writes it down."""
    await both.write(THIRD, SECOND)

    assert both.used() == [[THIRD, SECOND]] * 2
    assert both.states() == [AccountState.FREE] * 2
    told = [each.public for each in await both.house.leaves() if each.kind is Kind.CONFIG]
    assert [(each["event"], each["name"]) for each in told] == [("account.rotated", ONE.label)]


async def test_a_token_that_novelai_does_not_accept_replaces_none(both: Gateways) -> None:
    """A slip of the hand must not stop an account that works."""
    await both.write(REFUSED, SECOND)
    await both.write("pst-half", SECOND)

    assert both.used() == [[FIRST, SECOND]] * 2
    assert both.states() == [AccountState.FREE] * 2


async def test_a_file_that_is_gone_is_a_fault_and_changes_nothing(both: Gateways) -> None:
    """Nobody knows what stood there."""
    both.secrets.unlink()

    with pytest.raises(FileNotFoundError):
        await both.one.round()
    assert both.used() == [[FIRST, SECOND]] * 2


async def test_what_was_rotated_where_the_file_is_another_is_not_used_on(both: Gateways) -> None:
    """The old token is nobody's any more, until this gateway is given the new one."""
    await both.one.roster.rotate(ONE.label, THIRD, "ana")
    both.secrets.write_text(f"{FIRST}\n{SECOND}\n")
    await both.two.round()

    assert states_of(both.two)[ONE.label] is AccountState.REFUSED
    both.secrets.write_text(f"{THIRD}\n{SECOND}\n")
    await both.two.round()
    assert states_of(both.two)[ONE.label] is AccountState.FREE


async def test_an_account_that_was_added_in_one_gateway_is_used_in_the_others(
    both: Gateways,
) -> None:
    """They share the file, and the declaration."""
    await both.one.roster.add(THIRD, "contract 7", "ana")
    await both.two.round()

    assert both.used() == [[FIRST, SECOND, THIRD]] * 2


async def test_a_line_that_nobody_declared_is_no_account(both: Gateways) -> None:
    """An account beside the others needs somebody's word."""
    await both.write(FIRST, SECOND, THIRD)

    assert both.used() == [[FIRST, SECOND]] * 2


async def test_without_the_store_all_stays_as_it_is(both: Gateways, tmp_path: Path) -> None:
    """Whoever is paused stays so; and without the store nothing is leased."""
    both.one.roster.accounts.pause(ONE.label, AccountState.BANNED)
    both.one.roster.accounts.pause("account-2", AccountState.BANNED)
    closed = Store.open(tmp_path / "closed.db")
    await closed.close()

    lost = replace(both.one, roster=replace(both.one.roster, table=closed.accounts))
    with pytest.raises(StoreUnavailableError):
        await lost.round()

    with pytest.raises(NoAccountError):
        async with both.one.roster.accounts.lease():
            raise AssertionError("both are banned")
