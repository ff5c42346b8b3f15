import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.content import Grammar, Prompt, Text
from classifiers.normalise import read
from classifiers.normalise.lettering import drawn


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a sign, Text: OPEN\n\na "door", no text::x', [" OPEN", '"door"']),
        ("text:A\n \nB, teXt: C", ["A", " C"]),
        ("{TEXT:A}", ["A}"]),
        ("a。text:B", ["B"]),
        ("「A」『B』 \u201cC\u201d \u2018D\u2019 \uff02E\uff02", [
            "「A」", "『B』", "\u201cC\u201d", "\u2018D\u2019", "\uff02E\uff02",
        ]),
        ("context: a, no text, text::b, 6'2\" tall", []),
    ],
)  # fmt: skip
def test_lettering_is_found(text: str, expected: list[str]) -> None:
    """It will be drawn as letters."""
    assert [text[start:end] for start, end in drawn(text)] == expected


def test_lettering_is_a_channel_of_its_own() -> None:
    """What is drawn is read as a text, and what is not is no part of it."""
    text = 'a lamp, "\uff2f\uff30\uff25\uff2e", text: Late'
    (field,) = read(Prompt((Text("input", text),), Grammar.V4)).fields

    assert field.lettering().split() == ['"open"', "late"]
    assert field.is_drawn((9, 13))
    assert not field.is_drawn((2, 6))


@given(st.text(alphabet='tex:T "\n,a「」', max_size=60))
def test_lettering_lies_in_the_text(text: str) -> None:
    """A reader cuts it out."""
    assert all(0 <= start <= end <= len(text) for start, end in drawn(text))
