"""Reckoning: what was counted for an account is what NovelAI took, or somebody is told."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from audit.entry import Kind
from audit.errors import NotDurableError
from pipeline.items import Halted, Released
from pipeline.novelai.accounts import Token
from pipeline.novelai.accounts_balance import Balances
from pipeline.novelai.accounts_ledger import Reckoned, Reckoning, drift_of
from pipeline.store.ledgers import Call, Ledger
from tests.unit.pipeline.world import World

PRICE = 5
"""What the desk charges in these tests."""


@dataclass(slots=True)
class Bank:
    """What NovelAI says is left; it says nothing while it is closed."""

    left: int = 1_000
    tier: int = 1
    closed: bool = False
    asked: list[str] = field(default_factory=list[str])

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer."""
        self.asked.append(request.url.path)
        steps = {"fixedTrainingStepsLeft": self.left, "purchasedTrainingSteps": 0}
        body = {"active": True, "tier": self.tier, "trainingStepsLeft": steps}
        return httpx.Response(503 if self.closed else 200, json=body)


@pytest.fixture
def bank() -> Bank:
    return Bank()


@pytest.fixture
async def reckoning(house: World, bank: Bank) -> AsyncIterator[Reckoning]:
    """The reckoning of the house's one account with that bank."""
    async with httpx.AsyncClient(transport=httpx.MockTransport(bank)) as http:
        yield house.reckoning(house.accounts, Balances("http://bank", http))


async def reckoned(reckoning: Reckoning) -> Reckoned:
    """Reckon the one account."""
    found = await reckoning.of(token_of(reckoning))
    assert found is not None
    return found


def token_of(reckoning: Reckoning) -> Token:
    """The one account's token."""
    (token,) = reckoning.accounts.tokens()
    return token


async def drifts(house: World) -> list[object]:
    """Every drift that the log knows."""
    leaves = [each for each in await house.leaves() if each.kind is Kind.CONFIG]
    assert all(each.public == {"event": "account.drift", "name": "account-1"} for each in leaves)
    return [(await house.log.detail(each.entry_id)).detail["drift"] for each in leaves]


async def test_what_was_counted_and_taken_is_no_drift(
    house: World, bank: Bank, reckoning: Reckoning
) -> None:
    """Nobody is told that all is well."""
    first = await reckoned(reckoning)
    for _ in range(3):
        assert isinstance(await house.end(), Released)
    bank.left -= 3 * PRICE
    then = await reckoned(reckoning)

    assert [each.balance.anlas for each in (first, then)] == [1_000, 985]
    assert (first.drift, then.drift) == (0, 0)
    assert await house.store.ledgers.get(token_of(reckoning).digest) == Ledger(
        token_of(reckoning).digest,
        opening=985,
        left=985,
        full=1_000,
        opus=False,
        seen_at=house.clock(),
    )
    assert await drifts(house) == []


async def test_what_novelai_took_beside_is_told_once_and_on_record(
    house: World, bank: Bank, reckoning: Reckoning
) -> None:
    """Somebody else uses the account, or prices are not what we think: from there it counts on."""
    await reckoning.look()
    await house.end()
    bank.left -= PRICE + 40
    with capture_logs() as said:
        told = await reckoned(reckoning)
        again = await reckoned(reckoning)

    assert (told.drift, again.drift) == (-40, 0)
    assert await drifts(house) == [-40]
    (line,) = said
    assert (line["log_level"], line["account"], line["anlas"]) == ("warning", "account-1", -40)


async def test_what_was_not_paid_for_is_not_expected_to_be_gone(
    house: World, reckoning: Reckoning
) -> None:
    """Refused by NovelAI before it did anything: it is taken back."""
    await reckoning.look()
    house.upstream.status = 402

    assert isinstance(await house.end(), Halted)
    assert (await reckoned(reckoning)).drift == 0
    assert await drifts(house) == []


async def test_a_call_under_way_may_be_paid_or_not(
    house: World, bank: Bank, reckoning: Reckoning
) -> None:
    """Also one whose outcome nobody knows: only what lies outside of both is drift."""
    await reckoning.look()
    submission = (await house.screened()).outcome.submission
    (token,) = house.accounts.tokens()
    await house.record.calling(submission, token.digest)
    found = []
    for left in (1_000, 1_000 - PRICE, 1_000 - PRICE - 1):
        bank.left = left
        found.append((await reckoned(reckoning)).drift)

    assert found == [0, 0, -1]


async def test_another_account_that_was_called_in_its_place_is_counted(
    house: World, reckoning: Reckoning
) -> None:
    """The first refused the token and took nothing."""
    await reckoning.look()
    submission = (await house.screened()).outcome.submission
    (token,) = house.accounts.tokens()
    await house.record.calling(submission, token.digest)
    await house.record.calling(submission, "b" * 64, again=True)

    ledgers = [await house.store.ledgers.get(each) for each in (token.digest, "b" * 64)]
    counted = [[call.most for call in each.calls] for each in ledgers]
    assert counted == [[], [PRICE]]


async def test_what_a_plan_includes_is_not_expected_to_be_taken(
    house: World, bank: Bank, reckoning: Reckoning
) -> None:
    """The tenant pays for it all the same."""
    bank.tier = 3
    await reckoning.look()
    await house.end(samples=2)
    two = (await house.store.ledgers.get(token_of(reckoning).digest)).calls
    bank.left -= two[0].most
    exact = await reckoning.of(token_of(reckoning))

    assert two[0].least == two[0].most == 2
    assert exact is not None
    assert exact.drift == 0


async def test_an_account_that_runs_low_is_told_until_it_is_filled_up(
    house: World, bank: Bank, reckoning: Reckoning
) -> None:
    """Four fifths of what was there at last: not at every look, and anew after it was filled."""
    told = []
    for left in (1_000, 201, 200, 100, 2_000, 500, 400):
        bank.left = left
        house.clock.passes(hours=1)
        with capture_logs() as said:
            low = (await reckoned(reckoning)).is_low
            await reckoning.look()
        lines = [line for line in said if line["log_level"] == "error"]
        assert len(lines) == low
        told.append(low)

    assert told == [False, False, True, True, False, False, True]
    async with house.client() as client:
        metrics = (await client.get("/metrics")).text
    assert "imprimatur_accounts_low 1.0" in metrics


async def test_who_says_nothing_is_left_for_the_next_time(
    house: World, bank: Bank, reckoning: Reckoning
) -> None:
    """Not knowing is no balance, and no drift."""
    await reckoning.look()
    bank.closed = True
    (token,) = house.accounts.tokens()
    before = await house.store.ledgers.get(token.digest)

    assert await reckoning.of(token) is None
    assert await house.store.ledgers.get(token.digest) == before


async def test_calls_do_not_pile_up_while_novelai_says_nothing(
    house: World, bank: Bank, reckoning: Reckoning
) -> None:
    """Before it ever said anything, and afterwards: nothing that was counted is lost by it."""
    bank.closed = True
    await house.end()
    await reckoning.look()
    never = await house.store.ledgers.get(token_of(reckoning).digest)
    bank.closed = False
    await reckoning.look()
    bank.closed = True
    await house.end()
    await reckoning.look()
    folded = await house.store.ledgers.get(token_of(reckoning).digest)
    bank.closed, bank.left = False, bank.left - PRICE

    assert (never.opening, never.calls) == (None, ())
    assert (folded.opening, folded.left, folded.calls) == (1_000 - PRICE, 1_000, ())
    assert (await reckoned(reckoning)).drift == 0


async def test_a_drift_that_cannot_be_written_down_is_found_again(
    house: World, bank: Bank, reckoning: Reckoning
) -> None:
    """The log comes first."""
    await reckoning.look()
    bank.left -= 40
    house.log.refuses = frozenset({Kind.CONFIG})
    with pytest.raises(NotDurableError):
        await reckoning.look()
    house.log.refuses = frozenset()

    assert (await reckoned(reckoning)).drift == -40


@given(
    st.integers(0, 10_000),
    st.lists(
        st.tuples(
            st.integers(0, 50), st.integers(0, 50), st.floats(0, 1), st.booleans(), st.booleans()
        ),
        max_size=8,
    ),
    st.integers(-500, 500),
)
def test_exactly_what_cannot_be_explained_is_drift(
    opening: int, calls: list[tuple[int, int, float, bool, bool]], beside: int
) -> None:
    """What is over was paid, somewhere in its bounds; what is under way was, or was not."""
    ledger = Ledger(
        "a",
        opening=opening,
        calls=tuple(
            Call(UUID(int=number), least, least + more, is_over)
            for number, (least, more, _, is_over, _) in enumerate(calls)
        ),
    )
    paid = sum(
        least + round(more * part)
        for least, more, part, is_over, is_paid in calls
        if is_over or is_paid
    )

    assert drift_of(ledger, opening - paid) == 0
    told = drift_of(ledger, opening - paid + beside)
    assert abs(told) <= abs(beside)
    if all(is_over and not more for _, more, _, is_over, _ in calls):
        assert told == beside
    assert drift_of(replace(ledger, opening=None), 5) == 0
