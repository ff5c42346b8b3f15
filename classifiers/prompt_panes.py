"""Divides the pieces of a long text into panes, each short enough for a sentence to weigh in it.

The network takes the mean over what it reads: a sentence among forty tags hardly moved it (ADR 20).
So it reads some 30 pieces at a time, cut where phrases end, and the worst of them counts. A
sentence does not share its pane with tags beyond a few.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from classifiers.normalise import Span

ROOM: Final = 30
"""Pieces in a pane, its frames aside."""
OVERLAP: Final = 8
"""Pieces in common where a phrase is too long for one pane."""
SENTENCE: Final = 8
"""A phrase of so many pieces stands apart from as many pieces of tags before it."""
_SLACK: Final = 3
"""Pieces by which panes may differ, so that they can end where phrases end."""
_ENDS: Final = frozenset(",.;:!?|")


class Piece(NamedTuple):
    """A piece and the word that it is of; a tuple, for there are hundreds in a text."""

    number: int
    span: Span
    """Where the word stands in the text."""


def panes(text: str, pieces: Sequence[Piece]) -> Sequence[Sequence[Piece]]:
    """Return the pieces of each pane, in order; one without any if there are none.

    What fits into one pane is one. Panes are computed together, short ones filled up to the
    longest: they are divided as that costs least.
    """
    if len(pieces) <= ROOM:
        return [pieces]
    phrases = list(_phrases(text, pieces))
    even = min(ROOM, _even(len(pieces), ROOM) + _SLACK)
    return min((list(_filled(phrases, most)) for most in (even, ROOM)), key=_cost)


def _filled(phrases: Sequence[Sequence[Piece]], most: int) -> Iterator[Sequence[Piece]]:
    """Yield panes of whole phrases, so many pieces in each, if a phrase is not longer itself."""
    held: list[Piece] = []
    has_sentence = False
    for phrase in phrases:
        *whole, last = _parts(phrase)
        is_sentence = len(phrase) >= SENTENCE
        is_apart = is_sentence and not has_sentence and len(held) >= SENTENCE
        if held and (is_apart or whole or len(held) + len(last) > most):
            yield held
            held, has_sentence = [], False
        yield from whole
        held = [*held, *last]
        has_sentence = has_sentence or is_sentence
    yield held


def _cost(divided: Sequence[Sequence[Piece]]) -> int:
    return len(divided) * max(map(len, divided))


def _phrases(text: str, pieces: Sequence[Piece]) -> Iterator[Sequence[Piece]]:
    start = 0
    for at, piece in enumerate(pieces, 1):
        if text[piece.span[0]] in _ENDS or at == len(pieces):
            yield pieces[start:at]
            start = at


def _parts(phrase: Sequence[Piece]) -> Iterator[Sequence[Piece]]:
    """Yield a phrase, or if it is too long for a pane, even parts of it that overlap."""
    if len(phrase) <= ROOM:
        yield phrase
        return
    size = _even(len(phrase) - OVERLAP, ROOM - OVERLAP)
    for start in range(0, len(phrase) - OVERLAP, size):
        yield phrase[start : start + size + OVERLAP]


def _even(count: int, most: int) -> int:
    """Return how many each gets if `count` are divided evenly among as few as have room."""
    return -(-count // -(-count // most))
