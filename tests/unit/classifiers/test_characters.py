# ruff: noqa: RUF001 (letters that look like others are the subject)
import codecs
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.character_list import load
from classifiers.characters import Characters
from classifiers.content import Grammar, Polarity, Prompt, Text
from classifiers.normalise import read
from classifiers.signals import Signal, SignalName

CHARACTER, CONTEXT = SignalName.TEXT_MINOR_CHARACTER, SignalName.TEXT_MINOR_CONTEXT
CHARACTERS = Characters.embedded()


def fired(*texts: str | Text) -> set[SignalName]:
    """Return the names that were seen; a plain `str` is a positive field."""
    fields = [
        each if isinstance(each, Text) else Text(f"p{at}", each) for at, each in enumerate(texts)
    ]
    found = CHARACTERS.classify(read(Prompt(tuple(fields), Grammar.V4)))
    return {one.name for one in found if isinstance(one, Signal) and one.score > 0}


@pytest.mark.parametrize(
    "text",
    [
        "1girl, kinomoto_sakura, outdoors", "sakura kinomoto", "Kinomoto Sakura", "木之本桜",
        "木之本樱在公园", "키노모토 사쿠라", "kamado tanjiro", "anya (spy x family)",
        "anya \\(spy x family\\)", "anya forger", "a drawing of Conan Edogawa", "江戸川コナンの絵",
        "klee_(genshin_impact)", "edogawa_conan",
    ],
)  # fmt: skip
def test_a_minor_is_known_by_tag_by_alias_and_in_other_scripts(text: str) -> None:
    """Nobody need write a name as the tag vocabulary does."""
    assert fired(text) == {CHARACTER}


@pytest.mark.parametrize(
    "text",
    [
        "{{kinomoto}} sakura", "1.3::kinomoto sakura::", "kino{mo}to sakura", "[kinomoto sakura]",
        "kinomoto||sakura|sakura||", "k i n o m o t o s a k u r a", "k1n0m0t0 s4kur4",
        "ｋｉｎｏｍｏｔｏ ｓａｋｕｒａ", "kinоmoto sаkura", "arukas otomonik",
        codecs.encode("kinomoto sakura", "rot13"), "kinomoto\u200b sakura", "kinomotosakura",
        "kiinoomoooto saaakuraaa",
    ],
)  # fmt: skip
def test_a_minor_is_known_in_disguise(text: str) -> None:
    """A spelling changes nobody's age."""
    assert CHARACTER in fired(f"1girl, {text}, park")


@pytest.mark.parametrize(
    "text",
    [
        "tifa lockhart", "nico robin", "yor briar", "samus aran", "bayonetta", "chun-li",
        "pikachu", "gardevoir", "hakurei reimu", "kaga (kancolle)", "takagaki kaede",
    ],
)  # fmt: skip
def test_adults_creatures_and_the_unknown_are_nobodys_evidence(text: str) -> None:
    """What cannot be told is not guessed, and adults are adults."""
    assert fired(f"1girl, {text}") == set()


def test_a_childlike_being_of_no_age_is_weak_evidence() -> None:
    """Its age is no excuse for its looks, and no proof either."""
    assert fired("flandre scarlet") == {CONTEXT}
    assert fired("shimakaze (kancolle)") == {CONTEXT}


@pytest.mark.parametrize(
    "text",
    [
        "a saber on a wall", "the tracer of a bullet", "cinderella at the ball", "mercy and hope",
        "anya", "rin", "a field of sakura", "may I have some more", "a lake at dawn", "a klee box",
        "the misty mountains", "an ash tree", "special week", "a plate of carpaccio", "ram, sheep",
        "twin turbo engine", "ruby rose petals", "a blanket of stars", "hanako", "white mage",
    ],
)  # fmt: skip
def test_words_that_are_also_names_name_nobody(text: str) -> None:
    """A gate that stops harmless words is switched off."""
    assert fired(text) == set()


def test_a_colour_names_somebody_only_with_what_tells_it_apart() -> None:
    """`pokemon (creature)` is a tag of many pictures, and so are skirts."""
    assert fired("pokemon (creature), black skirt, red rose, leaf") == set()
    assert fired("black (pokemon)") == {CHARACTER}


def test_a_short_name_counts_beside_its_series_in_whatever_field() -> None:
    """`rem` is anything; `rem, re:zero` is somebody."""
    assert fired("rem") == set()
    assert fired("rem, re:zero") == {CHARACTER}
    assert fired("1girl, rem", "re:zero kara hajimeru isekai seikatsu") == {CHARACTER}
    assert fired("klee, 原神") == {CHARACTER}
    assert fired("misty, kasumi, ash ketchum") == {CHARACTER}


def test_the_series_alone_names_nobody() -> None:
    """Many of a series are adults."""
    assert fired("re:zero") == set()
    assert fired("genshin impact, zhongli") == set()


def test_what_is_asked_not_to_appear_is_not_asked_for() -> None:
    """Only what a request asks for is evidence."""
    assert fired(Text("negative", "kinomoto sakura", Polarity.NEGATIVE)) == set()
    assert fired("-2::kinomoto sakura::") == set()
    assert fired(Text("negative", "-2::kinomoto sakura::", Polarity.NEGATIVE)) == {CHARACTER}


def test_a_series_that_is_asked_not_to_appear_is_not_spoken_of() -> None:
    """A word in the negative prompt makes no word of the prompt a name."""
    assert fired("rem", Text("negative", "re:zero", Polarity.NEGATIVE)) == set()


@pytest.mark.parametrize("words", ["aged up", "adult", "adult woman, 25 years old", "mature"])
def test_aged_up_wording_beside_a_minor_changes_nothing(words: str) -> None:
    """Fiction about an age is the commonest excuse."""
    assert fired(f"kinomoto sakura, {words}") == {CHARACTER}


def test_a_part_of_a_whole_name_names_nobody_else() -> None:
    """`hyuuga hinata` has several ages; others of her family have not."""
    assert fired("uzumaki naruto") == {CONTEXT}
    assert fired("fate testarossa, takamachi nanoha") == {CONTEXT}


@pytest.mark.parametrize(
    "text",
    [
        "tsunade (naruto)", "tsunade, naruto", "bardiche (nanoha)", "kero (cardcaptor sakura)",
        "mad hatter (alice in wonderland)",
    ],
)  # fmt: skip
def test_the_name_of_a_series_is_not_asking_for_whom_it_is_named_after(text: str) -> None:
    """Many a series is called after a child."""
    assert fired(text) == set()


def test_every_tag_of_a_minor_is_found_or_needs_its_series() -> None:
    """Who is on the list is found, however the rules for names are changed."""
    known = load(files("classifiers") / "terms" / "characters")
    minors = [row for row in known.judged.values() if row.tells is CHARACTER]
    sample = minors[:: len(minors) // 100]
    named = {
        row.series: text for row in sample for name, text in known.series if name == row.series
    }

    missed = [
        row.tag
        for row in sample
        if CHARACTER not in fired(f"1girl, {row.tag}", named.get(row.series, ""))
    ]

    assert missed == []


def test_where_a_name_stands_and_which_it_is_are_reported() -> None:
    """A reviewer must be able to look."""
    prompt = Prompt((Text("prompt", "park, edogawa_conan"),), Grammar.V4)

    (one,) = [
        each
        for each in CHARACTERS.classify(read(prompt))
        if isinstance(each, Signal) and each.score > 0
    ]

    assert one.where.path == "prompt"  # type: ignore[union-attr]  # texts have fields
    assert one.evidence.startswith("character:")
    assert one.score == 1.0


@given(st.text(max_size=200))
def test_whatever_is_written_each_name_is_reported(text: str) -> None:
    """A classifier that raises is a request that nobody has judged."""
    found = CHARACTERS.classify(read(Prompt((Text("p", text),), Grammar.V4)))

    assert {one.name for one in found} == CHARACTERS.emits


def test_it_warms_up() -> None:
    """A list that lost its names is not fit to be used."""
    CHARACTERS.warm()
