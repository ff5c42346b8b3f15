import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.training.prompts.measures import (
    area,
    average_precision,
    interval,
    log_odds,
    share_at,
    threshold_at,
)

SCORED = st.lists(st.tuples(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.booleans()), min_size=1)


def split(scored: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray([one for one, _ in scored]), np.asarray([one for _, one in scored], np.bool_)


class TestArea:
    @given(SCORED)
    def test_it_is_the_share_of_pairs_in_the_right_order(
        self, scored: list[tuple[float, bool]]
    ) -> None:
        """The fast way gives what counting gives, ties halved."""
        scores, positive = split(scored)
        pairs = [(a > b) + (a == b) / 2 for a in scores[positive] for b in scores[~positive]]

        expected = float(np.mean(pairs)) if pairs else math.nan
        assert area(scores, positive) == pytest.approx(expected, nan_ok=True)


class TestAveragePrecision:
    @given(SCORED)
    def test_it_sums_precision_over_each_threshold(self, scored: list[tuple[float, bool]]) -> None:
        """The order of texts with one score must not matter."""
        scores, positive = split(scored)
        expected, before = 0.0, 0.0
        for border in sorted(set(scores.tolist()), reverse=True):
            taken = scores >= border
            recall = (positive & taken).sum() / max(1, positive.sum())
            expected += (recall - before) * (positive & taken).sum() / taken.sum()
            before = recall

        found = average_precision(scores, positive)
        assert found == pytest.approx(expected if positive.any() else math.nan, nan_ok=True)


class TestThreshold:
    @given(st.lists(st.floats(0, 1), min_size=1, max_size=50), st.floats(0, 0.5))
    def test_no_more_than_the_rate_reach_it(self, scores: list[float], rate: float) -> None:
        """A cost that is promised is kept, ties or not."""
        found = threshold_at(np.asarray(scores), rate)

        assert share_at(np.asarray(scores), found) <= rate + 1e-9


class TestInterval:
    @pytest.mark.parametrize(
        ("share", "count", "expected"),
        [(0.0, 100, (0.0, 0.037)), (0.5, 100, (0.404, 0.596)), (1.0, 10, (0.722, 1.0))],
    )
    def test_it_is_wilsons(self, share: float, count: int, expected: tuple[float, float]) -> None:
        """None of 100 is not the same as never."""
        assert interval(share, count) == pytest.approx(expected, abs=0.001)

    def test_of_nothing_nothing_is_known(self) -> None:
        """A source without texts has no rate."""
        assert interval(math.nan, 0) == (0.0, 1.0)


class TestLogOdds:
    def test_certainty_stays_finite(self) -> None:
        """A likelihood of 1 must not end a sum."""
        assert np.isfinite(log_odds([0.0, 0.5, 1.0])).all()
        assert log_odds([0.5])[0] == pytest.approx(0.0)
