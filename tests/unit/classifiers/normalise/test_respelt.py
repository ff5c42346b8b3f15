import pytest

from classifiers.content import Grammar, Prompt, Text
from classifiers.english import english
from classifiers.normalise import Spelling, View, read


def respelt(text: str) -> list[View]:
    (field,) = read(Prompt((Text("input", text),), Grammar.V4)).fields
    return [view for view in field.views if view.source == "decoded:respelt"]


@pytest.mark.parametrize(
    ("word", "read_as"),
    [
        ("vmbrella", "umbrella"), ("Cactvz", "cactuz cactvs"), ("vvindmill", "windmill"),
        ("rneadow", "meadow"), ("puphin", "pufin"), ("saddlez", "saddles"),
    ],
)  # fmt: skip
def test_letters_that_look_or_sound_alike_are_read(word: str, read_as: str) -> None:
    """By shape and by sound apart: a word in both disguises is read by nobody."""
    (view,) = respelt(f"masterpiece, {word}, soft light")

    assert view.text.strip() == read_as
    assert view.spelling is Spelling.PLAIN
    assert view.span(0, 1) == (13, 14)


@pytest.mark.parametrize(
    "text",
    [
        "looking at viewer, violet eyes",
        "a corn field, a barn",
        "zebra and graph",
        "Moze",
        "v",
        "1v1",
    ],
)
def test_words_of_english_are_what_they_are(text: str) -> None:
    """Every second prompt has a viewer in it."""
    assert respelt(text) == []


def test_the_words_hold_few_short_ones() -> None:
    """Of words of one or two letters, everything can be put together."""
    assert len(english()) > 10_000
    assert len([word for word in english() if len(word) < 3]) < 10
