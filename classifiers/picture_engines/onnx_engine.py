"""Answers through onnxruntime: on the processor one picture at a time, on a card in batches."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import ModelError
from classifiers.runtime import Array, Session

Planes = NDArray[np.float32]
"""A picture as a network takes it: 3 x height x width."""


class OneByOne:
    """Runs pictures alone: on a processor a batch saves nothing, and some graphs take none."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def ask(self, pictures: Sequence[Planes], /) -> Array:
        """Return a row of answers for each picture.

        Raises:
            ModelError: the session refuses, or says something else.
        """
        return np.concatenate([_rows(self._session, [one]) for one in pictures])

    def close(self) -> None:
        """Close the session."""
        self._session.close()


class Together:
    """Runs all that are asked about at once."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def ask(self, pictures: Sequence[Planes], /) -> Array:
        """Return a row of answers for each picture.

        Raises:
            ModelError: the session refuses, or says something else.
        """
        return _rows(self._session, pictures)

    def close(self) -> None:
        """Close the session."""
        self._session.close()


def _rows(session: Session, pictures: Sequence[Planes]) -> Array:
    (answers, *more) = session.run(np.stack(pictures))
    if more or answers.ndim != 2 or len(answers) != len(pictures):  # noqa: PLR2004 - a row for each
        message = f"{session.name}: expected a row for each picture, got {answers.shape!r}"
        raise ModelError(message)
    return answers
