from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.ages import REACH, Ages
from classifiers.vocabulary import shipped

AGES = Ages(shipped().ages)
NEEDED = sorted({need for one in AGES._patterns for need in one.needs})
PIECES = st.sampled_from(
    ["9", "12", "aged ", "twelve ", "nine", " years old", "13 лет", "十二歳", "12세", "a, "]
)
TEXTS = st.lists(
    st.one_of(PIECES, st.sampled_from(NEEDED), st.integers(0, 2 * REACH).map("x ".__mul__))
).map("".join)


def everywhere(text: str) -> list[tuple[str, int, int]]:
    """What each pattern finds in the whole of a text that holds what it needs."""
    return [
        (one.id, *match.span())
        for one in AGES._patterns
        if any(need in text for need in one.needs)
        for match in one.pattern.finditer(text)
    ]


@given(TEXTS)
def test_nothing_is_lost_by_looking_only_around_what_a_pattern_needs(text: str) -> None:
    """A window too narrow would let an age pass for its place in a long text."""
    found = [(age.id, age.start, age.end) for age in AGES.find(text)]

    assert sorted(found) == sorted(everywhere(text))


@pytest.mark.parametrize("far", [0, 1, REACH - 1, REACH, 5 * REACH])
def test_an_age_is_found_wherever_it_stands(far: int) -> None:
    """Also where two windows meet."""
    text = f"{'x ' * far}aged twelve {'x ' * far}13 years old{' x' * far}"

    assert [age.is_minor for age in AGES.find(text)] == [True, True]


def test_no_pattern_is_half_as_long_as_its_window() -> None:
    """Whoever adds a longer one is told here, not by what it misses."""
    parse = import_module("re._parser").parse

    assert all(parse(one.pattern.pattern).getwidth()[1] < REACH / 2 for one in AGES._patterns)
