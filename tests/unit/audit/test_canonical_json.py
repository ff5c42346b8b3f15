"""Canonical JSON: the same bytes as the reference library, and as the standard's examples."""

from enum import StrEnum

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from audit.canonical_json import DEEPEST, MOST_EXACT, canonical
from audit.errors import MalformedError

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-MOST_EXACT, MOST_EXACT)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=30
)


@given(VALUES)
@example({"\U0001f600": 1, "\ufb33": 2, "a": [], "": {}})
def test_it_is_what_the_reference_library_writes(value: object) -> None:
    """Whoever re-hashes a detail with another program gets the same digest."""
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]  # recursive type


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(-0.0)
@example(1e21)
@example(1e-6)
@example(9.999e-7)
@example(123456789012345680000.0)
@example(5e-324)
def test_numbers_are_set_as_ecmascript_sets_them(value: float) -> None:
    """Scores are numbers: one that is set otherwise would break its commitment."""
    assert canonical(value) == rfc8785.dumps(value)


def test_keys_sort_as_utf_16() -> None:
    """The example of RFC 8785, 3.2.3: its emoji comes before the Hebrew letter."""
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]

    said = canonical(dict.fromkeys(keys, 0)).decode()

    order = ["\\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    assert said == "{" + ",".join(f'"{key}":0' for key in order) + "}"


class Word(StrEnum):
    """A word of the house: they are enumerations everywhere."""

    HOLD = "hold"


def test_a_word_of_an_enumeration_is_its_text() -> None:
    """Decisions and codes go into details as they are."""
    assert canonical({Word.HOLD: (Word.HOLD, None, True, False)}) == (
        b'{"hold":["hold",null,true,false]}'
    )


def deep(levels: int) -> object:
    value: object = 0
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        MOST_EXACT + 1,
        -MOST_EXACT - 1,
        "\ud800",
        {1: 2},
        {"a": b"bytes"},
        {"a": {1, 2}},
        deep(DEEPEST + 2),
    ],
)
def test_what_json_cannot_carry_exactly_is_refused(value: object) -> None:
    """A value that reads back as another one proves nothing."""
    with pytest.raises(MalformedError):
        canonical(value)


def test_what_is_deep_but_not_too_deep_is_written() -> None:
    """The limit is there against endless ones."""
    assert canonical(deep(DEEPEST)) == b"[" * DEEPEST + b"0" + b"]" * DEEPEST
