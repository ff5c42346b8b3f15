"""Finds where a weight may be turned by a minus sign that does not plainly stand before it.

NovelAI draws one alternative of each `||a|b||` before it reads weights, so that a weight may be
spelt by pieces: `-||1|2||::` is below zero in every branch.
"""

import re
from bisect import bisect_right
from functools import lru_cache

from classifiers.normalise.forms import BRACES, is_invisible
from classifiers.normalise.reading import Span

_MINUS = (
    "\\-\u00ad\u02d7\u058a\u05be\u1400\u1806\u2010-\u2015\u2027\u2043\u2052\u207b\u208b\u2212\u2238"
    "\u2296\u229f\u2500\u2501\u2796\u2e17\u2e1a\u2e3a\u2e3b\u2e40\u2e5d"
    "\ufe31\ufe32\ufe58\ufe63\uff0d\U000e002d"
)
"""Dashes, hyphens, minus signs and what is drawn like one; not the mark that ends `セーラー`."""
_A_MINUS = re.compile(f"[{_MINUS}]")
_LOOSE_MINUS = re.compile(rf"[{_MINUS}](?=\s*\||\d|[^\w\s,;)])")
"""A minus that a branch may put before a number: no hyphen within words, no dash between them."""
_MIX_COLON = re.compile(rf":[\s\d.{{}}\[\]{_MINUS}]*(?:\||$)")
_LOOSE_COLONS = re.compile(r"::|:\s*\||\|\s*:")
_ADJOINS = frozenset(".:") | BRACES
"""With digits, minus signs and what nobody sees: what may belong to a weight."""


def has_minus(text: str) -> bool:
    """Whether anything in `text` may be read as a minus sign."""
    return _A_MINUS.search(text) is not None


@lru_cache(4096)
def adjoins(letter: str) -> bool:
    """Whether what stands before a weight may belong to it, and so change its number."""
    return letter in _ADJOINS or letter.isdigit() or has_minus(letter) or is_invisible(letter)


def is_below_zero(number: str) -> bool:
    """Whether all of `number` may be read as a number below zero, however it is written."""
    return (
        has_minus(number)
        and any(map(str.isdigit, number))
        and all(adjoins(letter) or letter.isspace() for letter in number)
    )


def randomisers(text: str) -> tuple[Span, ...]:
    """Return where each `||a|b||` stands. What is not closed, or has a bar too many, never ends."""
    found: list[Span] = []
    start = text.find("||")
    while start >= 0:
        bars = text.find("||", start + 2)
        end = bars + 2
        if bars < 0 or text[end : end + 1] == "|":
            end = len(text)
        found.append((start, end))
        start = text.find("||", end)
    return tuple(found)


def lies_in(spans: tuple[Span, ...], at: int) -> bool:
    """Whether one of `spans`, which come in order, covers the place `at`."""
    before = bisect_right(spans, at, key=lambda span: span[0])
    return before > 0 and at < spans[before - 1][1]


def loose_minus(text: str, start: int, end: int) -> int:
    """Return where, in `text[start:end]`, a branch may begin a weight below zero, or -1."""
    if text.find("||", start, end) < 0:
        return -1
    minus = _LOOSE_MINUS.search(text, start, end)
    if minus is None or _LOOSE_COLONS.search(text, minus.end(), end) is None:
        return -1
    return minus.start()


def mixes_loosely(text: str) -> bool:
    """Whether a branch of `text` may end in a `:W` below zero that does not stand there whole."""
    return (
        "||" in text
        and _MIX_COLON.search(text) is not None
        and _LOOSE_MINUS.search(text) is not None
    )
