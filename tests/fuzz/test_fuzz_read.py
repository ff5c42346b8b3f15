"""The fuzz target itself: it runs, and what it holds to is known to fail when it should."""

import random
from itertools import cycle, islice

import pytest

from classifiers.content import Grammar, Polarity
from tests.fuzz.fuzz_read import check, check_bytes, fuzz, texts
from tests.fuzz.shapes import HOSTILE, LENGTH


@pytest.mark.parametrize("name", HOSTILE)
def test_every_hostile_shape_gets_a_sound_answer(name: str) -> None:
    """At full length, in all grammars and both fields."""
    text = HOSTILE[name]

    assert LENGTH - 4 <= len(text) <= LENGTH
    for polarity, grammar in zip(cycle(Polarity), Grammar, strict=False):
        check(text, polarity, grammar)


def test_some_texts_of_chance_get_a_sound_answer() -> None:
    """A few each time; the target goes on as long as one likes."""
    for text in islice(texts(random.Random(7)), 60):  # noqa: S311 - tests, no secret
        check(text, Polarity.NEGATIVE, Grammar.V3)
    assert fuzz(0.2, seed=3) > 0


@pytest.mark.parametrize("data", [b"", b"\0", b"\4\xff\xfe lamp", b"\3-1::lamp::", b"\5caf\xe9"])
def test_bytes_of_any_kind_are_texts(data: bytes) -> None:
    """Also those that are no UTF-8."""
    check_bytes(data)
