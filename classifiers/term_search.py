"""Finds terms in a field's views, all at once, in linear time."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from classifiers.automaton import Automaton
from classifiers.content import Polarity
from classifiers.normalise import FieldReading, Span, Spelling, View, plain_form
from classifiers.normalise.lookalikes import latin_lookalikes
from classifiers.normalise.spellings import derepeated_form, leet_form, squeezed_form
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


@dataclass(frozen=True, slots=True)
class _Form:
    """A term as it reads in some views; `altered` if those views also alter innocent words."""

    term: Term
    altered: bool = False


_Found = tuple[int, int, tuple[_Form, ...]]
"""`[start, end)` in a view, and what it may be. They come in the order of their ends."""


class TermSearch:
    """All terms of a vocabulary, ready to be found."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._innocent = vocabulary.innocent
        spaced: dict[str, dict[str, _Form]] = defaultdict(dict)
        squeezed: dict[str, dict[str, _Form]] = defaultdict(dict)
        for term in vocabulary.terms:
            for text, form in _forms(term):
                spaced[text].setdefault(term.id, form)
                tight = squeezed_form(text)
                if len(tight) >= _SHORTEST_SQUEEZED or not tight.isascii():
                    squeezed[tight].setdefault(term.id, form)
        self._spaced = _Patterns(spaced)
        self._squeezed = _Patterns({text: forms for text, forms in squeezed.items() if text})

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
        patterns = self._squeezed if view.spelling is Spelling.SQUEEZED else self._spaced
        found = list(patterns.find(view.text))
        shelter = self._shelter(view, field.text, found)
        one_sided = len({run.polarity for run in field.runs}) < _BOTH
        count: Counter[str] = Counter()
        for start, end, forms in found:
            for form in forms:
                id_ = form.term.id
                if form.term.harmless or id_ in known or (one_sided and count[id_] >= ENOUGH):
                    continue
                (name,) = form.term.lists
                if name in shelter and shelter[name][start] >= end:
                    continue
                if self._fits(form, view, field.text, start, end):
                    count[id_] += 1
                    yield Hit(form.term, view, view.span(start, end))

    def _shelter(self, view: View, received: str, found: list[_Found]) -> dict[str, list[int]]:
        """For each list and place, tell how far the harmless phrase that stands there reaches."""
        shelter: dict[str, list[int]] = {}
        for start, end, forms in found:
            for form in forms:
                if form.term.harmless and self._fits(form, view, received, start, end):
                    for name in form.term.lists:
                        if name not in shelter:
                            shelter[name] = [0] * len(view.text)
                        shelter[name][start:end] = [end] * (end - start)
        return shelter

    def _fits(self, form: _Form, view: View, received: str, start: int, end: int) -> bool:
        """Whether this place in `view` is `form`, and is not that by chance."""
        if form.altered and view.spelling not in _ALTERING:
            return False
        if not _is_whole(form.term, view, start, end):
            return False
        is_guess = form.altered or view.spelling is not Spelling.SQUEEZED
        if view.spelling is Spelling.PLAIN or not is_guess:
            return True
        text = form.term.text
        was = plain_form(_slice(view, received, start, end))
        if was in self._innocent:
            return False
        if view.spelling in _TURNED:
            return text.isascii() and len(text) >= _SHORTEST_TURNED
        return not form.altered or squeezed_form(was) != squeezed_form(view.text[start:end])


class _Patterns:
    """Texts, each with the forms of terms that it is."""

    def __init__(self, forms: dict[str, dict[str, _Form]]) -> None:
        self._automaton = Automaton(list(forms))
        self._forms = [tuple(of.values()) for of in forms.values()]

    def find(self, text: str) -> Iterator[_Found]:
        for start, end, index in self._automaton.find(text):
            yield start, end, self._forms[index]


def _forms(term: Term) -> Iterator[tuple[str, _Form]]:
    """Give a term as it reads in each kind of view."""
    text = term.text
    yield text, _Form(term)
    if term.mode is Mode.SUBSTRING or term.harmless:
        return
    latin = latin_lookalikes(text)
    leet = leet_form(latin)
    for altered in (latin, leet, derepeated_form(latin), derepeated_form(leet)):
        if altered != text and len(altered) >= _SHORTEST_ALTERED:
            yield altered, _Form(term, altered=True)


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
