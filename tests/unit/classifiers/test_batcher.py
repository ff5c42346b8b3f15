"""The batcher over a real engine and real threads, with the faults that an engine can have."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from time import monotonic

import numpy as np
import pytest

from classifiers.batcher import Batcher
from classifiers.errors import ModelError
from classifiers.prompt_engines import Engine, Question
from classifiers.prompt_engines.onnx_engine import OneByOne
from classifiers.runtime import Array, Session
from tests.contract.engine_contract import LAYERS, question, questions, served
from tests.unit.classifiers.prompt_networks import tiny_model

LONG = 30.0
"""Seconds that no test waits, unless something is broken."""


class Watched:
    """A real engine that can be stopped and broken, and whose batches are counted."""

    def __init__(self) -> None:
        self._engine = OneByOne(Session("watched", tiny_model(LAYERS)))
        self.sizes: list[int] = []
        self.begun, self.may_go_on = Event(), Event()
        self.may_go_on.set()
        self.fault: Exception | None = None
        self.lost = 0

    def ask(self, asked: Sequence[Question], /) -> Array:
        """Answer, once it may go on, unless it is broken."""
        self.sizes.append(len(asked))
        self.begun.set()
        assert self.may_go_on.wait(LONG)
        if self.fault is not None:
            raise self.fault
        answers: Array = self._engine.ask(asked)
        return answers[self.lost :]

    def close(self) -> None:
        self._engine.close()


@pytest.fixture
def engine() -> Iterator[Watched]:
    watched = Watched()
    yield watched
    watched.may_go_on.set()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as pool:
        yield pool


Opening = Callable[..., Batcher[Question]]


@pytest.fixture
def opening(engine: Watched) -> Iterator[Opening]:
    """Opens batchers over the engine, and closes them at the end."""
    opened: list[Batcher[Question]] = []

    def one(*, most: int = 8, cap: float = 0.003, deadline: float = LONG) -> Batcher[Question]:
        batcher = Batcher("model", engine, most=most, cap_seconds=cap, deadline_seconds=deadline)
        opened.append(batcher)
        return batcher

    yield one
    engine.may_go_on.set()
    for batcher in opened:
        batcher.close()


def blocked(
    batcher: Batcher[Question], engine: Watched, threads: ThreadPoolExecutor
) -> Future[Array]:
    """Have a first question computed until the test lets it go on."""
    engine.may_go_on.clear()
    first = threads.submit(batcher.ask, [question("a cat")])
    assert engine.begun.wait(LONG)
    return first


def until(what: Callable[[], bool]) -> None:
    """Wait for something that another thread does."""
    end = monotonic() + LONG
    while not what():
        assert monotonic() < end
        Event().wait(0.001)


def waiting(batcher: Batcher[Question]) -> int:
    """How many questions stand in the open batch."""
    return len(batcher._open.questions) if batcher._open else 0


class TestBatches:
    def test_what_is_asked_together_is_computed_together(
        self, opening: Opening, engine: Watched, threads: ThreadPoolExecutor
    ) -> None:
        """Else a card would be no faster than one text at a time."""
        batcher = opening(most=64)
        first = blocked(batcher, engine, threads)
        others = [threads.submit(batcher.ask, [one]) for one in questions()[:10]]
        until(lambda: waiting(batcher) == len(others))
        engine.may_go_on.set()

        answers = np.concatenate([one.result(LONG) for one in others])

        assert engine.sizes == [1, len(others)]
        assert np.array_equal(answers, served()[:10])
        assert first.result(LONG).shape == (1, 10)

    def test_a_full_batch_waits_for_nobody(
        self, opening: Opening, engine: Watched, threads: ThreadPoolExecutor
    ) -> None:
        """The cap is the longest wait, not the usual one."""
        batcher = opening(most=4, cap=LONG)

        asked = [threads.submit(batcher.ask, [one]) for one in questions()[:4]]
        found = np.concatenate([one.result(LONG) for one in asked])

        assert engine.sizes == [4]
        assert np.array_equal(found, served()[:4])

    def test_who_is_alone_waits_for_the_cap(self, opening: Opening, engine: Watched) -> None:
        """At night there is nobody to wait for."""
        begun = monotonic()

        opening(cap=0.05).ask([question("a cat")])

        assert engine.sizes == [1]
        assert 0.05 <= monotonic() - begun < LONG

    def test_no_batch_is_larger_than_the_most(self, opening: Opening, engine: Watched) -> None:
        """A card has only so much memory; a request of many windows goes through in parts."""
        answers = opening(most=4).ask(questions()[:10])

        assert engine.sizes == [4, 4, 2]
        assert np.array_equal(answers, served()[:10])


class TestFaults:
    @pytest.mark.parametrize(
        "fault", [ModelError("the card fell off"), MemoryError()], ids=["known", "unknown"]
    )
    def test_a_batch_that_fails_fails_each_of_its_questions(
        self, opening: Opening, engine: Watched, threads: ThreadPoolExecutor, fault: Exception
    ) -> None:
        """Nobody may wait for ever, nor be told anything; and the next batch is a new chance."""
        batcher = opening(most=3, cap=LONG)
        engine.fault = fault

        asked = [threads.submit(batcher.ask, [one]) for one in questions()[:3]]

        assert [one.exception(LONG) for one in asked] == [fault] * 3
        engine.fault = None
        assert np.array_equal(batcher.ask(questions()[:3]), served()[:3])

    def test_a_slow_engine_is_given_up_at_the_deadline(
        self, opening: Opening, engine: Watched, threads: ThreadPoolExecutor
    ) -> None:
        """Whoever waits learns that nobody could look; later questions are answered again."""
        batcher = opening(deadline=0.1)
        first = blocked(batcher, engine, threads)

        with pytest.raises(ModelError, match=r"expected an answer in 0\.1 s"):
            batcher.ask([question("a cat at dawn")])
        with pytest.raises(ModelError, match="got none"):
            first.result(LONG)
        engine.may_go_on.set()
        until(lambda: len(engine.sizes) == 2)

        assert np.array_equal(batcher.ask(questions()[:2]), served()[:2])

    def test_an_engine_that_loses_answers_is_not_believed(
        self, opening: Opening, engine: Watched
    ) -> None:
        """A row too few, and texts would be judged by their neighbours' answers."""
        engine.lost = 1
        with pytest.raises(ModelError, match="expected 3 answers, got 2"):
            opening().ask(questions()[:3])

    def test_closed_midway_it_answers_what_runs_and_refuses_what_waits(
        self, opening: Opening, engine: Watched, threads: ThreadPoolExecutor
    ) -> None:
        """A stop neither hangs nor lets anything through."""
        batcher = opening(most=2)
        first = blocked(batcher, engine, threads)
        others = [threads.submit(batcher.ask, [one]) for one in questions()[:5]]
        until(lambda: batcher._card._work_queue.qsize() == 3)
        batcher.close()
        engine.may_go_on.set()

        for one in others:
            with pytest.raises(ModelError, match="got a closed one"):
                one.result(LONG)
        fault = first.exception(LONG)  # if its session was closed before it was asked
        assert fault is None or isinstance(fault, ModelError)
        with pytest.raises(ModelError, match="got a closed one"):
            batcher.ask([question("a cat")])

    def test_closed_while_it_waits_for_more_it_refuses(
        self, opening: Opening, engine: Watched, threads: ThreadPoolExecutor
    ) -> None:
        """The batch is open, and nothing has been computed."""
        batcher = opening(cap=LONG)
        asked = threads.submit(batcher.ask, [question("a cat")])
        until(lambda: waiting(batcher) == 1)

        batcher.close()

        with pytest.raises(ModelError, match="got a closed one"):
            asked.result(LONG)
        assert engine.sizes == []


def test_a_question_shows_nothing_of_its_text() -> None:
    """Pieces are words by another name, and reprs end in logs."""
    assert repr(question("a lighthouse")) == "Question()"


def test_it_is_an_engine(engine: Watched, opening: Opening) -> None:
    """So that whoever asks does not know whether there is a card."""
    engines: list[Engine] = [engine, opening()]
    assert [len(one.ask(questions()[:1])) for one in engines] == [1, 1]
