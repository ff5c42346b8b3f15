from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.content import Grammar, Polarity
from classifiers.normalise.grammar import runs, spans, weights

ANY = st.text(alphabet='ab1-.:|{}[] "\n', max_size=60)


def asked(text: str, polarity: Polarity, grammar: Grammar = Grammar.V4) -> str:
    """Return the letters x, y and z that are asked for in effect."""
    return "".join(
        letter
        for run in runs(text, weights(text), polarity, grammar)
        if run.polarity is Polarity.POSITIVE
        for letter in text[run.start : run.end]
        if letter in "xyz"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x, y", "xy"),
        ("1.5::x::, y", "xy"),
        ("-1::x::, y", "y"),
        ("0::x::, y", "y"),
        ("-0.8::x, y:: z", "z"),
        ("-1::x 2::y", "y"),
        ("-1::x|y", "y"),
        ("5-1::x", "x"),
        ("w-1::x", "x"),
        ("-::x", "x"),
        ("\u22121::x", "x"),
    ],
)
def test_only_a_clear_minus_takes_a_word_out_of_a_prompt(text: str, expected: str) -> None:
    """Else a weight that NovelAI reads otherwise would hide a word from the gate."""
    assert asked(text, Polarity.POSITIVE) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("x, y", ""), ("2::x::", ""), ("-1::x::, y", "x"), ("5-1::x", "x"), ("-::x", "x")],
)
def test_a_minus_in_a_negative_prompt_asks_for_the_word(text: str, expected: str) -> None:
    """A negative of a negative draws the picture towards it."""
    assert asked(text, Polarity.NEGATIVE) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x|y:0.3|z", "xyz"),
        ("x|y:-0.3|z", "xz"),
        ("x|y:0", "x"),
        ("x:0", "x"),
        ("x|y: 0", "xy"),
        ("x|y:-", "xy"),
        ("-1::x::", "x"),
    ],
)
def test_mixing_weights_hold_in_the_older_grammar(text: str, expected: str) -> None:
    """`W::` means nothing there; a piece's `:W` does, where there are pieces."""
    assert asked(text, Polarity.POSITIVE, Grammar.V3) == expected


@pytest.mark.parametrize(("text", "expected"), [("x|y:-1", "y"), ("x:-1", "x"), ("x|y: -1", "y")])
def test_a_mixing_weight_turns_a_negative_prompt(text: str, expected: str) -> None:
    """There, doubt turns."""
    assert asked(text, Polarity.NEGATIVE, Grammar.V3) == expected


@given(ANY, st.sampled_from(Polarity), st.sampled_from(Grammar))
def test_the_runs_cover_the_text_without_gaps(
    text: str, polarity: Polarity, grammar: Grammar
) -> None:
    """What no run covers would have no polarity."""
    found = runs(text, weights(text), polarity, grammar)

    assert "".join(text[run.start : run.end] for run in found) == text
    assert all(before.end == after.start for before, after in pairwise(found))


@given(ANY, st.sampled_from(Grammar))
def test_marks_hold_no_words(text: str, grammar: Grammar) -> None:
    """They are taken out of the text."""
    for start, end in spans(text, weights(text), grammar):
        assert not any(letter.isalpha() for letter in text[start:end])
