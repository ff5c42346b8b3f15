from pathlib import Path

import pytest

from classifiers.building.character_tags import Tags, bare, read_tags, words_of
from classifiers.building.characters import build, kind_of_name
from classifiers.character_list import Judged, Kind, Status
from classifiers.signals import SignalName

MINOR = SignalName.TEXT_MINOR_CHARACTER


def row(id_: int, tag: str, tells: SignalName | None = MINOR, source: str = "main story") -> Judged:
    status = Status.UNKNOWN if tells is None else Status.CANON_MINOR
    return Judged(id_, tag, status, "", source, "A Series", "draft", id_, 1000, tells)


@pytest.fixture
def tags(tmp_path: Path) -> Tags:
    (tmp_path / "danbooru_tags.csv").write_text(
        "kobo_rinka,4,9000,rinka_kobo\n"
        "saber_(a_series),4,5000,\n"
        'zibetto_(a_series),4,4000,"/zi,zibettina"\n'
        "zibetto_(hat)_(a_series),4,100,\n"
        "moriko,4,3000,\n"
        "moriko_saber,4,2900,\n"
        "misty_lake,4,100,\n"
        "tanjirou_(a_series),4,700,\n"
        "misty,0,9000,\n",
        "utf-8",
    )
    (tmp_path / "coco_captions.csv").write_text("a saber on a lake\n", "utf-8")
    return read_tags(tmp_path)


def built(tags: Tags, *rows: Judged, names: dict[str, list[str]] | None = None) -> dict[str, Kind]:
    return {text: kind for _, kind, text in build(rows, names or {}, tags)}


def test_a_full_name_names_in_both_orders(tags: Tags) -> None:
    """Half of the world puts the family's name last."""
    texts = built(tags, row(1, "kobo_rinka"))

    assert texts["kobo rinka"] is texts["rinka kobo"] is Kind.ALONE
    assert texts["rinka"] is Kind.BESIDE


def test_a_tag_with_its_series_names_even_if_the_name_is_a_word(tags: Tags) -> None:
    """`saber` is a sword."""
    texts = built(tags, row(1, "saber_(a_series)"))

    assert texts == {"saber (a series)": Kind.ALONE, "saber": Kind.BESIDE}


def test_a_rare_single_name_names_with_nothing_beside_it(tags: Tags) -> None:
    """Nobody else is called so. A shortcut for editors is no name."""
    texts = built(tags, row(1, "zibetto_(a_series)"))

    assert texts["zibetto"] is Kind.ALONE
    assert "zi" not in texts


def test_a_name_that_others_bear_as_often_needs_its_series(tags: Tags) -> None:
    """The other one may be an adult."""
    assert built(tags, row(1, "moriko"))["moriko"] is Kind.BESIDE

    both = build([row(1, "moriko"), row(2, "moriko_saber")], {}, tags)

    assert (1, Kind.ALONE, "moriko") in both


def test_the_longer_name_of_an_adult_shelters_the_minors(tags: Tags) -> None:
    """`moriko saber` is not `moriko`."""
    texts = built(tags, row(1, "moriko"), row(2, "moriko_saber", None))

    assert texts["moriko saber"] is Kind.SHELTER


def test_long_vowels_may_be_short(tags: Tags) -> None:
    """There are two ways to write Japanese names in Latin letters."""
    assert built(tags, row(1, "tanjirou_(a_series)"))["tanjiro"] is Kind.ALONE


def test_a_variant_is_found_by_its_originals_names(tags: Tags) -> None:
    """The same names twice would tell nothing more."""
    rows = row(1, "zibetto_(a_series)"), row(2, "zibetto_(hat)_(a_series)", source="as zibetto")

    assert [text for id_, _, text in build(rows, {}, tags) if id_ == 2] == [
        "zibetto (hat) (a series)"
    ]


def test_names_that_people_found_ambiguous_need_their_series(tags: Tags) -> None:
    """No list of words knows every word."""
    (alias,) = [
        kind
        for _, kind, text in build([row(1, "zibetto_(a_series)")], {}, tags, frozenset({"zibetto"}))
        if text == "zibetto"
    ]

    assert alias is Kind.BESIDE


def test_a_colour_names_nobody_even_beside_its_series(tags: Tags) -> None:
    """A black skirt in a picture of a Pokemon is no boy called Black."""
    texts = {
        text: kind
        for _, kind, text in build(
            [row(1, "saber_(a_series)")], {}, tags, words=frozenset({"saber"})
        )
    }

    assert texts == {"saber (a series)": Kind.ALONE}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("初音ミク", Kind.ALONE), ("ミク", Kind.BESIDE), ("チルノ", Kind.BESIDE),
        ("ハーマイオニー", Kind.ALONE), ("可莉", Kind.BESIDE), ("nezuko", Kind.ALONE),
        ("rin", Kind.BESIDE),
    ],
)  # fmt: skip
def test_short_further_names_need_their_series(name: str, kind: Kind) -> None:
    """Two kana are in every other sentence."""
    assert kind_of_name(name) is kind


def test_brackets_within_brackets_belong_to_the_series() -> None:
    """`neko_(minato_aqua_(1st))` is called neko."""
    assert bare("neko_(minato_aqua_(1st))") == "neko"
    assert words_of("jeanne_d'arc_alter") == ["jeanne", "d'arc", "alter"]
