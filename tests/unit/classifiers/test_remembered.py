from threading import Barrier, Thread

import pytest

from classifiers.errors import ModelError
from classifiers.remembered import Remembered


class Asked:
    """Something slow: it notes what it was asked, and answers with how often."""

    def __init__(self) -> None:
        self.questions: list[bytes] = []
        self.answers = Remembered[int](2)

    def ask(self, question: bytes) -> int:
        return self.answers.answer(question, lambda: self._find(question))

    def _find(self, question: bytes) -> int:
        self.questions.append(question)
        return len(self.questions)


def test_the_same_question_is_asked_once() -> None:
    """Who asks for another picture of the same prompt must not wait for the model again."""
    slow = Asked()

    assert [slow.ask(b"a"), slow.ask(b"a"), slow.ask(b"b")] == [1, 1, 2]
    assert slow.questions == [b"a", b"b"]


def test_what_was_asked_least_lately_is_forgotten() -> None:
    """Memory is bounded, and what is asked again and again stays."""
    slow = Asked()
    for question in (b"a", b"b", b"a", b"c", b"a", b"b"):
        slow.ask(question)

    assert slow.questions == [b"a", b"b", b"c", b"b"]


def test_a_failure_is_not_remembered() -> None:
    """One failure must not stand for every later answer."""
    answers = Remembered[int](2)

    def fails() -> int:
        raise ModelError("expected an answer, got none")

    with pytest.raises(ModelError):
        answers.answer(b"a", fails)
    assert answers.answer(b"a", lambda: 1) == 1


def test_what_is_no_question_is_not_remembered() -> None:
    """A text that was not read whole has no name to be known by."""
    slow = Asked()

    assert [slow.ask(b""), slow.ask(b"")] == [1, 2]


def test_who_asks_meanwhile_gets_the_same_answer() -> None:
    """Two threads with one question must not do the work twice, nor wait for ever."""
    answers, both = Remembered[int](2), Barrier(2, timeout=5)
    found: list[int] = []
    runs: list[int] = []

    def find() -> int:
        runs.append(1)
        return len(runs)

    def ask() -> None:
        both.wait()
        found.append(answers.answer(b"a", find))

    threads = [Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)

    assert found == [1, 1]
