"""Each spelling, held against a slower reading of its own: letter by letter, or by patterns."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.normalise.letters import Letters
from classifiers.normalise.spellings import (
    close_up,
    deleet,
    derepeat,
    derepeated_form,
    leet_form,
    rot13,
    squeeze,
    squeezed_form,
)

FOLDED = st.text(alphabet="abclo 1.,0@é山", max_size=40) | st.text(max_size=20)
_APART = re.compile(r"(?<![^\W_])(?:[^\W_][\W_]{1,3}){3,}[^\W_](?![^\W_])")
_TOKEN = re.compile(r"[a-z0-9@$!€£¢¥+]{3,}")
_LETTERS = re.compile(r"[^\W\d_]+")
_REPEAT = re.compile(r"([^\W\d_])\1+")


def _closed(match: re.Match[str]) -> str:
    return "".join(filter(str.isalnum, match[0]))


def _leet(match: re.Match[str]) -> str:
    token = match[0]
    mixed = re.search("[a-z]", token) and re.search(r"[^a-z]", token)
    return leet_form(token) if mixed else token


def _single(match: re.Match[str]) -> str:
    repeats = [len(found[0]) for found in _REPEAT.finditer(match[0])]
    return (
        _REPEAT.sub(r"\1", match[0])
        if len(repeats) > 1 or max(repeats, default=0) > 2
        else match[0]
    )


@given(FOLDED)
def test_single_letters_are_put_together(text: str) -> None:
    """Four or more in a row, with one to three signs between each."""
    assert close_up(Letters.of(text)).text == _APART.sub(_closed, text)


@given(FOLDED)
def test_figures_in_words_are_read_as_letters(text: str) -> None:
    """A number alone stays one: it may be an age."""
    assert deleet(Letters.of(text)).text == _TOKEN.sub(_leet, text)


@given(
    FOLDED.filter(
        lambda text: all(letter.isalpha() == bool(_LETTERS.match(letter)) for letter in text)
    )
)
def test_letters_drawn_out_are_written_once(text: str) -> None:
    """One double letter is how many words are written."""
    assert derepeat(Letters.of(text)).text == _LETTERS.sub(_single, text)


@pytest.mark.parametrize("word", ["lamppppp", "llllamp", "laaaamp"])
def test_a_span_holds_all_of_a_letter_held(word: str) -> None:
    """A reviewer, and the search for terms, look at the text as it was received."""
    single = derepeat(Letters.of(f"a {word}"))

    places = single.sources()
    assert single.text == "a lamp"
    assert word[places[2] - 2 : places[5] - 1].strip("l") == word.strip("l")
    assert list(places) == sorted(places)


@given(FOLDED)
def test_squeezing_leaves_letters_and_tells_where_words_were(text: str) -> None:
    """Without the edges, chance would make words of neighbours."""
    squeezed, edges = squeeze(Letters.of(text))

    words = re.findall(r"[^\W_]+", text)
    ends = [len("".join(words[:count])) for count in range(len(words) + 1)]
    assert squeezed.text == squeezed_form(text)
    assert edges == {0, *ends}


def test_rot13_turns_back() -> None:
    """Twice is nothing."""
    turned = rot13(Letters.of("lantern, 7 灯"))

    assert turned.text == "ynagrea, 7 灯"
    assert rot13(turned).text == "lantern, 7 灯"


@given(st.text(alphabet="abc", max_size=12))
def test_a_term_is_derepeated_as_a_view_is(word: str) -> None:
    """Else a term with a double letter would never be found drawn out."""
    drawn_out = "".join(letter * 3 for letter in word)

    assert derepeat(Letters.of(drawn_out)).text == derepeated_form(word)
