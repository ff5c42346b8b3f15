"""Answers through onnxruntime: on the processor one question at a time, on a card in batches."""

from collections.abc import Sequence

import numpy as np

from classifiers.prompt_engines.engine import Question, batch
from classifiers.runtime import Array, Session


class OneByOne:
    """Runs the model as it is. Its 8-bit scales span a whole batch, so it gets one at a time.

    Processors gain nothing by batches anyway.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def ask(self, questions: Sequence[Question], /) -> Array:
        """Return an answer for each question.

        Raises:
            ModelError: the session refuses.
        """
        return np.concatenate([self._one(question) for question in questions])

    def _one(self, question: Question) -> Array:
        parts = (question.pieces, question.buckets, question.weights)
        return self._session.run(*(part[np.newaxis] for part in parts))[0]

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
        return self._session.run(*batch(questions))[0]

    def close(self) -> None:
        """Close the session."""
        self._session.close()
