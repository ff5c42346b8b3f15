import numpy as np
import pytest

from classifiers.prompt_grams import grams
from classifiers.prompt_heads import HEADS
from classifiers.runtime import Session
from classifiers.training.prompts import graph
from tests.unit.classifiers.prompt_networks import random_table, random_weights

ONES = np.ones(len(HEADS), np.float32)


def inputs(*pieces: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    buckets, weights = grams("lighthouse")
    return np.asarray([pieces], np.int64), buckets[np.newaxis], weights[np.newaxis]


class TestGraph:
    def test_the_same_weights_give_the_same_bytes(self) -> None:
        """Whoever makes it again can compare digests."""
        again = [graph.raw(random_weights(), random_table(), ONES) for _ in range(2)]

        assert again[0] == again[1]

    def test_letters_are_summed_by_weight(self) -> None:
        """The table in 8 bits gives what the table in floats gives, nearly."""
        table = random_table()
        session = Session("raw", graph.raw(random_weights(), table, ONES))
        _, letters = session.run(*inputs(2, 4, 3))
        buckets, weights = grams("lighthouse")

        assert letters[0] == pytest.approx(weights @ table[buckets] + 1, abs=0.05)

    def test_padding_changes_next_to_nothing(self) -> None:
        """Texts of a batch must not depend on their neighbours' length."""
        session = Session("raw", graph.raw(random_weights(), random_table(), ONES))
        alone, _ = session.run(*inputs(2, 4, 5, 3))
        padded, _ = session.run(*inputs(2, 4, 5, 3, 0, 0, 0))

        assert padded == pytest.approx(alone, abs=0.1)

    def test_order_counts(self) -> None:
        """Attention without places would read a bag of words."""
        session = Session("raw", graph.raw(random_weights(), random_table(), ONES))
        one, _ = session.run(*inputs(2, 4, 6, 7, 3))
        other, _ = session.run(*inputs(2, 7, 6, 4, 3))

        assert np.abs(one - other).max() > 0.01

    def test_both_parts_are_combined_as_calibrated(self) -> None:
        """What was calibrated must be what is served."""
        weights, table = random_weights(), random_table()
        shares = (ONES * np.float32(0.5), ONES * np.float32(2.0), ONES * np.float32(-1.0))
        raw = Session("raw", graph.raw(weights, table, ONES))
        served = Session("served", graph.calibrated(weights, table, ONES, shares))
        encoder, letters = raw.run(*inputs(2, 4, 5, 3))
        (likelihoods,) = served.run(*inputs(2, 4, 5, 3))

        odds = 0.5 * encoder + 2.0 * letters - 1
        assert likelihoods == pytest.approx(1 / (1 + np.exp(-odds)), abs=1e-5)
