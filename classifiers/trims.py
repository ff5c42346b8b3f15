"""Finds what was put round a picture: borders of one colour, and strips with lines of text.

A margin is what has the colour of one of the outermost lines, from there inwards. A strip is the
same with lines of text in it. What is found is a question to ask the banks, never a fact: a drawing
on white paper has margins of its own.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]
"""One square of luma, side x side, 0 to 255."""
MOST_FRAMES = 4


class Frame(NamedTuple):
    """A part of a square, in shares of its side; beyond 0 and 1 its outermost lines go on."""

    top: float
    bottom: float
    left: float
    right: float


WHOLE = Frame(0.0, 1.0, 0.0, 1.0)

_LEVELS = (4, 14)
"""How far from its colour a margin may be: as it was made, and after compression with loss."""
_CALM = 0.97
"""How much of a line of a margin has its colour."""
_ONE_COLOUR = 0.9
"""How much of an outermost line has one colour, to within `_EVEN` levels."""
_EVEN = 8
_LINE_OF_TEXT = 0.1
"""Of the side; what is higher is no text."""
_LEAST = 0.2
"""Of the side; what would be left is no picture."""


def frames(grey: Grey) -> tuple[Frame, ...]:
    """Return what may be left of the picture without its margins, at most `MOST_FRAMES`."""
    found: list[Frame] = []
    for frame in _candidates(grey):
        if frame != WHOLE and not any(_alike(frame, other, len(grey)) for other in found):
            found.append(frame)
    return tuple(found[:MOST_FRAMES])


def _candidates(grey: Grey) -> Iterator[Frame]:
    for level in _edge_levels(grey):
        for spread in _LEVELS:
            margin = (np.abs(grey - level) <= spread).astype(np.float32)  # to be summed fast
            for text in (False, True):
                frame = _within(margin, text=text)
                if frame is not None:
                    yield frame


def _edge_levels(grey: Grey) -> list[float]:
    """The level of each outermost line that is of one colour, each once."""
    levels: list[float] = []
    for line in (grey[0], grey[-1], grey[:, 0], grey[:, -1]):
        level = float(np.median(line))
        one_colour = (np.abs(line - level) <= _EVEN).mean() >= _ONE_COLOUR
        if one_colour and not any(abs(level - other) <= _LEVELS[0] for other in levels):
            levels.append(level)
    return levels


def _within(margin: Grey, *, text: bool) -> Frame | None:
    """What lies within the margins, or `None` where too little is left to be a picture."""
    side = len(margin)
    top, bottom, left, right = 0, side, 0, side
    for _ in range(2):  # a margin beside the picture hides those above and below it, and they it
        rows = margin[top:bottom, left:right].sum(axis=1)
        above, below = _ends(rows >= _CALM * (right - left), round(side * _LINE_OF_TEXT) * text)
        top, bottom = top + above, bottom - below
        if bottom - top < side * _LEAST:
            return None
        columns = margin[top:bottom, left:right].sum(axis=0)
        aside, beyond = _ends(columns >= _CALM * (bottom - top), 0)
        left, right = left + aside, right - beyond
        if right - left < side * _LEAST:
            return None
    return Frame(top / side, bottom / side, left / side, right / side)


def _ends(calm: NDArray[np.bool_], text: int) -> tuple[int, int]:
    """How many lines are margin at each end."""
    return _first(calm, text), _first(calm[::-1], text)


def _first(calm: NDArray[np.bool_], text: int) -> int:
    """Where the picture begins: past calm lines, and past text of at most `text` lines each."""
    at = int(calm.argmin())
    if calm[at]:
        return len(calm)
    while text:
        ended = at + int(calm[at:].argmax())
        after = ended + int(calm[ended:].argmin())
        if not 0 < ended - at <= text or calm[after]:
            break
        at = after
    return at


def _alike(one: Frame, other: Frame, side: int) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) * side <= 1
