import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.errors import ModelError
from classifiers.prompt_pieces import OVERLAP, WINDOW, Pieces
from tests.unit.classifiers.prompt_networks import PIECES

TINY = Pieces.parse("\n".join(PIECES) + "\n")
START, END, UNKNOWN = (PIECES.index(piece) for piece in ("[CLS]", "[SEP]", "[UNK]"))


def cut(text: str) -> list[str]:
    return [PIECES[piece.number] for piece in TINY.cut(text)]


class TestCut:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("a lighthouse at dawn", ["a", "light", "##house", "at", "dawn"]),
            ("CAT,cat", ["cat", ",", "cat"]),
            ("c\u00e1t", ["cat"]),
            ("ca\u0301t", ["cat"]),
            ("ca\u200bt", ["cat"]),
            ("c\x00at", ["cat"]),
            ("lighthouses", ["[UNK]"]),
            ("cat \u732b\u732b", ["cat", "[UNK]", "[UNK]"]),
            ("cat\u3001cat", ["cat", "[UNK]", "cat"]),
            ("x" * 101, ["[UNK]"]),
            ("", []),
        ],
        ids=str,
    )
    def test_words_are_cut_as_bert_cuts_them(self, text: str, expected: list[str]) -> None:
        """The network knows these numbers only; another cut would be another language."""
        assert cut(text) == expected

    @given(st.text(max_size=120))
    def test_any_text_is_cut_into_known_pieces_in_order(self, text: str) -> None:
        """Lone surrogates and all: a text that cannot be cut could not be judged."""
        places = [piece.span for piece in TINY.cut(text)]

        assert places == sorted(places)
        assert all(0 <= start < end <= len(text) for start, end in places)


class TestWindows:
    @given(st.integers(0, 900))
    def test_windows_cover_every_word_and_overlap(self, count: int) -> None:
        """A word on the seam of two windows must be seen whole, with what surrounds it."""
        text = "cat " * count
        windows = list(TINY.windows(text))
        inner = [window.numbers[1:-1] for window in windows]

        assert all(len(window.numbers) <= WINDOW for window in windows)
        assert all(window.numbers[0] == START for window in windows)
        assert all(window.numbers[-1] == END for window in windows)
        assert sum(map(len, inner)) == count + OVERLAP * (len(windows) - 1)
        if count:
            assert windows[-1].span[1] == len(text) - 1

    def test_the_next_window_begins_where_it_should(self) -> None:
        """Spans lead a reviewer to the place."""
        first, second = TINY.windows("cat " * 300)

        assert first.span == (0, (WINDOW - 2) * 4 - 1)
        assert second.span[0] == (WINDOW - 2 - OVERLAP) * 4

    def test_an_empty_text_is_one_window_of_frames(self) -> None:
        """The network can be asked about it all the same."""
        (window,) = TINY.windows("")

        assert window.numbers == (START, END)
        assert window.span == (0, 0)


class TestParse:
    @pytest.mark.parametrize("listed", ["", "[CLS]\n[SEP]\n", "[CLS]\n[SEP]\n[UNK]\na\na\n"])
    def test_another_file_is_refused(self, listed: str) -> None:
        """A vocabulary with a hole shifts the meaning of every number behind it."""
        with pytest.raises(ModelError, match="vocabulary"):
            Pieces.parse(listed)
