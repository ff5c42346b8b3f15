from importlib.resources import files

from classifiers.normalise import plain_form
from classifiers.normalise.letters import Letters
from classifiers.normalise.lookalikes import undress

ROWS = files("classifiers.normalise").joinpath("lookalikes.txt").read_text("utf-8").splitlines()


def test_each_latin_letter_has_its_line() -> None:
    """A file that lost a line would pass what it no longer knows."""
    assert [row[:2] for row in ROWS] == [f"{letter} " for letter in "abcdefghijklmnopqrstuvwxyz"]


def test_a_lookalike_is_plain_and_looks_like_one_letter() -> None:
    """They are looked up after folding; what folding changes would never be found."""
    listed = [sign for row in ROWS for sign in row[2:]]

    assert len(set(listed)) == len(listed) > 500
    assert not [sign for sign in listed if plain_form(sign) != sign or sign.isascii()]
    assert "ñ" not in listed


def test_a_listed_lookalike_becomes_latin() -> None:
    """Every one of them; what looks like nothing stays."""
    text = "".join(row[2:] for row in ROWS) + "灯"

    assert undress(Letters.of(text[:-1])).text.isascii()
    assert undress(Letters.of(text)).text[-1] == "灯"


def test_a_letter_that_looks_like_two_is_read_both_ways() -> None:
    """A capital eta looks like H, a small one like n, and folding takes the case away."""
    eta = Letters.of("\u03b7")

    assert undress(eta).text == "n"
    assert undress(eta, second=True).text == "h"
