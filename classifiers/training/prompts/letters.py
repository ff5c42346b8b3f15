"""Learns a weight of every hashed run of letters for every head: a logistic regression."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from classifiers.prompt_grams import BUCKETS, grams
from classifiers.prompt_heads import HEADS
from classifiers.training.prompts.libraries import Tensor, functional, torch

_EPOCHS: Final = 6
_BATCH: Final = 256
_RATE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Letters:
    """The learned weights: buckets x heads, and a bias for each head."""

    table: NDArray[np.float32]
    bias: NDArray[np.float32]

    def answer(self, text: str) -> NDArray[Any]:
        """Return a logit for each head."""
        buckets, weights = grams(text)
        return weights @ self.table[buckets] + self.bias


@dataclass(frozen=True, slots=True)
class _Bags:
    """Runs of letters of many texts, one text behind the other."""

    buckets: NDArray[np.int64]
    weights: NDArray[np.float32]
    starts: NDArray[np.int64]

    def batch(self, rows: NDArray[np.int64]) -> tuple[Tensor, Tensor, Tensor]:
        lengths = self.starts[rows + 1] - self.starts[rows]
        places = np.concatenate(
            [np.arange(int(self.starts[row]), int(self.starts[row + 1])) for row in rows]
        )
        offsets = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        take = torch.from_numpy
        return take(self.buckets[places]), take(self.weights[places]), take(offsets)


def fit(
    texts: Sequence[str], targets: NDArray[np.float32], known: NDArray[np.float32], seed: int
) -> Letters:
    """Learn from texts; `known` is how much each label counts, 0 where nothing is said."""
    bags = _bags(texts)
    table = torch.zeros(BUCKETS, len(HEADS), requires_grad=True)
    bias = torch.full((len(HEADS),), -2.0, requires_grad=True)
    learner = torch.optim.Adagrad([table, bias], lr=_RATE)
    for rows in _batches(len(texts), seed):
        bag, weights, offsets = bags.batch(rows)
        logits = functional.embedding_bag(
            bag, table, offsets, mode="sum", per_sample_weights=weights
        )
        losses = functional.binary_cross_entropy_with_logits(
            logits + bias, torch.from_numpy(targets[rows]), reduction="none"
        )
        loss = (losses * torch.from_numpy(known[rows])).mean()
        learner.zero_grad()
        loss.backward()
        learner.step()
    return Letters(table.detach().numpy(), bias.detach().numpy())


def _bags(texts: Sequence[str]) -> _Bags:
    found = [grams(text) for text in texts]
    starts = np.cumsum([0, *(len(buckets) for buckets, _ in found)])
    buckets = np.concatenate([one for one, _ in found])
    return _Bags(buckets, np.concatenate([one for _, one in found]), starts)


def _batches(count: int, seed: int) -> Iterator[NDArray[np.int64]]:
    random = np.random.default_rng(seed)
    for _ in range(_EPOCHS):
        order = random.permutation(count)
        for start in range(0, count, _BATCH):
            yield order[start : start + _BATCH]
