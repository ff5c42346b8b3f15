from hypothesis import given
from hypothesis import strategies as st

from classifiers.training.prompts.duplicates import normal, without_duplicates
from classifiers.training.prompts.rows import Row

LONG = "a very old lighthouse stands on the rocky shore of a quiet northern island at dawn"


def rows(*texts: str, group: str = "") -> list[Row]:
    return [Row("source", group or f"group{at}", text, {}) for at, text in enumerate(texts)]


def texts(found: list[Row]) -> list[str]:
    return [row.text for row in without_duplicates(found)]


class TestWithoutDuplicates:
    def test_the_same_words_are_the_same_text(self) -> None:
        """Otherwise a text learned from could be measured on."""
        assert texts(rows("A red hat.", "a red_hat", "two red hats")) == [
            "A red hat.",
            "two red hats",
        ]

    def test_a_text_that_is_nearly_the_same_is_left_out(self) -> None:
        """One letter more does not make another text."""
        assert texts(rows(LONG, LONG + "s", "a quiet island")) == [LONG, "a quiet island"]

    def test_a_pair_stays_a_pair(self) -> None:
        """Pairs differ in just the word that makes one of them harmful."""
        assert len(texts(rows(LONG, LONG + "s", group="pair"))) == 2

    @given(st.lists(st.text(max_size=30), max_size=12))
    def test_what_is_left_is_of_the_texts_and_each_once(self, found: list[str]) -> None:
        """Leaving out is all it may do."""
        left = texts(rows(*found))

        assert len({normal(text) for text in left}) == len(left)
        assert set(left) <= set(found)
        assert texts(rows(*left)) == left
