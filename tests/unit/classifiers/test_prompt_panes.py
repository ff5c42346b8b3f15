from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.prompt_panes import OVERLAP, ROOM, SENTENCE, Piece, panes

WORDS = st.sampled_from(["cat", "a", ",", "."])


def divided(words: Sequence[str]) -> list[list[str]]:
    """Divide words, a piece each, and read them back."""
    text, pieces = "", list[Piece]()
    for word in words:
        pieces.append(Piece(len(pieces), (len(text), len(text) + len(word))))
        text += f"{word} "
    found = list(panes(text, pieces))
    return [[text[slice(*piece.span)] for piece in pane] for pane in found]


def phrases(count: int, of: int) -> list[str]:
    """So many phrases of so many words, the comma counted."""
    return [*["cat"] * (of - 1), ","] * count


class TestPanes:
    @given(st.lists(WORDS, max_size=150))
    def test_every_piece_stands_in_a_pane_in_order(self, words: list[str]) -> None:
        """What no pane shows, nobody has judged."""
        text = " ".join(words)
        pieces = [Piece(at, (at, at + 1)) for at in range(len(words))]
        letters = "".join(word[0] for word in words)
        numbers = [[piece.number for piece in pane] for pane in panes(letters, pieces)]

        assert text.count(" ") == max(0, len(words) - 1)
        assert sorted({one for pane in numbers for one in pane}) == list(range(len(words)))
        assert all(pane == list(range(pane[0], pane[-1] + 1)) for pane in numbers if pane)
        assert all(len(pane) <= ROOM for pane in numbers)

    @given(st.integers(ROOM + 1, 400))
    def test_what_has_no_end_is_cut_with_an_overlap(self, count: int) -> None:
        """A word on the seam must be seen with what surrounds it."""
        found = divided(["cat"] * count)

        assert sum(map(len, found)) == count + OVERLAP * (len(found) - 1)
        assert len(found) == -(-(count - OVERLAP) // (ROOM - OVERLAP))

    @given(st.integers(2, 60), st.integers(2, 6))
    def test_tags_stay_whole(self, count: int, of: int) -> None:
        """Half a tag is another tag."""
        assert all(pane[-1] == "," for pane in divided(phrases(count, of)))

    @pytest.mark.parametrize("count", [31, 34, 40, 60, 61, 90, 240])
    def test_panes_are_nearly_of_one_length(self, count: int) -> None:
        """They are filled up to the longest, and computed all the same."""
        lengths = [len(pane) for pane in divided(phrases(count // 2, 2))]

        assert len(lengths) * max(lengths) <= count * 1.25

    @pytest.mark.parametrize("before", [0, 20, 40])
    def test_a_sentence_stands_apart_from_tags(self, before: int) -> None:
        """Else it would be one voice among forty."""
        sentence = [*["a"] * (2 * SENTENCE), "."]
        (one,) = [
            pane
            for pane in divided([*phrases(before, 2), *sentence, *phrases(20, 2)])
            if "a" in pane
        ]

        assert one.count("a") >= len(one) / 2
