import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.errors import ModelError
from classifiers.prompt_panes import ROOM
from classifiers.prompt_pieces import PANES, Pieces
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
    def test_what_fits_into_one_pane_is_one(self) -> None:
        """A short prompt costs what it cost before there were panes."""
        (window,) = TINY.windows("cat, " * (ROOM // 2))
        (pane,) = window.panes

        assert pane.numbers == (START, *[PIECES.index("cat"), PIECES.index(",")] * 15, END)
        assert window.span == pane.span == (0, ROOM // 2 * 5 - 1)

    @given(st.integers(0, 900))
    def test_windows_have_so_many_panes_each_but_the_last(self, count: int) -> None:
        """What is judged at once is bounded, and nothing is left out."""
        text = "cat " * count
        *others, last = TINY.windows(text)

        assert all(len(window.panes) == PANES for window in others)
        assert 1 <= len(last.panes) <= PANES
        assert last.span[1] == max(0, len(text) - 1)

    def test_an_empty_text_is_one_window_of_frames(self) -> None:
        """The network can be asked about it all the same."""
        (window,) = TINY.windows("")

        assert [pane.numbers for pane in window.panes] == [(START, END)]
        assert window.span == (0, 0)

    def test_panes_without_a_latin_letter_are_not_read(self) -> None:
        """Unknown words look all alike to it: an answer about them would be about nothing."""
        (window,) = TINY.windows("cat " * 30 + "." + "\u732b" * 90)
        seen = TINY.readable(window)

        assert seen is not None
        assert 0 < len(seen.panes) < len(window.panes)
        assert TINY.readable(next(TINY.windows("\u732b"))) is None


class TestParse:
    @pytest.mark.parametrize("listed", ["", "[CLS]\n[SEP]\n", "[CLS]\n[SEP]\n[UNK]\na\na\n"])
    def test_another_file_is_refused(self, listed: str) -> None:
        """A vocabulary with a hole shifts the meaning of every number behind it."""
        with pytest.raises(ModelError, match="vocabulary"):
            Pieces.parse(listed)
