"""Tells which terms in a squeezed view somebody wrote, and which neighbours make by chance.

A comma ends a tag: `arm up, skirt` asks for no upskirt. A word that is spelled out letter by letter
is that word: `b r a n c h` is no bra.
"""

from collections.abc import Iterable

from classifiers.english import english
from classifiers.normalise import Span, View

_ENDS_OF_TAGS = frozenset(",\u3001\uff0c")
_SPELLED_OUT = 4
"""Letters in a row, each by itself, that are a word spelled out."""
_LONGEST = 64
"""Letters spelled out that are looked at; what is longer may be anything."""


class ByChance:
    """Knows the words of English that are no terms."""

    def __init__(self, terms: Iterable[str]) -> None:
        self._words = english() - set(terms)

    def made(self, view: View, received: str, start: int, end: int) -> bool:
        """Whether `[start, end)` of a squeezed `view` of `received` is no word of anybody's."""
        edges = view.edges
        apart = all(at in edges for at in range(start, end + 1))
        if not apart:
            return view.source == "received" and _holds_a_comma(view, received, start, end)
        first, last = _spelled_out(edges, start, end)
        if last - first < _SPELLED_OUT or (first, last) == (start, end):
            return False
        run = view.text[first:last]
        return len(run) <= _LONGEST and (
            self._reads(run, start - first) or self._reads(run, end - first)
        )

    def _reads(self, run: str, inside: int) -> bool:
        """Whether `run` is words in a row, one of which goes on over the place `inside`."""
        if inside in (0, len(run)):
            return False
        ends = {0}
        for at in range(1, len(run) + 1):
            if at != inside and any(run[end:at] in self._words for end in ends):
                ends.add(at)
        return len(run) in ends


def _holds_a_comma(view: View, received: str, start: int, end: int) -> bool:
    first, last = view.span(start, end)
    return not _ENDS_OF_TAGS.isdisjoint(received[first:last])


def _spelled_out(edges: frozenset[int], start: int, end: int) -> Span:
    """Return the letters around `[start, end)` that stand each by itself, as far as is looked."""
    while start - 1 in edges and end - start <= _LONGEST:
        start -= 1
    while end + 1 in edges and end - start <= _LONGEST:
        end += 1
    return start, end
