from hypothesis import given
from hypothesis import strategies as st

from classifiers.automaton import Automaton

LETTERS = "ab灯"


@given(
    st.sets(st.text(LETTERS, min_size=1, max_size=9), min_size=1, max_size=12),
    st.text(LETTERS, max_size=60),
)
def test_every_occurrence_is_found_once(patterns: set[str], text: str) -> None:
    """Overlapping ones too, and long ones, of which only the beginning is in the automaton."""
    everywhere = [
        (start, start + len(pattern), pattern)
        for pattern in patterns
        for start in range(len(text))
        if text.startswith(pattern, start)
    ]

    assert sorted(Automaton(patterns).find(text)) == sorted(everywhere)


def test_a_pattern_that_the_text_only_begins_is_not_found() -> None:
    """The end of a text is no end of a word."""
    assert list(Automaton(["lighthouse", "lightho"]).find("a lighthous")) == [(2, 9, "lightho")]
