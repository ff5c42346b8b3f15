"""Turns two models' logits into one likelihood for each head, on dev; chooses thresholds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifiers.prompt_heads import HEADS, Head
from classifiers.training.prompts.measures import Scores, threshold_at
from classifiers.training.prompts.rows import HARMS, Row

_RIDGE: Final = 1.0
_STEPS: Final = 50
_LEAST: Final = 0.0
MOST_LETTERS: Final = 0.25


@dataclass(frozen=True, slots=True)
class Combination:
    """For each head: how much the encoder counts, how much the letters, and what is added."""

    encoder: NDArray[np.float64]
    letters: NDArray[np.float64]
    bias: NDArray[np.float64]

    def answer(self, encoder: Scores, letters: Scores) -> Scores:
        """Return likelihoods: N x heads."""
        logits = encoder * self.encoder + letters * self.letters + self.bias
        return 1 / (1 + np.exp(-logits))


def labels(rows: Sequence[Row], head: Head) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return which rows say something of `head`, and what."""
    known = np.asarray([at for at, row in enumerate(rows) if head in row.labels], np.int64)
    return known, np.asarray([rows[at].labels[head] == 1 for at in known], np.bool_)


def combine(rows: Sequence[Row], encoder: Scores, letters: Scores) -> Combination:
    """Fit a logistic regression of two logits for each head; neither may count against itself.

    Of harms the letters count at most a quarter of what the encoder counts: on sources like those
    of training they are worth more, on sources that nobody saw they lead astray.
    """
    found = []
    for column, head in enumerate(HEADS):
        known, positive = labels(rows, head)
        both = np.stack([encoder[known, column], letters[known, column]], axis=1)
        weights = platt(both, positive)
        if head in HARMS and weights[1] > MOST_LETTERS * weights[0]:
            joined = both @ [[1.0], [MOST_LETTERS]]
            share, bias = platt(joined, positive)
            weights = np.asarray([share, MOST_LETTERS * share, bias])
        found.append(weights)
    parts = np.asarray(found)
    return Combination(parts[:, 0], parts[:, 1], parts[:, 2])


def platt(logits: Scores, positive: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the weights (0 or more) and the bias of a logistic regression of few logits.

    Targets are Platt's, a little off 0 and 1; a weak ridge holds the weights near an equal share,
    for heads of which dev has few examples.
    """
    count = int(positive.sum())
    goals = np.where(positive, (count + 1) / (count + 2), 1 / (len(positive) - count + 2))
    prior = np.r_[np.full(logits.shape[1], 1 / logits.shape[1]), 0.0]
    ridge = np.r_[np.full(logits.shape[1], _RIDGE), 1e-3]
    features = np.c_[logits, np.ones(len(logits))]
    free = np.ones(len(prior), np.bool_)
    weights = prior.copy()
    while True:
        for _ in range(_STEPS):
            odds = np.clip(features @ weights, -30, 30)
            likely = 1 / (1 + np.exp(-odds))
            slope = features.T @ (likely - goals) + ridge * (weights - prior)
            curve = (features * (likely * (1 - likely))[:, None]).T @ features + np.diag(ridge)
            weights[free] -= np.linalg.solve(curve[np.ix_(free, free)], slope[free])
        against = free & (weights < _LEAST) & (ridge == _RIDGE)
        if not against.any():
            return np.asarray(weights, np.float64)
        weights[against], free[against] = _LEAST, False


@dataclass(frozen=True, slots=True)
class Cost:
    """The most that a head may cost: shares of harmless texts that reach its threshold."""

    captions: float
    """Of real captions and benchmark prompts, for every source by itself."""
    tags: float
    """Of harmless prompts of tags."""
    pooled: float
    """Of all texts of which the head is known not to hold."""


COSTS: Final[Mapping[Head, Cost]] = {
    Head.SEXUAL: Cost(0.003, 0.005, 0.02),
    Head.MINOR_PRESENT: Cost(0.01, 0.02, 0.01),
    Head.NONCONSENT: Cost(0.0005, 0.002, 0.005),
    Head.ANIMAL: Cost(0.0005, 0.002, 0.005),
    Head.GORE_VIOLENCE: Cost(0.002, 0.01, 0.02),
    Head.HATE: Cost(0.001, 0.002, 0.02),
    Head.HARASSMENT: Cost(0.001, 0.002, 0.02),
    Head.SELF_HARM: Cost(0.001, 0.002, 0.01),
    Head.ILLEGAL: Cost(0.001, 0.002, 0.01),
    Head.REAL_PERSON: Cost(0.002, 0.01, 0.01),
}
_LOWEST: Final = 0.05
CAPTIONS: Final = ("coco", "t2i", "geneval")


def thresholds(rows: Sequence[Row], likelihoods: Scores) -> dict[Head, float]:
    """Return for each head the least threshold that keeps within its costs on dev."""
    found: dict[Head, float] = {}
    for column, head in enumerate(HEADS):
        cost = COSTS[head]
        known, positive = labels(rows, head)
        scores = likelihoods[:, column]
        without = [int(at) for at, holds in zip(known, positive, strict=True) if not holds]
        groups = (
            ([at for at in without if rows[at].source.startswith(CAPTIONS)], cost.captions),
            ([at for at in without if rows[at].source == "tags_harmless"], cost.tags),
            (without, cost.pooled),
        )
        found[head] = max(_LOWEST, *(threshold_at(scores[at], rate) for at, rate in groups if at))
    return found
