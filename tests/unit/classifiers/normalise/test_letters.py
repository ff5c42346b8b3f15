import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifiers.normalise.letters import (
    ALNUM,
    ALPHA,
    Alphabet,
    Letters,
    after,
    before,
    codes_of,
    covered,
    groups,
)

ANY = st.text(st.characters(), max_size=60) | st.text(
    st.characters(categories=["Cs", "Lo", "Nd"]), max_size=60
)


@given(ANY)
def test_text_goes_there_and_back(text: str) -> None:
    """Lone surrogates included: a request may hold anything."""
    letters = Letters.of(text)

    assert letters.text == text
    assert list(letters.sources()) == list(range(len(text)))
    assert letters.turned().text == text[::-1]


@given(ANY)
def test_kinds_are_what_str_says(text: str) -> None:
    """The table is filled as letters are met; it must not depend on the order."""
    assert ALNUM.of(codes_of(text)).tolist() == [letter.isalnum() for letter in text]
    assert ALPHA.of(codes_of(text)).tolist() == [letter.isalpha() for letter in text]


@given(ANY)
def test_an_alphabet_changes_its_own_letters_only(text: str) -> None:
    """Length stays, so that places hold."""
    table = {ord("a"): ord("b"), 0x3042: ord("c")}

    assert Letters.of(text).written(Alphabet(table).of(codes_of(text))).text == text.translate(
        table
    )


def test_a_replaced_text_is_spread_over_its_place() -> None:
    """Each letter of what was decoded leads to about where it stood."""
    letters = Letters.of("ab&amp;c")

    said = letters.replaced(["ab", "<&>", "c"], [(0, 2), (2, 7), (7, 8)])

    assert said.text == "ab<&>c"
    assert list(said.sources()) == [0, 1, 2, 3, 5, 7]
    assert not letters.replaced([], []).text


@given(st.lists(st.booleans(), max_size=20))
def test_neighbours_and_groups(bits: list[bool]) -> None:
    """The bricks of every view."""
    mask = np.array(bits, np.bool_)

    assert before(mask).tolist() == [False, *bits][: len(bits)]
    assert after(mask).tolist() == [*bits, False][1:]
    starts = [at for at, bit in enumerate(bits) if bit and not (at and bits[at - 1])]
    assert [int(groups(mask)[at]) for at in starts] == list(range(1, len(starts) + 1))


@given(st.lists(st.tuples(st.integers(0, 10), st.integers(0, 10)).map(sorted), max_size=5))
def test_what_is_covered(spans: list[list[int]]) -> None:
    """Spans may overlap, and may be empty."""
    pairs = [(start, end) for start, end in spans]

    assert covered(pairs, 10).tolist() == [
        any(start <= at < end for start, end in pairs) for at in range(10)
    ]
