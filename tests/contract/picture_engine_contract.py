"""What every engine of image classifiers must do."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from classifiers.batcher import Answering
from classifiers.errors import ModelError
from classifiers.picture_engines import Planes
from classifiers.picture_engines.onnx_engine import OneByOne
from classifiers.pins import Pin
from classifiers.runtime import Array, Session
from tests.unit.classifiers.raters import SIDE

TOLERANCE = 0.02
"""How far a likelihood may be from the served one: half precision has three digits."""
ALIKE = 0.01
"""How far one may be from the same engine's about the same picture alone."""
LABELS = 3

Given = tuple[Pin, Mapping[str, bytes]]


@cache
def pictures() -> Sequence[Planes]:
    """Dark and bright ones, as a network takes them, no two alike."""
    chance = np.random.default_rng(7)
    levels = np.linspace(-1, 1, 37, dtype=np.float32)
    noise = chance.normal(0, 0.2, (len(levels), 3, SIDE, SIDE)).astype(np.float32)
    return [level + each for level, each in zip(levels, noise, strict=True)]


def likelihoods(answers: Array) -> NDArray[np.float64]:
    """What is made of answers before anybody decides by them."""
    grown = np.exp(answers.astype(np.float64) - answers.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = grown / grown.sum(axis=1, keepdims=True)
    return shares


class PictureEngineContract:
    """Subclasses say how their engine is opened; their module has the fixture `given`."""

    @staticmethod
    def opened(given: Given) -> Answering[Planes]:
        """Open the engine over a model."""
        raise NotImplementedError

    @pytest.fixture
    def engine(self, given: Given) -> Iterator[Answering[Planes]]:
        opened = self.opened(given)
        yield opened
        opened.close()

    @pytest.fixture
    def served(self, given: Given) -> NDArray[np.float64]:
        """What the engine answers that the comparison and the card are of."""
        pin, files = given
        found = likelihoods(OneByOne(Session("served", files[pin.graph])).ask(pictures()))
        assert np.abs(found[0] - found[-1]).max() > 2 * TOLERANCE  # else order could not show
        return found

    def test_it_answers_as_what_is_served_on_a_processor(
        self, engine: Answering[Planes], served: NDArray[np.float64]
    ) -> None:
        """The thresholds were chosen for those answers."""
        answers = engine.ask(pictures())

        assert answers.shape == (len(pictures()), LABELS)
        assert np.abs(likelihoods(answers) - served).max() < TOLERANCE

    def test_an_answer_does_not_depend_on_who_else_asks(self, engine: Answering[Planes]) -> None:
        """Else one client could hide behind, or spoil, another's picture."""
        together = likelihoods(engine.ask(pictures()))

        alone = np.concatenate([likelihoods(engine.ask([one])) for one in pictures()])

        assert np.abs(together - alone).max() < ALIKE

    def test_answers_keep_the_order_of_the_questions(
        self, engine: Answering[Planes], served: NDArray[np.float64]
    ) -> None:
        """A picture must not be judged by another's answer."""
        backwards = likelihoods(engine.ask(pictures()[::-1]))

        assert np.abs(backwards[::-1] - served).max() < TOLERANCE

    def test_many_threads_get_their_own_answers(
        self, engine: Answering[Planes], served: NDArray[np.float64]
    ) -> None:
        """Judges run in worker threads, all on one engine."""
        with ThreadPoolExecutor(8) as threads:
            asked = [threads.submit(engine.ask, [one]) for one in pictures()]

        found = likelihoods(np.concatenate([one.result() for one in asked]))
        assert np.abs(found - served).max() < TOLERANCE

    def test_a_picture_of_another_size_is_a_model_error(self, engine: Answering[Planes]) -> None:
        """And the next one is answered."""
        with pytest.raises(ModelError):
            engine.ask([np.zeros((4, SIDE, SIDE), np.float32)])
        assert engine.ask(pictures()[:1]).shape == (1, LABELS)

    def test_what_is_no_number_is_no_answer(self, engine: Answering[Planes]) -> None:
        """NaN would pass every threshold."""
        with pytest.raises(ModelError, match="NaN"):
            engine.ask([np.full((3, SIDE, SIDE), np.nan, np.float32)])

    def test_a_closed_engine_refuses(self, engine: Answering[Planes]) -> None:
        """After shut-down nobody may be told that a picture is clean."""
        engine.close()

        with pytest.raises(ModelError, match="got a closed one"):
            engine.ask(pictures()[:1])
