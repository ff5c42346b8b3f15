"""Finds terms in a field's views, all at once, in linear time."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from operator import itemgetter

from classifiers.automaton import Automaton
from classifiers.by_chance import ByChance
from classifiers.content import Polarity
from classifiers.normalise import FieldReading, Span, Spelling, View, plain_form
from classifiers.normalise.as_read import altered, squeezed
from classifiers.normalise.spellings import squeezed_form
from classifiers.vocabulary import Mode, Term, TermList, Vocabulary

_TURNED = frozenset({Spelling.REVERSED, Spelling.ROT13})
_ALTERING = frozenset(
    {Spelling.LOOKALIKES, Spelling.DELEETED, Spelling.DEREPEATED, Spelling.SQUEEZED}
)
_WORD = re.compile(r"[^\W_]+")
_SHORTEST_TURNED = 4
"""Letters that a term must have to be looked for backwards or in rot13."""
_SHORTEST_SQUEEZED = 3
_SHORTEST_ALTERED = 3
ENOUGH = 8
"""Hits of one term that tell all there is to tell."""
_BOTH = 2
_LATER_SCRIPTS = "\u2e80"
"""From here on stand the scripts that write no spaces, and Hangul."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A term found: where in the text as received, and in which view."""

    term: Term
    view: View
    span: Span


_Found = tuple[int, int, Term, bool]
"""`[start, end)` in a view, what it may be, and whether only in views that alter words."""
_END = itemgetter(1)


class TermSearch:
    """All terms of a vocabulary, ready to be found."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Build from `vocabulary`, whose terms are in their plain form (`vocabulary.terms`)."""
        self._innocent = vocabulary.innocent
        self._by_chance = ByChance(term.text for term in vocabulary.terms if not term.harmless)
        self._patterns = _Patterns(vocabulary.terms)

    def find(self, field: FieldReading) -> list[Hit]:
        """Return each term in `field`: where it plainly speaks, or else wherever it is.

        Of a term's hits in one view and of one polarity, the first few: more would tell no more.
        """
        hits: dict[tuple[str, Span], Hit] = {}
        plain: set[str] = set()
        for view in field.views:
            for hit in self._find(view, field, plain):
                hits.setdefault((hit.term.id, hit.span), hit)
            if view.is_plain:
                plain = {hit.term.id for hit in hits.values() if _speaks(hit, field)}
        return list(hits.values())

    def _find(self, view: View, field: FieldReading, known: set[str]) -> Iterator[Hit]:
        found = self._patterns.find(view)
        shelter = self._shelter(view, field.text, found)
        one_sided = len({run.polarity for run in field.runs}) < _BOTH
        count: Counter[str] = Counter()
        for one in found:
            start, end, term, _ = one
            if term.harmless or term.id in known or (one_sided and count[term.id] >= ENOUGH):
                continue
            (name,) = term.lists
            if name in shelter and shelter[name][start] >= end:
                continue
            if self._fits(one, view, field.text):
                count[term.id] += 1
                yield Hit(term, view, view.span(start, end))

    def _shelter(self, view: View, received: str, found: list[_Found]) -> dict[str, list[int]]:
        """For each list and place, tell how far the harmless phrase that stands there reaches."""
        shelter: dict[str, list[int]] = {}
        for one in found:
            start, end, term, _ = one
            if term.harmless and self._fits(one, view, received):
                for name in term.lists:
                    if name not in shelter:
                        shelter[name] = [0] * len(view.text)
                    shelter[name][start:end] = [end] * (end - start)
        return shelter

    def _fits(self, found: _Found, view: View, received: str) -> bool:
        """Whether that place in `view` is that term, and is not that by chance."""
        start, end, term, is_altered = found
        if is_altered and view.spelling not in _ALTERING:
            return False
        if not _is_whole(term, view, start, end):
            return False
        return view.spelling is Spelling.PLAIN or self._is_meant(found, view, received)

    def _is_meant(self, found: _Found, view: View, received: str) -> bool:
        """Whether what stands there as received is no word of its own, and no chance."""
        start, end, term, is_altered = found
        was = plain_form(_slice(view, received, start, end))
        if was in self._innocent:
            return False
        if view.spelling in _TURNED:
            return term.text.isascii() and len(term.text) >= _SHORTEST_TURNED
        if is_altered and squeezed_form(was) == squeezed_form(view.text[start:end]):
            return False
        looks = view.spelling is Spelling.SQUEEZED and not term.harmless
        return not (looks and self._by_chance.made(view, received, start, end))


class _Patterns:
    """What terms are written like: among spaces, and squeezed where that is another text.

    Of a text are kept numbers alone, so that tens of thousands of them cost the collector nothing:
    twice the place of a term, and one more for a form that is not how the term is listed.
    """

    def __init__(self, terms: Sequence[Term]) -> None:
        self._terms = terms
        spaced: dict[str, tuple[int, ...]] = {}
        shorter: dict[str, tuple[int, ...]] = {}
        texts, numbers = _forms(terms)
        for text, tight, number in zip(texts, squeezed(texts), numbers, strict=True):
            spaced[text] = (*spaced[text], number) if text in spaced else (number,)
            if tight and tight != text:
                shorter[tight] = (*shorter.get(tight, ()), number)
        self._spaced, self._shorter = spaced, shorter
        self._automaton = Automaton(spaced | shorter)

    def find(self, view: View) -> list[_Found]:
        """Return what stands in `view`, in the order of their ends."""
        among = self._among_letters if view.spelling is Spelling.SQUEEZED else self._among_spaces
        found = [
            (start, end, self._terms[number // 2], number % 2 == 1)
            for start, end, text in self._automaton.find(view.text)
            for number in among(text)
        ]
        found.sort(key=_END)
        return found

    def _among_spaces(self, text: str) -> Sequence[int]:
        return self._spaced.get(text, ())

    def _among_letters(self, text: str) -> Sequence[int]:
        if len(text) < _SHORTEST_SQUEEZED and text.isascii():
            return ()
        return (*self._spaced.get(text, ()), *self._shorter.get(text, ()))


def _forms(terms: Sequence[Term]) -> tuple[list[str], list[int]]:
    """Return how terms read in each kind of view, and the number of each of those forms."""
    texts = [term.text for term in terms]
    numbers = list(range(0, 2 * len(terms), 2))
    for at, (term, *ways) in enumerate(zip(terms, *altered(texts), strict=True)):
        if term.mode is Mode.SUBSTRING or term.harmless:
            continue
        for way in set(ways):
            if way != term.text and len(way) >= _SHORTEST_ALTERED:
                texts.append(way)
                numbers.append(2 * at + 1)
    return texts, numbers


def _speaks(hit: Hit, field: FieldReading) -> bool:
    """Whether a hit says something: asked for, or, of maturity, asked not to appear."""
    asked = field.polarity_of(hit.span) is Polarity.POSITIVE
    return asked is not (TermList.ADULT in hit.term.lists)


def _slice(view: View, received: str, start: int, end: int) -> str:
    first, last = view.span(start, end)
    return received[first:last]


def _is_whole(term: Term, view: View, start: int, end: int) -> bool:
    if view.spelling is not Spelling.SQUEEZED:
        return _stands_alone(view.text, term.mode, start, end)
    if start not in view.edges or (term.mode is not Mode.PREFIX and end not in view.edges):
        return False
    inside = {at - start for at in range(start + 1, end) if at in view.edges}
    return frozenset(inside) == _breaks(term.text) if term.harmless else bool(inside)


@cache
def _breaks(text: str) -> frozenset[int]:
    """Return where a word of a phrase ends and the next begins, the phrase being squeezed."""
    ends = list(accumulate(map(len, _WORD.findall(text))))
    return frozenset(ends[:-1])


def _stands_alone(text: str, mode: Mode, start: int, end: int) -> bool:
    if mode is Mode.SUBSTRING:
        return True
    if start and _are_kin(text[start - 1], text[start]):
        return False
    return mode is Mode.PREFIX or end == len(text) or not _are_kin(text[end - 1], text[end])


def _are_kin(one: str, other: str) -> bool:
    """Whether two characters may belong to one word: letters of like scripts, or two digits."""
    if one.isalpha() and other.isalpha():
        return (one < _LATER_SCRIPTS) == (other < _LATER_SCRIPTS)
    return one.isdigit() and other.isdigit()
