"""The figures of an evaluation, against values worked out by hand or by brute force."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.cli.measuring.measures import (
    Interval,
    Ranking,
    Rate,
    average_precision,
    average_precision_interval,
    curve,
    recall_at,
    wilson,
)

SCORED = st.lists(
    st.tuples(st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0]), st.booleans()), max_size=40
)


def ranking(cases: list[float], others: list[float]) -> Ranking:
    return Ranking.of(Counter([*((s, True) for s in cases), *((s, False) for s in others)]))


def by_brute_force(scored: list[tuple[float, bool]]) -> float:
    """The definition: over falling thresholds, the gain in recall times the precision there."""
    total = sum(truth for _, truth in scored)
    area, before = 0.0, 0.0
    for threshold in sorted({score for score, _ in scored}, reverse=True):
        taken = [truth for score, truth in scored if score >= threshold]
        recall = sum(taken) / total
        area += (recall - before) * sum(taken) / len(taken)
        before = recall
    return area


class TestAveragePrecision:
    @pytest.mark.parametrize(
        ("cases", "others", "area"),
        [
            ([0.35, 0.8], [0.1, 0.4], 5 / 6),  # the example in scikit-learn's manual
            ([0.9, 0.8], [0.2, 0.1], 1.0),
            ([0.1], [0.9, 0.8, 0.7], 1 / 4),
            ([0.5, 0.5], [0.5] * 6, 1 / 4),  # who tells nothing apart gets the share of cases
            ([1.0, 0.0], [0.0, 0.0], 1 / 2 + 1 / 2 * 2 / 4),
            ([1.0], [], 1.0),
        ],
    )
    def test_it_is_what_is_worked_out_by_hand(
        self, cases: list[float], others: list[float], area: float
    ) -> None:
        """A figure that is a little wrong misleads more than none."""
        assert average_precision(ranking(cases, others)) == pytest.approx(area)

    @settings(deadline=None)  # the machine is shared: a slow moment is no failure
    @given(SCORED)
    def test_it_is_what_its_definition_gives(self, scored: list[tuple[float, bool]]) -> None:
        """Also where many cases have one score."""
        area = average_precision(Ranking.of(Counter(scored)))

        if any(truth for _, truth in scored):
            assert area == pytest.approx(by_brute_force(scored))
        else:
            assert area is None

    def test_without_cases_there_is_no_area_and_no_interval(self) -> None:
        """Not zero: nothing was measured."""
        nothing = ranking([], [0.5, 0.1])

        assert average_precision(nothing) is None
        assert average_precision_interval(nothing) is None
        assert curve(nothing) == ()

    def test_the_interval_narrows_with_more_cases(self) -> None:
        """It says how much the figure can be trusted, and the same each time."""
        few = ranking([0.9, 0.8, 0.4], [0.7, 0.3, 0.2, 0.1])
        many = ranking([0.9, 0.8, 0.4] * 100, [0.7, 0.3, 0.2, 0.1] * 100)

        wide, narrow = average_precision_interval(few), average_precision_interval(many)

        assert wide is not None
        assert narrow is not None
        area = average_precision(many)
        assert area is not None
        assert wide.low < narrow.low < area < narrow.high < wide.high
        assert average_precision_interval(few) == wide

    def test_one_that_tells_all_apart_has_an_interval_without_width(self) -> None:
        """However the cases are drawn again."""
        assert average_precision_interval(ranking([1.0] * 9, [0.0] * 9)) == Interval(1, 1)


class TestRecall:
    def test_it_is_measured_where_false_alarms_are_few_enough(self) -> None:
        """2 of 200 are one in a hundred; 3 are too many."""
        seen = ranking([0.9, 0.7, 0.5, 0.3], [0.8, 0.6, 0.4] + [0.1] * 197)

        threshold, recall = recall_at(seen, 0.01)

        assert (threshold, recall) == (0.5, Rate(3, 4))

    def test_what_has_one_score_is_taken_or_left_together(self) -> None:
        """No threshold lies between two equal scores."""
        threshold, recall = recall_at(ranking([1.0] * 9, [1.0] * 5 + [0.0] * 95), 0.01)

        assert (threshold, recall) == (None, Rate(0, 9))

    def test_without_others_every_case_is_caught(self) -> None:
        """Nobody can be alarmed for nothing."""
        assert recall_at(ranking([0.2, 0.1], []), 0.01) == (0.1, Rate(2, 2))

    def test_without_cases_there_is_no_share(self) -> None:
        """Of nothing, nothing is known."""
        _, recall = recall_at(ranking([], [0.2]), 0.01)

        assert (recall.share, recall.interval) == (None, None)

    @settings(deadline=None)  # the machine is shared: a slow moment is no failure
    @given(SCORED, st.sampled_from([0.0, 0.01, 0.2, 1.0]))
    def test_never_more_false_alarms_than_asked(
        self, scored: list[tuple[float, bool]], most: float
    ) -> None:
        """The promise that the figure stands for."""
        threshold, recall = recall_at(Ranking.of(Counter(scored)), most)

        cases = [score for score, truth in scored if truth]
        others = [score for score, truth in scored if not truth]
        if threshold is None:
            assert recall.hits == 0
        else:
            assert sum(score >= threshold for score in others) <= most * len(others)
            assert recall == Rate(sum(score >= threshold for score in cases), len(cases))


class TestWilson:
    @pytest.mark.parametrize(
        ("hits", "total", "low", "high"),
        [  # from R's binom.wilson
            (8, 10, 0.4901625, 0.9433178),
            (0, 10, 0.0, 0.2775328),
            (10, 10, 0.7224672, 1.0),
            (1, 1000, 0.0001765, 0.0056425),
        ],
    )
    def test_it_is_the_published_interval(
        self, hits: int, total: int, low: float, high: float
    ) -> None:
        """None of ten is not proof of none."""
        interval = wilson(hits, total)

        assert interval.low == pytest.approx(low, abs=2e-6)
        assert interval.high == pytest.approx(high, abs=2e-6)
