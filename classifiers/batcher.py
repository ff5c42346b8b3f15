"""Puts together what several threads ask at the same moment: a card is as fast for 64 as for one.

A batch is open from its first question until it is full, or has been open for the cap and the card
is free. While the card computes, the next batch fills: it is the larger, the busier the card is.
"""

from collections.abc import Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from threading import Condition
from time import monotonic
from typing import Final, Generic, Protocol, TypeVar

import numpy as np

from classifiers.errors import ModelError
from classifiers.runtime import Array

Q = TypeVar("Q")
Q_contra = TypeVar("Q_contra", contravariant=True)

MOST: Final = 64
"""Questions in a batch."""
CAP_SECONDS: Final = 0.003
"""How long a question waits for others; so much a card adds to an answer's time at most."""
DEADLINE_SECONDS: Final = 5.0


class Answering(Protocol[Q_contra]):
    """Computes answers. It may be asked from several threads at once, until it is closed."""

    def ask(self, questions: Sequence[Q_contra], /) -> Array:
        """Return a row for each question, in their order, or raise a `ModelError`.

        A row MUST NOT depend on the other questions: what somebody else asks at the same moment
        decides nothing here.
        """
        ...

    def close(self) -> None:
        """Free what it holds; whoever asks afterwards gets a `ModelError`."""
        ...


class _Batch(Generic[Q]):
    """Questions that are asked together; `answers` has one row for each of them."""

    def __init__(self) -> None:
        self.begun = monotonic()
        self.questions: list[Q] = []
        self.answers: Future[Array] = Future()


class Batcher(Generic[Q]):
    """An engine in front of another, which it asks from one thread, one batch after the other.

    If a batch fails, each of its questions fails. The batcher closes the engine behind it.
    """

    def __init__(
        self,
        name: str,
        engine: Answering[Q],
        *,
        most: int = MOST,
        cap_seconds: float = CAP_SECONDS,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._name = name
        self._engine = engine
        self._most, self._cap, self._deadline = most, cap_seconds, deadline_seconds
        self._changed = Condition()
        self._open: _Batch[Q] | None = None
        self._is_closed = False
        self._card = ThreadPoolExecutor(1, thread_name_prefix="batches")

    def ask(self, questions: Sequence[Q], /) -> Array:
        """Return an answer for each question.

        Raises:
            ModelError: the engine has none, or none in time, or the batcher is closed.
        """
        until = monotonic() + self._deadline
        with self._changed:
            if self._is_closed:
                raise self._closed()
            places = [self._place(question) for question in questions]
            self._changed.notify_all()
        return np.stack([self._row(batch, row, until) for batch, row in places])

    def close(self) -> None:
        """Refuse what waits and what comes; the batch that is being computed is still answered."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._card.shutdown(wait=False, cancel_futures=True)
        self._engine.close()

    def _place(self, question: Q) -> tuple[_Batch[Q], int]:
        """Add a question to the open batch, or to a new one; return its place there."""
        batch = self._open
        if batch is None or len(batch.questions) == self._most:
            batch = self._open = _Batch[Q]()
            batch.answers = self._card.submit(self._run, batch)
        batch.questions.append(question)
        return batch, len(batch.questions) - 1

    def _run(self, batch: _Batch[Q]) -> Array:
        """Wait until `batch` is ripe, close it, and ask the engine. Runs in the one thread."""
        with self._changed:
            left = batch.begun + self._cap - monotonic()
            self._changed.wait_for(lambda: self._is_ripe(batch), max(0.0, left))
            if self._is_closed:
                raise self._closed()
            if self._open is batch:
                self._open = None
        answers, count = self._engine.ask(batch.questions), len(batch.questions)
        if len(answers) != count:
            message = f"{self._name}: expected {count} answers, got {len(answers)}"
            raise ModelError(message)
        return answers

    def _is_ripe(self, batch: _Batch[Q]) -> bool:
        return self._is_closed or len(batch.questions) == self._most

    def _row(self, batch: _Batch[Q], row: int, until: float) -> Array:
        try:
            found: Array = batch.answers.result(max(0.0, until - monotonic()))[row]
        except CancelledError as error:
            raise self._closed() from error
        except TimeoutError as error:
            message = f"{self._name}: expected an answer in {self._deadline} s, got none"
            raise ModelError(message) from error
        return found

    def _closed(self) -> ModelError:
        return ModelError(f"{self._name}: expected an open model, got a closed one")
