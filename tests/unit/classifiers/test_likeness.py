"""Likeness: nearly the same is near, whatever it is dressed in; something else is far."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.content import Grammar, Polarity, Prompt, Text
from classifiers.likeness import BITS, is_near, likeness
from classifiers.normalise import read

SYLLABLES = re.findall(r"\w+", "ba ce di fo gu ka le mi no pu ra se ti vo zu har lan mor pen sil")


def like(text: str, *more: str) -> int:
    texts = tuple(Text(f"field[{at}]", each) for at, each in enumerate((text, *more)))
    return likeness(read(Prompt(texts, Grammar.V4)))


def prompt(seed: int) -> list[str]:
    chance = random.Random(seed)  # noqa: S311 - a sample, no secret
    return ["".join(chance.choices(SYLLABLES, k=3)) for _ in range(20)]


SAID = prompt(1)


@pytest.mark.parametrize(
    "again",
    [
        ", ".join(reversed(SAID)),
        " ".join(SAID).upper(),
        "{{" + "}}, {{".join(SAID) + "}}",
        ", ".join(SAID).replace("o", "0").replace("e", "3"),
        ", ".join([*SAID[:-1], ".".join(SAID[-1])]),
        ", ".join([*SAID, "masterpiece"]),
        ", ".join(SAID).replace("a", "\u0430"),
    ],
    ids=["order", "case", "weights", "leet", "spaced", "one more", "lookalikes"],
)
def test_the_same_in_another_coat_is_near(again: str) -> None:
    """Who tries a refused request again is known by it."""
    assert is_near(like(", ".join(SAID)), like(again))


def test_the_same_words_in_other_fields_are_the_same() -> None:
    """To move a word from one caption to the next changes nothing."""
    assert is_near(like(", ".join(SAID)), like(", ".join(SAID[:9]), ", ".join(SAID[9:])))


def test_other_prompts_are_far() -> None:
    """Nobody is taken for somebody who tries again: not one pair of 1,225."""
    likes = [like(", ".join(prompt(seed))) for seed in range(50)]

    near = [(a, b) for at, a in enumerate(likes) for b in likes[:at] if is_near(a, b)]

    assert near == []


def test_what_is_not_wanted_and_what_clients_add_make_nothing_alike() -> None:
    """Else a short prompt would be near whatever else comes with the same preset."""
    added, unwanted = ", best quality, amazing quality, very aesthetic, absurdres", ", ".join(SAID)

    def whole(text: str) -> int:
        texts = (Text("base", text), Text("negative", unwanted, Polarity.NEGATIVE))
        return likeness(read(Prompt(texts, Grammar.V4)))

    assert whole("a harbour" + added) == like("a harbour") != 0
    assert not is_near(whole("a harbour" + added), whole("seven kites" + added))
    assert whole("-1::harbour::") == 0


def test_nothing_is_like_nothing() -> None:
    """A text without a letter is no sign of anything."""
    assert like("") == like("!!! ...") == 0
    assert not is_near(0, 0)


@given(st.text(max_size=200))
def test_it_holds_for_any_text(text: str) -> None:
    """It is worked out of whatever was refused, lone surrogates included."""
    assert 0 <= like(text) < 2**BITS
