"""Makes the graph of a classifier that comes as weights, and refuses one that answers otherwise.

Compared is the whole way from pixels to answers: what its makers' code says beside what ours says,
so that a picture prepared in another way is found as well as a graph that computes something else.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import ModelError
from classifiers.picture_engines.original import Original
from classifiers.pins import EXPORTED, Exported, Pin
from classifiers.rater import Rater
from classifiers.registry import known_picture
from classifiers.rendering import Pixels

LIMIT: Final = 1e-3
"""How far an answer may be off, before it is made a likelihood."""
_SEED: Final = 20261124
_NOISES: Final = 4


class Answering(Protocol):
    """Says of a picture one number for each label."""

    def answer(self, view: Pixels, /) -> NDArray[np.float64]:
        """Say it, or raise a `ModelError`."""
        ...


def export(pin: Pin, files: Mapping[str, bytes]) -> tuple[Pin, bytes]:
    """Return the card of a model with its graph on it, and the graph.

    The digests of `files` MUST have been checked before.

    Raises:
        ModelError: it cannot be made, or answers otherwise than the original does.
    """
    original = Original(pin, files)
    graph = original.graph()
    rater = Rater(pin, {**files, EXPORTED: graph})
    rater.warm()
    views = list(pictures(pin.pixels.width))
    made = Exported(
        sha256=hashlib.sha256(graph).hexdigest(),
        by=original.by,
        pictures=len(views),
        furthest=furthest(pin.id, original, rater, views),
    )
    return pin.model_copy(update={"exported": made}), graph


def furthest(who: str, original: Answering, made: Answering, views: list[Pixels]) -> float:
    """Return how far two say otherwise of the same pictures, at most.

    Raises:
        ModelError: further than `LIMIT`, or not to be compared.
    """
    far = 0.0
    for view in views:
        expected, got = original.answer(view), made.answer(view)
        if expected.shape != got.shape:
            message = f"{who}: expected {expected.shape} answers, got {got.shape}"
            raise ModelError(message)
        off = float(np.abs(expected - got).max())
        if not off <= LIMIT:  # also refuses NaN
            message = f"{who}: expected the original's answers within {LIMIT}, got {off:.3g} off"
            raise ModelError(message)
        far = max(far, off)
    return far


def pictures(side: int) -> Iterator[Pixels]:
    """Draw what to compare about: the same on every machine, none of the model's own size."""
    wide = known_picture(side + side // 3, 2 * side)
    yield wide
    yield np.ascontiguousarray(wide[:, ::-1, ::-1])  # colours the other way round, too
    yield np.zeros_like(wide)
    yield np.full_like(wide, 255)
    chance = np.random.default_rng(_SEED)
    for times in range(1, _NOISES + 1):
        yield chance.integers(0, 256, (side * times // 2 + 1, side + times, 3), np.uint8)
