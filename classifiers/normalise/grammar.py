"""NovelAI's prompt language, read only as far as moderation needs it; others by `attention`.

Braces and brackets carry no sign and may be unbalanced: they are marks, no structure. `W::` has a
sign, and so has the `:W` of V3 mixing. Where a sign is in doubt, the reading is taken that keeps
the text in sight: in a positive field doubt is positive, in a negative field doubt turns. A mark
that a randomiser touches differs from branch to branch: it hides nothing.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from classifiers.content import Grammar, Polarity
from classifiers.normalise import attention
from classifiers.normalise.reading import Run, Span
from classifiers.normalise.signs import (
    adjoins,
    is_below_zero,
    lies_in,
    loose_minus,
    mixes_loosely,
    randomisers,
)

_NUMERIC = frozenset("0123456789.-")
_COLONS = re.compile(r"::(?:::)*")
_BEFORE_WEIGHT = frozenset(" \t\n\r,;|{}[]:()")
_MIX = re.compile(r":[ ]?(-?\d{0,8}\.?\d{0,8})[ ]?$", re.ASCII)


class Weight(NamedTuple):
    """A weight mark: where it stands, what it sets, and whether its number is beyond doubt.

    `minus` says that it may be below zero, `firm` that it stands in every branch as it stands here.
    """

    start: int
    end: int
    value: float
    certain: bool
    minus: bool
    firm: bool


def weights(text: str) -> tuple[Weight, ...]:
    """Return each `W::` and `::` in order. A bare `::` sets 1, and so do several in a row."""
    if "::" not in text:
        return ()
    found: list[Weight] = []
    random = randomisers(text)
    done = 0
    for colons in _COLONS.finditer(text):
        at, end = colons.span()
        start = at
        while start > done and text[start - 1] in _NUMERIC:
            start -= 1
        reach = start
        while reach > done and adjoins(text[reach - 1]):
            reach -= 1
        firm = not (random and lies_in(random, reach - 1))
        found.append(_weight(text, (reach, start, at), firm))
        if at + 2 < end:
            found.append(Weight(at + 2, end, 1.0, certain=False, minus=False, firm=firm))
        done = end
    return tuple(found)


def _weight(text: str, places: tuple[int, int, int], firm: bool) -> Weight:
    """Read the number between the last two of `places`, and what adjoins it before them."""
    reach, start, at = places
    number = text[start:at]
    value = _number(number) if number else None
    certain = firm and value is not None and (start == 0 or text[start - 1] in _BEFORE_WEIGHT)
    minus = "-" in number
    if reach < start:
        certain = certain and _BEFORE_WEIGHT.issuperset(text[reach:start])
        minus = minus or is_below_zero(text[reach:at])
    return Weight(start, at + 2, 1.0 if value is None else value, certain, minus, firm)


def _number(digits: str) -> float | None:
    """Read what holds nothing but figures, points and minus signs."""
    try:
        return float(digits)
    except ValueError:
        return None


def runs(
    text: str, marks: Sequence[Weight], polarity: Polarity, grammar: Grammar
) -> tuple[Run, ...]:
    """Cut `text`, whose `weights` are `marks`, into stretches of one weight, without gaps."""
    if grammar is Grammar.WEBUI:
        return attention.runs(text, polarity)
    pieces = _mixed(text, polarity) if grammar is Grammar.V3 else _weighted(text, marks, polarity)
    return tuple(
        Run(start, end, weight, _effective(polarity, weight))
        for start, end, weight in _merged(pieces)
    )


def _merged(pieces: Iterable[tuple[int, int, float]]) -> Iterator[tuple[int, int, float]]:
    """Put neighbours of one weight together, and leave out what is empty."""
    start, end, weight = 0, 0, 1.0
    for first, last, its in pieces:
        if its != weight and first < last:
            if start < end:
                yield start, end, weight
            start, weight = first, its
        end = last
    if start < end:
        yield start, end, weight


def _effective(field: Polarity, weight: float) -> Polarity:
    """Turn `field` by the sign of `weight`; nothing at weight 0 is asked for."""
    if field is Polarity.POSITIVE:
        return Polarity.POSITIVE if weight > 0 else Polarity.NEGATIVE
    return Polarity.POSITIVE if weight < 0 else Polarity.NEGATIVE


def _weighted(
    text: str, marks: Sequence[Weight], polarity: Polarity
) -> Iterator[tuple[int, int, float]]:
    start, weight = 0, 1.0
    branching = "|" in text
    for mark in marks:
        if mark.firm or polarity is Polarity.POSITIVE:
            if branching:
                yield from _in_branches(text, (start, mark.start), weight, polarity)
            else:
                yield start, mark.start, weight
            start, weight = mark.start, _trusted(mark, polarity)
    yield from _in_branches(text, (start, len(text)), weight, polarity)


def _in_branches(
    text: str, span: Span, weight: float, polarity: Polarity
) -> Iterator[tuple[int, int, float]]:
    """Cut where a weight that hides text may end, or where one that turns it may begin.

    It may not reach beyond the next character's `|`.
    """
    start, end = span
    if polarity is Polarity.POSITIVE:
        cut, beyond = text.find("|", start, end) if weight <= 0 else -1, 1.0
    else:
        cut, beyond = loose_minus(text, start, end), -1.0
    if cut < 0:
        yield start, end, weight
    else:
        yield start, cut, weight
        yield cut, end, beyond


def _trusted(mark: Weight, polarity: Polarity) -> float:
    if polarity is Polarity.POSITIVE:
        return mark.value if mark.certain else max(mark.value, 1.0)
    return -abs(mark.value) or -1.0 if mark.minus else mark.value


def _mixed(text: str, polarity: Polarity) -> Iterator[tuple[int, int, float]]:
    """Cut at `|` and read each piece's `:W`, which holds for the piece before it."""
    if polarity is Polarity.NEGATIVE and mixes_loosely(text):
        yield 0, len(text), -1.0
        return
    if ":" not in text:
        yield 0, len(text), 1.0
        return
    in_doubt = "|" not in text or "||" in text
    start = 0
    for piece in text.split("|"):
        end = start + len(piece)
        yield start, min(end + 1, len(text)), _mix_weight(piece, polarity, in_doubt=in_doubt)
        start = end + 1


def _mix_weight(piece: str, polarity: Polarity, *, in_doubt: bool) -> float:
    if ":" not in piece:
        return 1.0
    if polarity is Polarity.NEGATIVE:
        _, colon, number = piece.rpartition(":")
        return -1.0 if colon and is_below_zero(number) else 1.0
    match = _MIX.search(piece[-24:])
    value = None if match is None else _number(match[1])
    if match is None or value is None:
        return 1.0
    return max(value, 1.0) if in_doubt or " " in match[0] else value


def spans(text: str, marks: Sequence[Weight], grammar: Grammar) -> list[Span]:
    """Return where weights stand: not words, whatever stands around them."""
    if grammar is Grammar.WEBUI:
        return attention.spans(text)
    found = [(mark.start, mark.end) for mark in marks]
    if grammar is Grammar.V3 and "|" in text and ":" in text:
        found += _mix_marks(text)
    return found


def _mix_marks(text: str) -> Iterator[Span]:
    end = 0
    for piece in text.split("|"):
        end += len(piece)
        match = _MIX.search(piece[-24:]) if ":" in piece else None
        if match is not None:
            yield end - len(match[0]), end
        end += 1
