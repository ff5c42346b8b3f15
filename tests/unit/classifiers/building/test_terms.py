import csv
import io
from importlib.resources import files

import pytest

from classifiers.building.terms import Entry, built, issued, reviewed, written
from classifiers.languages.identify import Identifier
from classifiers.languages.states import load as load_languages
from classifiers.normalise import plain_form
from classifiers.vocabulary import Mode

SHIPPED = files("classifiers") / "terms"


def row(id_: str, text: str) -> dict[str, str]:
    return {"id": id_, "mode": "word", "text": text}


def entry(text: str) -> Entry:
    return Entry("gore", "en", Mode.WORD, text)


def test_the_shipped_lists_are_what_was_reviewed() -> None:
    """A list that was changed by hand would be changed back, or worse, never reviewed."""
    result = built(reviewed(), issued())

    assert not result.new
    for name, rows in result.rows.items():
        assert (SHIPPED / f"{name}.csv").read_text("utf-8") == written(rows)


def test_an_entry_keeps_its_id_and_a_new_one_gets_the_next() -> None:
    """The log names terms by their ids, for years."""
    before = [row("gore.en.1", "one"), row("gore.en.2", "two")]

    result = built([entry("two"), entry("three")], before)

    assert result.rows["gore"] == [("gore.en.2", "word", "two"), ("gore.en.3", "word", "three")]
    assert result.new == [("gore.en.3", "word", "three")]


def test_an_id_that_was_given_up_is_never_given_again() -> None:
    """Or an old entry of the log would name another word."""
    result = built([entry("new")], [row("gore.en.7", "gone")])

    assert result.rows["gore"] == [("gore.en.8", "word", "new")]


def test_one_that_comes_back_is_the_same() -> None:
    """It is the same word."""
    result = built([entry("gone")], [row("gore.en.7", "gone"), row("gore.en.8", "else")])

    assert result.rows["gore"] == [("gore.en.7", "word", "gone")]
    assert not result.new


def test_every_id_was_given_once() -> None:
    """Two entries with one id cannot be told apart."""
    ids = [each["id"] for each in issued()]

    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", ["tags.csv", "people.csv"])
def test_every_candidate_was_decided_on(name: str) -> None:
    """What nobody has looked at is in no list."""
    lists = files("classifiers.building") / "lists"
    rows = csv.DictReader(io.StringIO((lists / name).read_text("utf-8")))

    assert {each["keep"] for each in rows} == {"yes", "no"}


def test_no_term_of_letters_matches_inside_words() -> None:
    """`ntr` is in every country."""
    inside = [
        each.text
        for each in reviewed()
        if each.mode is Mode.SUBSTRING and plain_form(each.text).isascii()
    ]

    assert inside == []


BORROWED = {"culo", "pubis"}
"""Terms of other languages that tags have borrowed, with their meaning."""


def test_no_term_of_another_language_is_a_common_english_word() -> None:
    """`kind` is a child in German, and in every second sentence of English."""
    folder = files("classifiers") / "languages"
    common = Identifier.read(folder, load_languages(folder)).english
    entries = [each for each in reviewed() if each.name != "harmless"]
    english = {plain_form(each.text) for each in entries if each.language in {"en", "tag"}}
    others = {plain_form(each.text) for each in entries if each.mode is Mode.WORD} - english

    assert {text for text in others if text in common} <= BORROWED


def test_no_name_of_a_person_is_made_of_common_words() -> None:
    """Will Smith is a sentence."""
    folder = files("classifiers") / "languages"
    english = Identifier.read(folder, load_languages(folder)).english
    named = [plain_form(each.text).split() for each in reviewed() if each.name == "real_person"]
    people = [name for name in named if "will" in name or "black" in name or "rose" in name]

    assert people
    assert [name for name in people if english.issuperset(name)] == []
