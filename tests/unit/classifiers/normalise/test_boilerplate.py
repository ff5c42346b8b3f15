from importlib.resources import files

import pytest
import yaml

from classifiers.content import Grammar, Polarity, Prompt, Text
from classifiers.normalise import FieldReading, read

LISTED = yaml.safe_load(files("classifiers.normalise").joinpath("boilerplate.yaml").read_text())
STANDARD = ", very aesthetic, masterpiece, no text, -0.8::feet::, rating:general"
LIGHT = "lowres, jpeg artifacts, worst quality, watermark, blurry, very displeasing"


def read_one(text: Text, grammar: Grammar = Grammar.V4) -> FieldReading:
    (field,) = read(Prompt((text,), grammar)).fields
    return field


def positive(text: str, path: str = "input") -> FieldReading:
    return read_one(Text(path, text))


def negative(
    text: str, path: str = "parameters.negative_prompt", grammar: Grammar = Grammar.V4
) -> FieldReading:
    return read_one(Text(path, text, Polarity.NEGATIVE), grammar)


def found(field: FieldReading) -> list[str]:
    return [field.text[start:end] for start, end in field.boilerplate]


@pytest.mark.parametrize("text", LISTED["undesired"])
def test_each_preset_of_undesired_content_is_recognised(text: str) -> None:
    """It stands in almost every request, and nobody typed it."""
    for written in (text, f"nsfw, {text}", f"{text}, umbrella", f"nsfw, {text}, umbrella"):
        field = negative(written)

        assert "umbrella" in field.typed(Polarity.NEGATIVE) or "umbrella" not in written
        assert not set(field.typed(Polarity.NEGATIVE).replace("umbrella", "")) - set(" ,")


@pytest.mark.parametrize("text", LISTED["quality"])
def test_each_line_of_quality_tags_is_recognised(text: str) -> None:
    """At the start, as the first models have it, or at the end of the base."""
    assert found(positive(f"{text}, umbrella")) == [text]
    for rest in ("", ", text: OPEN", " | a lamp", ". Text: OPEN"):
        field = positive(f"umbrella, {text}{rest}")

        assert found(field) == [text]
        assert "umbrella" in field.typed(Polarity.POSITIVE)


@pytest.mark.parametrize(
    "text",
    [
        "nsfw", "nsfw, umbrella", f"umbrella, {LIGHT}", f"{LIGHT} umbrella", LIGHT.upper(),
        LIGHT[:-1], f"-1::{LIGHT}", "lowres, nsfw, jpeg artifacts, worst quality",
    ],
)  # fmt: skip
def test_what_is_no_preset_to_the_letter_was_typed(text: str) -> None:
    """A word that somebody put there is not NovelAI's."""
    assert negative(text).boilerplate == ()


def test_a_preset_counts_only_in_the_field_where_it_is_put() -> None:
    """Nothing risky may vanish from a prompt, and a character has no preset."""
    assert positive(f"nsfw, {LIGHT}").boilerplate == ()
    assert (
        negative(LIGHT, "v4_negative_prompt.caption.char_captions[0].char_caption").boilerplate
        == ()
    )
    assert positive(f"umbrella{STANDARD}", "characterPrompts[0].prompt").boilerplate == ()


def test_what_is_asked_for_is_never_boilerplate() -> None:
    """A mixing weight below zero turns the whole preset into a wish."""
    field = negative(f"nsfw, {LIGHT}:-1", grammar=Grammar.V3)
    turned = negative(f"nsfw, {LIGHT}, umbrella:-1", grammar=Grammar.V3)

    assert field.boilerplate == turned.boilerplate == ()
    assert "nsfw" in field.typed(Polarity.POSITIVE)


def test_a_randomiser_that_takes_the_minus_away_leaves_nothing_out() -> None:
    """Then `feet` is asked for, whatever the text says to the letter."""
    assert found(positive(f"umbrella{STANDARD}")) == [STANDARD.removeprefix(", ")]
    assert positive(f"||umbrella{STANDARD}").boilerplate == ()


def test_a_span_is_boilerplate_as_a_whole_or_not() -> None:
    """A hit that begins in a preset and ends in what was typed is what was typed."""
    field = negative(f"nsfw, {LIGHT}, umbrella")

    assert field.is_boilerplate((0, 4))
    assert not field.is_boilerplate((len(LIGHT), len(LIGHT) + 12))
