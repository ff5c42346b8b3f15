"""Where somebody stands follows from their strikes, and from nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from pipeline.duties.enforcement.ladder import LONGEST, Ladder, Step
from pipeline.duties.enforcement.standing import Standing, standing
from pipeline.store.strikes import Strike

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LADDER = Ladder.read()


def strike(number: int, weight: int = 1, days: float = 0, counts: float = 90) -> Strike:
    at = NOON + days * DAY
    known_as = UUID(int=number)
    return Strike(
        id=known_as,
        tenant="t",
        subject="s",
        submission=known_as,
        entry=known_as,
        code="VIO.TORTURE",
        told=True,
        weight=weight,
        at=at,
        expires_at=at + counts * DAY,
    )


def at(days: float, *strikes: Strike) -> Standing:
    return standing(strikes, LADDER, NOON + days * DAY)


def test_each_strike_takes_the_step_that_it_reaches() -> None:
    """Warned, then kept waiting, then the general audience alone, then nothing at all."""
    first, second, third, fourth = (strike(number, days=number) for number in range(4))

    assert at(0, first).step is Step.WARN
    assert at(1, first, second).step is Step.COOL_DOWN
    assert at(1, first, second).stops
    assert at(1.9, first, second).until == NOON + 2 * DAY
    assert at(2, first, second).step is Step.WARN  # what it was before: the day is over
    assert at(2, first, second, third).safe_only
    assert at(3, first, second, third, fourth).step is Step.SUSPEND


def test_one_that_is_grave_goes_further_at_once() -> None:
    """What is weighed is what was done."""
    assert at(0, strike(1, weight=4)).step is Step.SUSPEND
    assert at(8, strike(1, weight=4)).safe_only  # the week is over, the fortnight is not
    assert at(0, strike(1, weight=4), strike(2, weight=4)).step is Step.REFER


def test_an_old_strike_does_not_count_any_more() -> None:
    """Nobody is reminded for ever."""
    old, new = strike(1, days=0, counts=90), strike(2, days=91)

    assert at(91, old, new) == Standing(Step.WARN, NOON + 181 * DAY, (new,))
    assert at(90, old) == Standing(None, None, ())


def test_a_milder_step_does_not_end_a_graver_one() -> None:
    """The gravest that is in force holds."""
    grave, mild = strike(1, weight=4, days=0, counts=1), strike(2, days=2)

    assert at(2, grave, mild).step is Step.SUSPEND


strikes = st.lists(
    st.builds(
        strike,
        st.integers(0, 10_000),
        st.integers(1, 5),
        st.floats(0, 200, allow_nan=False),
        st.floats(1, 366, allow_nan=False),
    ),
    max_size=8,
    unique_by=lambda each: each.id,
)


@given(strikes, st.floats(0, 800, allow_nan=False))
def test_whatever_was_done_it_ends(found: list[Strike], days: float) -> None:
    """What no person decided lasts thirty days at most; a warning as long as its strike."""
    stands = at(days, *found)

    assert (stands.step is None) is (stands.until is None)
    if stands.until is not None:
        newest = max(each.at for each in found)
        lasts = max(LONGEST, max(each.expires_at for each in found) - newest)
        assert NOON + days * DAY < stands.until <= newest + lasts
    assert at(2000, *found).step is None


@given(strikes, st.data(), st.floats(0, 300, allow_nan=False))
def test_what_is_taken_back_leaves_no_trace(
    found: list[Strike], data: st.DataObject, days: float
) -> None:
    """An appeal that is right leaves everything as if nothing had been."""
    kept = [each for each in found if data.draw(st.booleans())]

    assert at(days, *kept) == at(days, *sorted(kept, key=lambda each: each.id))
    without, whole = at(days, *kept), at(days, *found)
    ranks = [-1 if each.step is None else each.step.rank for each in (without, whole)]
    assert ranks[0] <= ranks[1]


def test_the_order_in_which_they_are_read_does_not_matter() -> None:
    """A follower that was cut off reads some again."""
    first, second = strike(1, days=0), strike(2, days=1)

    assert at(1, second, first) == at(1, first, second)
    assert at(0.5, first, second) == at(0.5, first)
    assert at(1, first, replace(second, weight=3)).step is Step.SUSPEND
