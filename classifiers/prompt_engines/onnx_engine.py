"""Answers through onnxruntime: on the processor one question at a time, on a card in batches."""

from collections.abc import Sequence

import numpy as np

from classifiers.prompt_engines.engine import Question, batch
from classifiers.runtime import Array, Session


class OneByOne:
    """Runs the model as it is. Its 8-bit scales span a whole batch, so windows go one by one.

    The panes of a window are computed together: that takes a quarter less time than one by one.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def ask(self, questions: Sequence[Question], /) -> Array:
        """Return an answer for each question.

        Raises:
            ModelError: the session refuses.
        """
        return np.stack([self._one(question) for question in questions])

    def _one(self, question: Question) -> Array:
        answers = self._session.run(*question.parts)[0]
        highest: Array = answers.max(axis=0)
        return highest

    def close(self) -> None:
        """Close the session."""
        self._session.close()


class Together:
    """Runs a model that was changed by `by_text` on whole batches."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def ask(self, questions: Sequence[Question], /) -> Array:
        """Return an answer for each question.

        Raises:
            ModelError: the session refuses.
        """
        joined = batch(questions)
        parts = (joined.pieces, joined.buckets, joined.weights, joined.counted, joined.owners)
        return joined.highest(self._session.run(*parts)[0])

    def close(self) -> None:
        """Close the session."""
        self._session.close()
