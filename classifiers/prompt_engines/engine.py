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
    """One window of a text, as the network takes it."""

    pieces: NDArray[np.int64] = field(repr=False)
    buckets: Buckets = field(repr=False)
    weights: Weights = field(repr=False)
    """One for each bucket."""


class Engine(Protocol):
    """Computes likelihoods. It may be asked from several threads at once, until it is closed."""

    def ask(self, questions: Sequence[Question], /) -> Array:
        """Return an answer for each question, in their order: N x heads.

        An answer MUST NOT depend on the other questions: what somebody else asks at the same
        moment decides nothing about this text.

        Raises:
            ModelError: it has no answer; then none of the questions has.
        """
        ...

    def close(self) -> None:
        """Free what it holds; whoever asks afterwards gets a `ModelError`."""
        ...


def batch(questions: Sequence[Question]) -> tuple[Array, Array, Array]:
    """Return pieces, buckets and weights of all questions, each N x the longest, padded with 0."""
    return (
        _padded([one.pieces for one in questions]),
        _padded([one.buckets for one in questions]),
        _padded([one.weights for one in questions]),
    )


def _padded(rows: Sequence[Array]) -> Array:
    width = -(-max(len(row) for row in rows) // _STEP) * _STEP
    padded = np.zeros((len(rows), width), rows[0].dtype)
    for number, row in enumerate(rows):
        padded[number, : len(row)] = row
    return padded
