import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.normalise import is_dressed_up, is_invisible, plain_form

WRITTEN = range(0x20, 0x3400)


@given(st.text(max_size=40) | st.text(st.characters(categories=["Mn", "Lo", "So", "Cf"])))
def test_folding_is_done_once(text: str) -> None:
    """What is plain stays as it is: terms and texts must meet in one form."""
    once = plain_form(text)

    assert plain_form(once) == once


def test_no_letter_is_lost_by_itself() -> None:
    """A letter without a form would be a letter that no view holds."""
    letters = [letter for letter in map(chr, WRITTEN) if letter.isalpha()]

    assert [one for one in letters if not is_invisible(one) and not plain_form(one)] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\uff8a\uff9e", "\u30d0"), ("\u304b\u3099", "\u304c"), ("n\u0303", "\u00f1"),
        ("\u1112\u1161\u11ab", "\ud55c"), ("\u314e\u314f\u3134", "\ud55c"),
        ("\uffbe\uffc2\uffa4", "\ud55c"), ("\u314e\u314f\u3134\u3131\u315c\u3131", "\ud55c\uad6d"),
        ("\u314b\u314b", "\u110f\u110f"), ("a\u0303", "a"), ("\u00e3", "a"),
        ("\uff5bx\uff5d", "x"), ("\ufb03", "ffi"), ("\ufdfa", "\ufdfa"), ("\u00df", "ss"),
    ],
    ids=ascii,
)  # fmt: skip
def test_what_is_written_in_pieces_is_put_together(text: str, expected: str) -> None:
    """Kana keep their voicing, jamo become syllables, and other marks go."""
    assert plain_form(text) == expected


@pytest.mark.parametrize("syllable", "가각힣뷁")
def test_jamo_of_each_kind_spell_the_same_syllable(syllable: str) -> None:
    """Conjoining ones, and those of a keyboard."""
    assert plain_form(unicodedata.normalize("NFD", syllable)) == syllable


def test_what_nobody_sees_is_told() -> None:
    """The text as received is dressed up if it holds any."""
    assert is_invisible("\u200b")
    assert is_dressed_up("a\u200bb")
    assert is_dressed_up("\u24d0")
    assert not is_dressed_up("ab\u00e9")


@given(st.text(st.characters(max_codepoint=0x7F), max_size=60))
def test_plain_letters_take_a_short_way_to_the_same_form(text: str) -> None:
    """Most terms and texts are of ASCII alone; another letter makes them go the long way."""
    assert plain_form(text) == plain_form(f"{text}\u00e9").removesuffix("e").strip()
