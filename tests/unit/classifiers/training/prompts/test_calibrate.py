import numpy as np
import pytest

from classifiers.prompt_heads import HEADS, Head
from classifiers.training.prompts.calibrate import COSTS, MOST_LETTERS, combine, platt, thresholds
from classifiers.training.prompts.rows import HARMS, Row, safe

RANDOM = np.random.default_rng(3)


class TestPlatt:
    def test_it_finds_what_logits_were_made_of(self) -> None:
        """A calibration that is off makes every threshold a guess."""
        logits = RANDOM.normal(scale=2.0, size=(20_000, 2))
        odds = logits @ [1.5, 0.5] - 1.0
        positive = RANDOM.random(20_000) < 1 / (1 + np.exp(-odds))

        assert platt(logits, positive) == pytest.approx([1.5, 0.5, -1.0], abs=0.1)

    def test_neither_part_counts_against_itself(self) -> None:
        """What is more likely to one part must never become less likely by it."""
        good = RANDOM.normal(size=2000)
        logits = np.stack([good, -good + RANDOM.normal(scale=0.1, size=2000)], axis=1)
        weights = platt(logits, good > 0)

        assert weights[0] > 0
        assert weights[1] == 0

    def test_a_head_without_examples_stays_unlikely(self) -> None:
        """Of a class that dev does not hold nothing is claimed."""
        weights = platt(RANDOM.normal(size=(50, 2)), np.zeros(50, np.bool_))

        assert np.isfinite(weights).all()
        assert weights[2] < 0


def harmless(count: int, source: str) -> list[Row]:
    return [
        Row(source, f"{source}{at}", "text", safe(minor_present=0, real_person=0))
        for at in range(count)
    ]


class TestThresholds:
    def test_each_keeps_within_its_costs(self) -> None:
        """A false block of every third caption is no threshold."""
        rows = harmless(1000, "coco") + harmless(500, "tags_harmless")
        likelihoods = RANDOM.random((len(rows), len(HEADS)))
        chosen = thresholds(rows, likelihoods)

        for column, head in enumerate(HEADS):
            reached = likelihoods[:, column] >= chosen[head]
            assert reached[:1000].mean() <= COSTS[head].captions
            assert reached[1000:].mean() <= COSTS[head].tags
            assert 0 < chosen[head] <= 1

    def test_all_heads_are_combined(self) -> None:
        """The order of heads is that of the answers."""
        rows = [Row("a", str(at), "b", dict.fromkeys(HEADS, at % 2)) for at in range(200)]
        logits = np.asarray([[4.0 * (at % 2) - 2] * len(HEADS) for at in range(200)])
        joined = combine(rows, logits, logits * 0)
        likely = joined.answer(logits, logits * 0)

        assert (likely[1::2] > 0.9).all()
        assert (likely[::2] < 0.1).all()
        assert set(COSTS) == set(Head)

    def test_letters_alone_cannot_call_a_text_harmful(self) -> None:
        """On sources that nobody saw, spellings lead astray what the encoder gets right."""
        rows = [Row("a", str(at), "b", dict.fromkeys(HEADS, at % 2)) for at in range(200)]
        spelled = np.asarray([[4.0 * (at % 2) - 2] * len(HEADS) for at in range(200)])
        read = spelled * 0.2 + RANDOM.normal(size=spelled.shape)
        joined = combine(rows, read, spelled)

        for column, head in enumerate(HEADS):
            capped = joined.letters[column] <= MOST_LETTERS * joined.encoder[column] + 1e-9
            assert capped == (head in HARMS)
