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
        self._answers: OrderedDict[bytes, Future[T]] = OrderedDict()
        self._lock = Lock()

    def answer(self, question: bytes, find: Callable[[], T]) -> T:
        """Return what `find` answers; whoever asks the same meanwhile waits for the same answer.

        A failure is raised to all of these, and not kept.
        """
        key = blake2b(question, digest_size=32).digest()
        with self._lock:
            answer = self._answers.get(key)
            if answer is not None:
                self._answers.move_to_end(key)
        return self._find(key, find) if answer is None else answer.result()

    def _find(self, key: bytes, find: Callable[[], T]) -> T:
        """Find an answer for all who ask the same, unless somebody else does already."""
        mine: Future[T] = Future()
        with self._lock:
            known = self._answers.setdefault(key, mine)
            if len(self._answers) > self._most:
                self._answers.popitem(last=False)
        if known is not mine:
            return known.result()
        try:
            mine.set_result(find())
        except BaseException as error:  # whatever it is, nobody may wait for an answer for ever
            with self._lock:
                self._answers.pop(key, None)
            mine.set_exception(error)
            raise
        return mine.result()
