from importlib.resources import files

from classifiers.building.variants import lines
from classifiers.content import Grammar, Prompt, Text
from classifiers.normalise import FieldReading, Spelling, plain_form, read
from classifiers.normalise.letters import Letters
from classifiers.normalise.variants import one_script

ROWS = files("classifiers.normalise").joinpath("variants.txt").read_text("utf-8").splitlines()


def field(text: str) -> FieldReading:
    return read(Prompt((Text("input", text),), Grammar.V4)).fields[0]


def one(text: str) -> str:
    return one_script(Letters.of(text)).text


def test_each_character_stands_for_one_and_is_in_its_plain_form() -> None:
    """What is two, or is changed by folding, would be found in no view."""
    others = [other for row in ROWS for other in row[1:]]

    assert len(others) == len(set(others)) > 2_500
    assert set(others).isdisjoint(row[0] for row in ROWS)
    assert [other for other in others if plain_form(other) != other] == []


def test_texts_in_one_script_stay_as_they_are() -> None:
    """Once is enough: terms and texts must meet in one form."""
    text = "燈臺のランプ 兒童 児童 학교 lamp"

    assert one(text) == "灯台のらんぷ 儿童 儿童 학교 lamp"
    assert one(one(text)) == one(text)


def test_the_other_script_is_a_view_of_its_own_and_no_disguise() -> None:
    """Whoever writes traditional characters hides nothing."""
    view = field("燈臺のランプ").views[1]

    assert (view.spelling, view.text, view.is_plain) == (Spelling.VARIANTS, "灯台のらんぷ", True)
    assert all(other.spelling is not Spelling.VARIANTS for other in field("lamp ひ 灯台").views)


def test_disguises_are_undone_on_top_of_it() -> None:
    """The other kana with a space between is the other kana."""
    assert "らんぷをみる" in {view.text for view in field("ラ ン プ ヲ ミ ル").views}


def test_a_table_leads_to_the_simplified_character() -> None:
    """By way of the traditional one, where a Japanese one differs from both."""
    traditional = {"氣": "气", "兒": "儿"}
    japanese = {"氣": "気", "乘": "乗", "兒": "兒"}

    assert list(lines(traditional, japanese)) == ["乘乗", "儿兒", "气気氣"]
