import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.prompt_grams import BUCKETS, grams, grams_of_each

KNOWN = [20091, 44934, 52888, 123138, 177799, 183593, 184348, 193226, 203895, 237604]
"""The runs of ` cat `: four of two letters, three of three, two of four, one of five."""


class TestGrams:
    @given(st.text(max_size=200))
    def test_any_text_gives_buckets_in_range_of_length_one(self, text: str) -> None:
        """Whatever is sent, the table has a row for it, and no text counts more for being long."""
        buckets, weights = grams(text)

        assert len(buckets) == len(weights) >= 1
        assert 0 <= buckets.min() <= buckets.max() < BUCKETS
        assert (np.diff(buckets) > 0).all()
        assert float(weights @ weights) == pytest.approx(0.0 if buckets[0] == 0 else 1.0, abs=1e-5)

    @given(st.text(max_size=60))
    def test_what_stands_between_words_counts_for_nothing(self, text: str) -> None:
        """Tags are written with spaces, underscores and commas: it is all the same."""
        spaced = f"  {text} "

        assert (grams(spaced)[0] == grams(text)[0]).all()
        assert (grams("red hat")[0] == grams("red_hat,")[0]).all()

    def test_runs_of_words_are_not_runs_across_them(self) -> None:
        """A space is a letter too: it tells where words begin."""
        assert set(grams("ab")[0]) != set(grams("a b")[0])

    def test_the_buckets_are_those_that_were_learned(self) -> None:
        """Another hash would ask the table for the weights of other runs."""
        buckets, weights = grams("cat")

        assert buckets.tolist() == KNOWN
        assert weights.tolist() == pytest.approx([len(KNOWN) ** -0.5] * len(KNOWN))

    @pytest.mark.parametrize("text", ["", " ", "!?", "\ud800\u0000"])
    def test_nothing_to_read_is_the_bucket_of_nobody(self, text: str) -> None:
        """An empty bag would have no shape."""
        buckets, weights = grams(text)

        assert buckets.tolist() == [0]
        assert weights.tolist() == [0.0]

    @given(st.lists(st.text(max_size=30), min_size=1, max_size=6))
    def test_several_texts_at_once_are_as_each_alone(self, texts: list[str]) -> None:
        """No text is judged by the letters of its neighbour."""
        buckets, weights = grams_of_each(texts)

        for row, text in enumerate(texts):
            alone, counted = grams(text)
            assert buckets[row, : len(alone)].tolist() == alone.tolist()
            assert weights[row, : len(alone)] == pytest.approx(counted)
            assert not weights[row, len(alone) :].any()
