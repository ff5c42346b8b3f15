"""What every engine of the prompt model must do."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from random import Random

import numpy as np
import pytest

from classifiers.errors import ModelError
from classifiers.prompt_engines import Engine, Question
from classifiers.prompt_engines.onnx_engine import OneByOne
from classifiers.prompt_heads import HEADS
from classifiers.prompt_network import question as as_asked
from classifiers.prompt_pieces import PANE, PANES, Pieces
from classifiers.runtime import Array, Session
from tests.unit.classifiers.prompt_networks import PIECES, tiny_model

TOLERANCE = 0.02
"""How far an engine may be from the served one."""
ALIKE = 1e-4
"""How far an answer may be from the same engine's answer about the same text alone."""

LAYERS = (48, 32)
"""How wide the two layers of the network are: no engine may take it that all are alike."""

CUTTING = Pieces.parse("\n".join(PIECES))


def question(text: str) -> Question:
    """The first window of a text, as the network takes it."""
    return as_asked(text, next(CUTTING.windows(text)))


@cache
def questions() -> Sequence[Question]:
    """Of one pane and of several, in disorder; an empty one, and one that fills its window."""
    random = Random(7)  # noqa: S311  # to be repeated, not to be secret
    words = ("lighthouse", "cat", "cats", "a", "at", "dawn,", "xylo")
    texts = [" ".join(random.choices(words, k=random.randint(1, 90))) for _ in range(37)]
    return [question(text) for text in ("", *texts, "cat " * (2 * PANE * PANES))]


@cache
def served() -> Array:
    """What the engine answers whose thresholds are on the card."""
    return OneByOne(Session("served", tiny_model(LAYERS))).ask(questions())


class EngineContract:
    """Subclasses say how their engine is opened."""

    @staticmethod
    def opened(model: bytes) -> Engine:
        """Open the engine over a model."""
        raise NotImplementedError

    @pytest.fixture
    def engine(self) -> Iterator[Engine]:
        """Open it over a tiny network."""
        opened = self.opened(tiny_model(LAYERS))
        yield opened
        opened.close()

    def test_it_answers_as_what_is_served_on_a_processor(self, engine: Engine) -> None:
        """The thresholds were chosen for those answers."""
        assert np.abs(engine.ask(questions()) - served()).max() < TOLERANCE

    def test_an_answer_does_not_depend_on_who_else_asks(self, engine: Engine) -> None:
        """Else one client could hide behind, or spoil, another's text."""
        together = engine.ask(questions())

        alone = np.concatenate([engine.ask([one]) for one in questions()])

        assert np.abs(together - alone).max() < ALIKE

    def test_answers_keep_the_order_of_the_questions(self, engine: Engine) -> None:
        """A text must not be judged by another's answer."""
        backwards = engine.ask(questions()[::-1])

        assert backwards.shape == (len(questions()), len(HEADS))
        assert np.abs(backwards[::-1] - served()).max() < TOLERANCE

    def test_many_threads_get_their_own_answers(self, engine: Engine) -> None:
        """Judges run in worker threads, all on one engine."""
        with ThreadPoolExecutor(8) as threads:
            asked = [threads.submit(engine.ask, [one]) for one in questions()]

        found = np.concatenate([one.result() for one in asked])
        assert np.abs(found - served()).max() < TOLERANCE

    def test_a_closed_engine_refuses(self, engine: Engine) -> None:
        """After shut-down nobody may be told that a text is clean."""
        engine.close()

        with pytest.raises(ModelError, match="got a closed one"):
            engine.ask([question("a cat")])
