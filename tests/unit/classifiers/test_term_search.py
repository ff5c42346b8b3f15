"""How placeholder terms are found, in scripts of the East and in Cyrillic: harmless words."""

# ruff: noqa: RUF001 (letters that look like others are what this file is about)

import pytest

from classifiers.content import Grammar, Prompt, Text
from classifiers.normalise import read
from classifiers.term_search import TermSearch
from classifiers.vocabulary import Mode, Term, TermList, Vocabulary, terms

ROWS = [
    ("ramp", Mode.SUBSTRING, "ランプ"),
    ("cactus", Mode.SUBSTRING, "サボテンの花"),
    ("sunflower", Mode.SUBSTRING, "ひまわり"),
    ("mill", Mode.SUBSTRING, "水車"),
    ("piano", Mode.SUBSTRING, "钢琴家"),
    ("seonin", Mode.PREFIX, "선인장"),
    ("mayak", Mode.WORD, "маяк"),
    ("kettle", Mode.WORD, "kettle"),
]


@pytest.fixture(scope="module")
def search() -> TermSearch:
    listed: tuple[Term, ...] = terms("placeholders", ROWS, frozenset({TermList.GORE}))
    return TermSearch(Vocabulary("1", "0" * 64, frozenset(), listed, frozenset(["こんぱ"]), {}))


def found(search: TermSearch, text: str) -> set[str]:
    (field,) = read(Prompt((Text("input", text),), Grammar.V4)).fields
    return {hit.term.id for hit in search.find(field)}


@pytest.mark.parametrize(
    ("text", "id_"),
    [
        ("a, らんぷ, b", "ramp"), ("a, らンぷ, b", "ramp"), ("サボテンのハナ, 花", None),
        ("さぼてんの花畑", "cactus"), ("ヒマワリ", "sunflower"), ("水车", "mill"),
        ("鋼琴家", "piano"), ("家琴鋼", "piano"), ("장인선", "seonin"), ("кяам", "mayak"),
        ("プンラ", "ramp"), ("e1tt3k", "kettle"), ("3ltt3k", "kettle"),
        ("\u202eкяам\u202c", "mayak"),
    ],
)  # fmt: skip
def test_the_other_script_and_backwards(search: TermSearch, text: str, id_: str | None) -> None:
    """Whoever turns a word round, or writes the other kana, means the same word."""
    assert found(search, text) == ({id_} if id_ else set())


@pytest.mark.parametrize("text", ["車水", "らんぷく", "くらんぷ", "大家琴鋼", "тяам", "elttek a"])
def test_chance_is_no_term(search: TermSearch, text: str) -> None:
    """Two characters backwards are another word, and short kana stand in many."""
    assert found(search, text) - {"kettle"} == set()


@pytest.mark.parametrize(
    "text",
    [
        "らんぷ",
        "さぼてんの花畑",
        "鋼琴家",
        "선인장은",
        "маяк",
        "xмаяк",
        "kettles",
        "k e t t l e",
        "e1tt3k",
    ],
)
def test_a_long_text_hides_nothing(search: TermSearch, text: str) -> None:
    """Where a word begins is worked out at once there, and must come to the same."""
    assert found(search, f"{text}, {'hat, ' * 400}") == found(search, f"{text}, hat")
