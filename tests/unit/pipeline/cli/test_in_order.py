"""Work on every core: the order is kept, memory is bounded, and a fault is not lost."""

import os
from collections.abc import Iterator, Sequence

import pytest

from classifiers.errors import ClassifierError
from pipeline.cli.errors import UnusableError
from pipeline.cli.measuring.in_order import CHUNK, in_order


def _doubled(numbers: Sequence[int]) -> list[int]:
    return [2 * number for number in numbers]


def _refused(numbers: Sequence[int]) -> list[int]:
    message = f"expected no numbers, got {len(numbers)}"
    raise ClassifierError(message)


def _killed(_: Sequence[int]) -> list[int]:
    os._exit(9)


@pytest.mark.parametrize(
    ("count", "processes"),
    [(0, 1), (1, 1), (CHUNK, 2), (5 * CHUNK + 3, 1), (5 * CHUNK + 3, 2)],
)
def test_answers_come_in_the_order_of_what_was_asked(count: int, processes: int) -> None:
    """However the work was shared out."""
    assert list(in_order(_doubled, range(count), processes)) == [2 * n for n in range(count)]


def test_little_is_read_ahead() -> None:
    """Millions of lines are not held at once."""
    read = 0

    def numbers() -> Iterator[int]:
        nonlocal read
        for number in range(100 * CHUNK):
            read += 1
            yield number

    answers = in_order(_doubled, numbers(), 2)

    assert next(answers) == 0
    assert read <= 8 * CHUNK
    answers.close()  # type: ignore[attr-defined] # a generator, which is an Iterator to callers


def test_what_is_heavy_is_held_in_smaller_numbers() -> None:
    """A line may hold a picture."""
    seen: list[int] = []

    def sizes(things: Sequence[int]) -> list[int]:
        seen.append(len(things))
        return list(things)

    assert list(in_order(sizes, range(4), 1, lambda _: 1 << 20)) == [0, 1, 2, 3]
    assert seen == [1, 1, 1, 1]


@pytest.mark.parametrize("processes", [1, 2])
def test_what_the_work_raises_is_raised_here(processes: int) -> None:
    """It is told like any other fault."""
    with pytest.raises(ClassifierError, match="no numbers"):
        list(in_order(_refused, range(3 * CHUNK), processes))


def test_a_process_that_dies_ends_the_run_with_a_word() -> None:
    """What it had in hand was never judged: nothing may look complete."""
    with pytest.raises(UnusableError, match="died"):
        list(in_order(_killed, range(3 * CHUNK), 2))
