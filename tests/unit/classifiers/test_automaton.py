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
    everywhere = {
        pattern: [start for start in range(len(text)) if text.startswith(pattern, start)]
        for pattern in patterns
        if pattern in text
    }

    assert Automaton(patterns).find(text) == everywhere


@given(
    st.sets(st.text(LETTERS, min_size=1, max_size=9), min_size=1, max_size=12),
    st.text("ab灯\x01\x02燈é", min_size=1, max_size=60),
)
def test_in_a_long_text_the_same_is_found(patterns: set[str], text: str) -> None:
    """Letters of no pattern are passed over there; what stands among them is not."""
    many = 1_000 // len(text) + 1
    apart = f"{text}燈"
    once = Automaton(patterns).find(apart)

    assert Automaton(patterns).find(apart * many) == {
        pattern: [start + at * len(apart) for at in range(many) for start in places]
        for pattern, places in once.items()
    }


def test_nothing_is_found_where_nothing_may_begin() -> None:
    """Whoever knows where words begin asks for no others."""
    begins = bytes([1, 0, 0, 0, 0, 0, 0, 1, 0])

    assert Automaton(["at"]).find("at cat at", begins) == {"at": [0, 7]}


def test_a_pattern_that_the_text_only_begins_is_not_found() -> None:
    """The end of a text is no end of a word."""
    assert Automaton(["lighthouse", "lightho"]).find("a lighthous") == {"lightho": [2]}
