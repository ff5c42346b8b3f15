import json
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.errors import TermsError
from classifiers.languages.identify import Identifier, Sound
from classifiers.languages.states import load
from classifiers.languages.table import Table

FOLDER = files("classifiers") / "languages"
LANGUAGES = Identifier.read(FOLDER, load(FOLDER))
HERE = Path(__file__).parent
FOREIGN: dict[str, list[str]] = json.loads((HERE / "foreign.json").read_text("utf-8"))
OURS: list[str] = json.loads((HERE / "ours.json").read_text("utf-8"))
NEAR = {"no": {"no", "da", "sv"}, "sr": {"mk", "bg"}, "sv": {"sv", "no"}, "da": {"da", "no"}}
"""Languages that short sentences may be taken for: none of them is read."""


@pytest.mark.parametrize(
    ("language", "text"),
    [(language, text) for language, texts in FOREIGN.items() for text in texts],
)
def test_a_sentence_is_in_its_language(language: str, text: str) -> None:
    """Whatever is taken for English is judged by words that it does not have."""
    (spoken,) = LANGUAGES.spoken(text)

    assert spoken in NEAR.get(language, {language})


@pytest.mark.parametrize("text", OURS)
def test_tags_names_and_romaji_are_no_other_language(text: str) -> None:
    """A gate that takes names for Estonian refuses every second prompt."""
    assert LANGUAGES.spoken(text) == frozenset()


@pytest.mark.parametrize(
    "text",
    ["Holden Mann, calligraphy brush (medium)", "Avianna bianco as a radarman, chalk (medium)"],
)
def test_somebody_with_a_foreign_name_is_no_language(text: str) -> None:
    """People are called Mann and Bianco."""
    assert LANGUAGES.spoken(text) == frozenset()


def test_capitals_make_no_names_of_a_language() -> None:
    """Else whoever writes in capitals is read by nobody."""
    assert LANGUAGES.spoken("Kobieta, Las, Noc, Piękne Oczy, Długie Włosy") == {"pl"}
    assert LANGUAGES.spoken("Naakte Vrouw In Het Bos, 1girl") == {"nl"}


def test_the_parts_of_another_language_are_told_from_english_ones() -> None:
    """Who reads English only goes on reading it beside a foreign sentence."""
    text = (
        "1girl, une femme lit un livre dans le jardin, a woman reads in the garden. femme, red hat"
    )

    parts = LANGUAGES.parts_in(text, frozenset({"fr"}))

    said = " ".join([text[start:end].strip() for start, end in parts])
    assert said == "une femme lit un livre dans le jardin femme"
    assert not LANGUAGES.parts_in(text, frozenset())


def test_one_foreign_word_does_not_hide_an_english_sentence() -> None:
    """Else everybody would write one into each of theirs."""
    text = "a femme reads an old book in the quiet garden behind the house at dusk"

    assert not LANGUAGES.parts_in(text, frozenset({"fr"}))


def test_english_in_a_foreign_sentence_is_told_from_it() -> None:
    """A sentence without marks must not take English words along."""
    text = (
        "une belle femme lit un vieux livre dans le jardin de la ville pendant la nuit"
        " while a dog sleeps under the old table"
    )

    parts = LANGUAGES.parts_in(text, frozenset({"fr"}))

    assert parts[0][0] == 0
    assert text.index("pendant") < parts[-1][1] <= text.index("a dog sleeps")


def test_a_sentence_among_tags_is_heard() -> None:
    """Tags around it must not drown it."""
    tags = ", ".join(["1girl, solo, long hair, hatsune miku, masterpiece"] * 20)

    assert LANGUAGES.spoken(f"{tags}, kobieta czyta ksiazke w ogrodzie, {tags}") == {"pl"}


@pytest.mark.parametrize(
    "text",
    [
        "vokedu bazifo ximule zakoqu wubegi fojuxa",
        "qwe rty uio asdf ghj klz xcv bnm poiu lkjh mnbv",
        "xqjz vkwp zzqf 1girl, jxkq wvzz qpfk hjxx kqzw",
    ],
)
def test_words_of_no_language_are_soup(text: str) -> None:
    """Such a text may mean anything to a model, and nothing to us."""
    assert LANGUAGES.sound(text) is Sound.NOISE


@pytest.mark.parametrize("text", [*OURS, *FOREIGN["pl"], *FOREIGN["fi"]])
def test_words_of_any_language_are_none(text: str) -> None:
    """Names and other languages are no noise."""
    assert LANGUAGES.sound(text) is not Sound.NOISE


@given(st.text(max_size=300))
def test_any_text_has_an_answer(text: str) -> None:
    """Whatever comes in."""
    assert LANGUAGES.spoken(text) <= LANGUAGES.languages.languages.keys()
    assert LANGUAGES.sound(text) in Sound


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06" + bytes(18), b"\x93NUMPY"])
def test_a_table_that_is_none_is_refused(data: bytes) -> None:
    """An installation whose table is broken must not serve."""
    with pytest.raises(TermsError):
        Table.read(data)
