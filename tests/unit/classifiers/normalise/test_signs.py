# ruff: noqa: RUF001 (letters that look like others are the subject)
"""The signs of weights, held against a second reading that tries every branch by itself."""

import re
from collections.abc import Iterator
from itertools import product
from math import prod

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from classifiers.content import Grammar, Polarity
from classifiers.normalise.grammar import runs, weights

WORD = "lamp"
MOST = 4096
"""Branches that are worth trying."""
_RANDOM = re.compile(r"\|\|(.*?)\|\|", re.DOTALL), re.compile(r"\|\|(.*?)\|\|(?!\|)", re.DOTALL)
_MARK = r"(-?\d*\.?\d*)::"
_LOOKALIKE_MINUS = str.maketrans("−－–", "---")

WEIGHTS = st.sampled_from(
    ["-1::", "0::", "1::", "::", "5", "0", "-", "1", "-1", ":", "", "a", ", "]
)
MARKS = st.sampled_from([*"{}[]|:-., 1", "||", "−", "－", "１"])
PIECES = st.lists(st.one_of(WEIGHTS, WEIGHTS, MARKS), max_size=2).map("".join)
RANDOMISERS = st.lists(PIECES, min_size=1, max_size=3).map("|".join).map("||{}||".format)


@st.composite
def prompts(draw: st.DrawFn) -> str:
    """Give what the marks of the grammar can spell around one word."""
    before = draw(st.lists(st.one_of(PIECES, RANDOMISERS), max_size=5))
    after = draw(st.one_of(PIECES, RANDOMISERS))
    return "".join([*before, WORD, after])


def branches(text: str) -> Iterator[str]:
    """Give each text that randomisers may leave; what is not closed is no randomiser."""
    for pattern in _RANDOM:
        parts = pattern.split(text)
        choices = [part.split("|") if at % 2 else [part] for at, part in enumerate(parts)]
        if prod(map(len, choices)) <= MOST:
            yield from map("".join, product(*choices))


def signs(branch: str) -> set[int]:
    """Return the signs of weight that the word may stand under in one branch.

    In doubt are what reads as a minus, what is a digit, what a lone sign sets, and whether `|`
    ends a weight.
    """
    place = branch.find(WORD)
    found: set[int] = set()
    if place < 0:
        return found
    head = branch[:place]
    readings = (head, 1.0), (head, -1.0), (head.translate(_LOOKALIKE_MINUS), 1.0)
    for (plain, lone), flags in product(readings, (re.ASCII, 0)):
        weight, ended = 1.0, 0
        for mark in re.finditer(_MARK, plain, flags):
            weight, ended = _weight(mark[1], lone), mark.end()
        found.add((weight > 0) - (weight < 0))
        if "|" in plain[ended:]:
            found.add(1)
    return found


def _weight(number: str, lone: float) -> float:
    try:
        return float(number)
    except ValueError:
        return lone if "-" in number else 1.0


def is_asked(text: str, polarity: Polarity, grammar: Grammar = Grammar.V4) -> bool:
    """Whether the reading says that the last of the words is asked for."""
    place = text.rindex(WORD)
    return any(
        run.polarity is Polarity.POSITIVE and run.start < place + len(WORD) and run.end > place
        for run in runs(text, weights(text), polarity, grammar)
    )


@settings(max_examples=200)
@given(prompts())
@example("||5|x||0::lamp")
@example("5||x|0::lamp||")
def test_what_a_branch_asks_for_is_asked_for(text: str) -> None:
    """NovelAI draws one branch; the gate answers for all of them."""
    if any(1 in signs(branch) for branch in branches(text)):
        assert is_asked(text, Polarity.POSITIVE)


@settings(max_examples=200)
@given(prompts())
@example("||-1::|1::||lamp")
@example("-1:||:|x||lamp")
def test_what_a_branch_turns_in_a_negative_prompt_is_asked_for(text: str) -> None:
    """A weight below zero there draws the picture towards the word."""
    if any(-1 in signs(branch) for branch in branches(text)):
        assert is_asked(text, Polarity.NEGATIVE)


@pytest.mark.parametrize(
    "text",
    [
        "||-1::|1::||lamp", "||-1::|::||lamp", "-||1|2||::lamp", "||-|1||1::lamp",
        "-1::a, ||x|1::||, lamp", "-1::a ||1::|| lamp", "||-1|2||.0::lamp", "-1:||:|x||lamp",
        "||- |x||1::lamp", "-1::a||b|c||::lamp", "||-1::|x, lamp", "||x|||-1::|||lamp",
        "－1::lamp", "−1::lamp", "-１::lamp", "–1::lamp", "⁻¹::lamp", "-{1}::lamp",
        "-\u200b1::lamp",
    ],
)  # fmt: skip
def test_doubt_turns_a_negative_prompt(text: str) -> None:
    """Each is below zero in some branch, or for some reader."""
    assert is_asked(text, Polarity.NEGATIVE)


@pytest.mark.parametrize(
    "text",
    [
        "lamp, -1::a::, lamp", "0::a::, -0.8::feet::, lamp", "-2::upscaled, blurry::, lamp",
        "1.2::セーラー::, lamp", "1.2::so—::, lamp", "::lamp", "1.1::lamp", "0.5::{lamp}::",
        "||a|b||, 0::a::, lamp", "||1.2::|0.5::||lamp", "||worst-quality|low-res||, x:y, lamp",
        "lamp, ||-1::|1::||a", "||-1::a|b||, 1::b::, lamp", "-0.8::feet::, ||a|b||, lamp",
    ],
)  # fmt: skip
def test_what_is_beyond_doubt_turns_nothing(text: str) -> None:
    """Ordinary words of what is not wanted ask for nothing."""
    assert not is_asked(text, Polarity.NEGATIVE)


@pytest.mark.parametrize(
    "text", ["||5|x||0::lamp", "5||x|0::lamp||", "5{}0::lamp", "5\u200b0::lamp"]
)
def test_doubt_takes_nothing_out_of_a_prompt(text: str) -> None:
    """What looks like 0 is 50 in some branch, or for some reader."""
    assert is_asked(text, Polarity.POSITIVE)


@pytest.mark.parametrize(
    "text",
    [
        "lamp:-1.123456789|a",
        "lamp:−1|a",
        "{lamp:-1}|a",
        "lamp||:-1|x||",
        "lamp:||-1|1||",
        "lamp:-１",
    ],
)
def test_doubt_about_a_mixing_weight_turns_a_negative_prompt(text: str) -> None:
    """The same, as the older grammar writes it."""
    assert is_asked(text, Polarity.NEGATIVE, Grammar.V3)


@pytest.mark.parametrize(
    "text", ["lamp:0|a", "lamp:0.5|a:-1", "lamp, rating:x-2a", "a||b|c||, lamp"]
)
def test_a_plain_mixing_weight_turns_nothing(text: str) -> None:
    """It is not below zero."""
    assert not is_asked(text, Polarity.NEGATIVE, Grammar.V3)


def test_a_mixing_weight_beside_a_randomiser_takes_nothing_out_of_a_prompt() -> None:
    """It may be the start of another number."""
    assert is_asked("lamp:0||5|x||", Polarity.POSITIVE, Grammar.V3)
