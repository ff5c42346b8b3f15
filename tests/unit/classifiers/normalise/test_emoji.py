import csv
import io
from importlib.resources import files

from classifiers.content import Grammar, Prompt, Text
from classifiers.normalise import plain_form, read

ROWS = list(
    csv.DictReader(
        io.StringIO(files("classifiers.normalise").joinpath("emoji.csv").read_text("utf-8"))
    )
)


def words(text: str) -> list[str]:
    (field,) = read(Prompt((Text("input", text),), Grammar.V4)).fields
    return [view.text for view in field.views if view.name == "decoded:emoji/plain"]


def test_each_emoji_is_one_sign_with_plain_words() -> None:
    """They are looked up sign by sign."""
    signs = [row["emoji"] for row in ROWS]

    assert len(set(signs)) == len(signs) > 100
    assert all(len(sign) == 1 for sign in signs)
    assert all(plain_form(row["words"]) == row["words"] for row in ROWS)


def test_every_listed_emoji_is_read_as_its_words() -> None:
    """A row that the pattern passes over would be a row for nothing."""
    for row in ROWS:
        assert [said.strip() for said in words(row["emoji"])] == [row["words"]]


def test_emoji_say_their_words_in_the_text_around_them() -> None:
    """Skin, colour and joiners say nothing."""
    (said,) = words("a \U0001f476\U0001f3fd, \U0001f468\u200d\U0001f469\u200d\U0001f466 \U0001f338")

    assert said.split() == ["a", "baby", ",", "man", "woman", "boy", "\U0001f338"]
    assert words("\U0001f338 blossom") == []


def test_a_row_of_one_emoji_says_its_words_once() -> None:
    """Thousands of them would be thousands of hits, and say no more."""
    row = "\U0001f476\U0001f3fd" * 4_000

    assert words(row)[0].split() == ["baby"]
    assert words(f"{row}\U0001f467{row}")[0].split() == ["baby", "girl", "baby"]
