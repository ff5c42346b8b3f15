"""Spacing: what repeats comes ever more seldom, and what is new comes at once."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipeline.telemetry.spacing import Spacing

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def turns(spacing: Spacing, seconds: int) -> list[int]:
    """In which seconds its turn comes, if it is asked every second."""
    return [each for each in range(seconds) if spacing.is_due("disk", NOON + each * SECOND)]


def test_waits_double_up_to_the_longest() -> None:
    """A failure that lasts a day is told a few dozen times."""
    assert turns(Spacing(timedelta(seconds=8)), 40) == [0, 1, 3, 7, 15, 23, 31, 39]


def test_each_thing_has_turns_of_its_own() -> None:
    """A new failure is not lost among the lines of an old one."""
    spacing = Spacing(timedelta(hours=1))
    assert turns(spacing, 100)

    assert spacing.is_due("key", NOON)


def test_what_is_forgotten_comes_at_once() -> None:
    """Its return is news."""
    spacing = Spacing(timedelta(hours=1))
    assert turns(spacing, 100)

    spacing.forget("disk")

    assert turns(spacing, 2) == [0, 1]


@given(st.timedeltas(min_value=SECOND, max_value=timedelta(days=9)))
def test_a_clock_that_is_set_back_keeps_nothing_waiting(back: timedelta) -> None:
    """Else a seizure would wait until the old time comes again."""
    spacing = Spacing(timedelta(hours=1))
    assert spacing.is_due("disk", NOON)

    assert spacing.is_due("disk", NOON - back)
