"""The one face of what computes answers, and how windows of several lengths become one batch."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from classifiers.prompt_grams import Buckets, Weights
from classifiers.runtime import Array

_STEP: Final = 32
"""Batches are padded to multiples of it: cards like few shapes, and torch's 8-bit product takes no
fewer than 17 pieces there."""


@dataclass(frozen=True, slots=True)
class Question:
    """One window of a text, as the network takes it: a row for each of its panes."""

    pieces: NDArray[np.int64] = field(repr=False)
    """Filled up with 0, as are the others."""
    buckets: Buckets = field(repr=False)
    weights: Weights = field(repr=False)
    """One for each bucket."""

    @property
    def parts(self) -> tuple[Array, Array, Array]:
        """The inputs of the graph, in their order."""
        return self.pieces, self.buckets, self.weights


class Engine(Protocol):
    """Computes likelihoods. It may be asked from several threads at once, until it is closed."""

    def ask(self, questions: Sequence[Question], /) -> Array:
        """Return for each question the highest answer of its panes, in their order: N x heads.

        An answer MUST NOT depend on the other questions: what somebody else asks at the same
        moment decides nothing about this text.

        Raises:
            ModelError: it has no answer; then none of the questions has.
        """
        ...

    def close(self) -> None:
        """Free what it holds; whoever asks afterwards gets a `ModelError`."""
        ...


@dataclass(frozen=True, slots=True)
class Batch:
    """The panes of several questions, one row each, filled up with 0 to the longest."""

    pieces: Array = field(repr=False)
    buckets: Array = field(repr=False)
    weights: Array = field(repr=False)
    counted: Array = field(repr=False)
    """1 where the question itself has a place, filled up or not: its 8-bit scales span these."""
    owners: Array
    """The number of the question that a row is of."""

    def highest(self, answers: Array) -> Array:
        """Return for each question the highest of the answers to its panes."""
        starts = np.flatnonzero(np.diff(self.owners, prepend=-1))
        found: Array = np.maximum.reduceat(answers, starts)
        return found


def batch(questions: Sequence[Question]) -> Batch:
    """Join questions for a card."""
    return Batch(
        _padded([one.pieces for one in questions]),
        _padded([one.buckets for one in questions]),
        _padded([one.weights for one in questions]),
        _padded([np.ones_like(one.pieces, np.float32) for one in questions]),
        np.repeat(np.arange(len(questions)), [len(one.pieces) for one in questions]),
    )


def _padded(parts: Sequence[Array]) -> Array:
    width = -(-max(part.shape[1] for part in parts) // _STEP) * _STEP
    padded = np.zeros((sum(map(len, parts)), width), parts[0].dtype)
    start = 0
    for part in parts:
        padded[start : start + len(part), : part.shape[1]] = part
        start += len(part)
    return padded
