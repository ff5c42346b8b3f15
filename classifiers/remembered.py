"""The last answers of something slow, under digests of what was asked: no content is kept."""

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from hashlib import blake2b
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Remembered(Generic[T]):
    """Gives the same answer to the same question; may be asked from several threads at once."""

    def __init__(self, most: int) -> None:
        """Keep at most so many answers."""
        self._most = most
        self._answers: OrderedDict[bytes, T] = OrderedDict()
        self._asked: dict[bytes, Future[T] | None] = {}
        """What is being found, and who waits for it: mostly nobody does, and a future costs."""
        self._lock = Lock()

    def answer(self, question: bytes, find: Callable[[], T]) -> T:
        """Return what `find` answers; whoever asks the same meanwhile waits for the same answer.

        A failure is raised to all of these, and not kept. An empty question is nobody's: what
        `find` answers to it is not kept either.
        """
        if not question:
            return find()
        key = blake2b(question, digest_size=32).digest()
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return self._answers[key]
            waiting = None
            if key in self._asked:
                waiting = self._asked[key] = self._asked[key] or Future()
            else:
                self._asked[key] = None
        return self._find(key, find) if waiting is None else waiting.result()

    def _find(self, key: bytes, find: Callable[[], T]) -> T:
        """Find an answer for all who ask the same."""
        try:
            answer = find()
        except BaseException as error:  # whatever it is, nobody may wait for an answer for ever
            with self._lock:
                waiting = self._asked.pop(key)
            if waiting is not None:
                waiting.set_exception(error)
            raise
        with self._lock:
            self._answers[key] = answer
            if len(self._answers) > self._most:
                self._answers.popitem(last=False)
            waiting = self._asked.pop(key)
        if waiting is not None:
            waiting.set_result(answer)
        return answer
