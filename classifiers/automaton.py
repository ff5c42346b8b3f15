"""Finds every one of many patterns in one pass: a typed door to pyahocorasick."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from string import ascii_lowercase, digits, punctuation

import ahocorasick
import numpy as np

from classifiers.normalise.letters import Kinds, codes_of, text_of

_LONG = 1_000
_STRANGER = "\x01"
"""Stands in a long text for letters of no pattern: to look for these takes a thousand steps each.

It begins something that is in no text, so that it is looked for first, and found.
"""
_PLAIN = f" {ascii_lowercase},_{digits}{punctuation}"
"""What folded texts are mostly made of. Each begins something that is in no text, for the same
reason: else a comma, which begins no pattern, would be looked for among hundreds of letters."""
_NEVER = "\x02"
_ROOT = 6
"""Characters of a pattern that the automaton knows; the rest is compared where these stand.

A whole automaton has four times the nodes, and takes three times as long to build.
"""


class Automaton:
    """An Aho-Corasick automaton over patterns; safe to share between threads once built."""

    def __init__(self, patterns: Iterable[str]) -> None:
        """Build from distinct, non-empty `patterns`."""
        self._patterns = frozenset(patterns)
        lengths: dict[str, set[int]] = defaultdict(set)
        for pattern in self._patterns:
            lengths[pattern[:_ROOT]].add(len(pattern))
        self._known = Kinds(frozenset().union(*self._patterns).__contains__)
        self._automaton = ahocorasick.Automaton()
        for letter in dict.fromkeys((_STRANGER, *_PLAIN)):
            self._automaton.add_word(letter + _NEVER, (2, (2,)))
        for root, those in sorted(lengths.items()):
            self._automaton.add_word(root, (len(root), tuple(sorted(those))))
        self._automaton.make_automaton()

    def find(self, text: str, begins: bytes | None = None) -> Mapping[str, Sequence[int]]:
        """Return, for each pattern that occurs, where: in order, overlapping ones too.

        With `begins`, only those that start where it is not 0.
        """
        if len(text) >= _LONG and not text.isascii():
            codes = codes_of(text)
            text = text_of(np.where(self._known.of(codes), codes, np.uint32(ord(_STRANGER))))
        patterns = self._patterns
        places: dict[str, list[int]] = defaultdict(list)
        seen: dict[str, list[list[int]]] = {}
        for last, (root, lengths) in self._automaton.iter(text):
            start = last + 1 - root
            if begins is not None and not begins[start]:
                continue
            longest = text[start : start + lengths[-1]]
            if len(lengths) == 1:
                if longest in patterns and len(longest) == lengths[0]:
                    places[longest].append(start)
                continue
            found = seen.get(longest)
            if found is None:
                found = seen[longest] = [
                    places[pattern]
                    for length in lengths
                    if (pattern := longest[:length]) in patterns and len(pattern) == length
                ]
            for each in found:
                each.append(start)
        return places
