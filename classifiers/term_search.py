"""Finds terms in a field's views, all at once, in linear time."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from operator import itemgetter

from classifiers.automaton import Automaton
from classifiers.by_chance import ByChance
from classifiers.content import Polarity
from classifiers.normalise import FieldReading, Span, Spelling, View, plain_form
from classifiers.normalise.as_read import altered, in_one_script, squeezed
from classifiers.normalise.letters import ALPHA, Kinds, before, codes_of
from classifiers.normalise.spellings import squeezed_form
from classifiers.vocabulary import Mode, Term, TermList, Vocabulary

_TURNED = frozenset({Spelling.REVERSED, Spelling.ROT13})
_ALTERING = _TURNED | frozenset(
    {Spelling.LOOKALIKES, Spelling.DELEETED, Spelling.DEREPEATED, Spelling.SQUEEZED}
)
_WORD = re.compile(r"[^\W_]+")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fc]+")
_LONG_KANA = 5
"""Letters of a term that is still one in the other kana, whatever stands beside it."""
_SHORTEST_TURNED = 4
"""Letters that a term must have to be looked for backwards or in rot13."""
_SHORTEST_TURNED_LATER = 3
"""The same of one in a script without spaces, or in Hangul."""
_SHORTEST_SQUEEZED = 3
_SHORTEST_ALTERED = 3
ENOUGH = 8
"""Hits of one term that tell all there is to tell."""
_LONG_VIEW = 1_000
_DIGIT = Kinds(str.isdigit)
_LATER_SCRIPTS = "\u2e80"
"""From here on stand the scripts that write no spaces, and Hangul."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A term found: where in the text as received, and in which view."""

    term: Term
    view: View
    span: Span


_Found = tuple[int, int, Term, int]
"""`[start, end)` in a view, what it may be, and in which of its forms."""
_Group = tuple[Sequence[int], int, Term, int]
"""All places of one text in a view, its length, what it may be, and in which of its forms."""
_LISTED, _VARIANT, _ALTERED = _FORMS_OF_A_TERM = range(3)
"""As it is listed, in the other script, and as it reads only in views that alter words."""
_FORMS = len(_FORMS_OF_A_TERM)
_END = itemgetter(1)
_ASKED, _NOT = b"\1", b"\0"
"""Stand for each place of a text as received."""


class TermSearch:
    """All terms of a vocabulary, ready to be found."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Build from `vocabulary`, whose terms are in their plain form (`vocabulary.terms`)."""
        self._innocent = vocabulary.innocent
        self._by_chance = ByChance(term.text for term in vocabulary.terms if not term.harmless)
        self._patterns = _Patterns(vocabulary.terms)
        self._all_asked_for = all(TermList.ADULT not in term.lists for term in vocabulary.terms)

    def find(self, field: FieldReading) -> list[Hit]:
        """Return each term that says something in `field`: plainly, or else in any view.

        A word of maturity says something where it is asked not to appear, any other where it is
        asked for. Of a term's places in one view, the first few: more would tell no more.
        """
        asked = _asked(field)
        if self._all_asked_for and _ASKED not in asked:
            return []
        hits: dict[tuple[str, Span], Hit] = {}
        plain: set[str] = set()
        for view in field.views:
            found = self._patterns.find(view)
            if not found:
                continue
            meant = self._meant(found, view, field.text, asked, plain)
            for hit in sorted(meant, key=_end_of_hit):
                hits.setdefault((hit.term.id, hit.span), hit)
            if view.is_plain:
                plain = {hit.term.id for hit in hits.values()}
        return list(hits.values())

    def _meant(
        self, found: list[_Group], view: View, received: str, asked: bytes, known: set[str]
    ) -> Iterator[Hit]:
        """Give what of `found` is no chance and in no shelter, but for the terms that are known."""
        wanted = [one for one in found if not one[2].harmless and one[2].id not in known]
        if not wanted:
            return
        shelter = self._shelter(view, received, found)
        for places, length, term, form in wanted:
            (name,) = term.lists
            reach = shelter.get(name, ())
            count = 0
            for start in places:
                end = start + length
                if reach and reach[start] >= end:
                    continue
                span = view.span(start, end)
                if (_ASKED in asked[slice(*span)]) is (name is TermList.ADULT):
                    continue
                if self._fits((start, end, term, form), view, received):
                    yield Hit(term, view, span)
                    count += 1
                    if count >= ENOUGH:
                        break

    def _shelter(self, view: View, received: str, found: list[_Group]) -> dict[str, list[int]]:
        """For each list and place, tell how far the harmless phrase that stands there reaches."""
        phrases = sorted(
            (
                one
                for places, length, term, form in found
                if term.harmless
                for start in places
                if self._fits(one := (start, start + length, term, form), view, received)
            ),
            key=_END,
        )
        shelter: dict[str, list[int]] = {}
        for start, end, term, _ in phrases:
            for name in term.lists:
                if name not in shelter:
                    shelter[name] = [0] * len(view.text)
                shelter[name][start:end] = [end] * (end - start)
        return shelter

    def _fits(self, found: _Found, view: View, received: str) -> bool:
        """Whether that place in `view` is that term, and is not that by chance."""
        start, end, term, form = found
        if form is _ALTERED and view.spelling not in _ALTERING:
            return False
        is_short = len(term.text) < _SHORTEST_TURNED_LATER
        if (is_short and view.spelling in _TURNED) or not _is_whole(term, view, start, end):
            return False
        as_listed = form is _LISTED and view.spelling is Spelling.PLAIN
        return as_listed or self._is_meant(found, view, received)

    def _is_meant(self, found: _Found, view: View, received: str) -> bool:
        """Whether what stands there as received is no word of its own, and no chance."""
        start, end, term, form = found
        may_be_chance = view.spelling is Spelling.SQUEEZED and not term.harmless
        if may_be_chance and self._by_chance.made(view, received, start, end):
            return False
        was = plain_form(_slice(view, received, start, end))
        if was in self._innocent:
            return False
        if view.spelling in _TURNED:
            return _may_be_turned(found, view, was)
        if form is _ALTERED and squeezed_form(was) == squeezed_form(view.text[start:end]):
            return False
        if view.spelling is Spelling.SQUEEZED or not _is_short_kana(term, was):
            return True
        return _stands_alone(view.text, Mode.WORD, start, end)


def _may_be_turned(found: _Found, view: View, was: str) -> bool:
    """Whether a term is long enough to be meant backwards or in rot13; `was` is as received.

    Two letters of the East are another word backwards: so are a lighthouse and a desk lamp.
    """
    start, end, term, form = found
    if term.text[0] >= _LATER_SCRIPTS:
        alone = _stands_alone(view.text, Mode.WORD, start, end)
        return alone and len(term.text) >= _SHORTEST_TURNED_LATER
    if form is _ALTERED and term.text.isascii() and was.replace(" ", "").isalpha():
        return False  # there is no figure in it that stands for a letter
    return len(term.text) >= _SHORTEST_TURNED


def _is_short_kana(term: Term, was: str) -> bool:
    """Whether `was` is in the other kana, and so short that it may be a part of another word."""
    return was != term.text and len(term.text) < _LONG_KANA and bool(_KANA.fullmatch(term.text))


class _Patterns:
    """What terms are written like: among spaces, and squeezed where that is another text.

    Of a text are kept numbers alone, so that tens of thousands of them cost the collector nothing:
    thrice the place of a term, and which of its forms it is.
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
        anywhere = {
            text[0]
            for text, numbers in spaced.items()
            if any(terms[number // _FORMS].mode is Mode.SUBSTRING for number in numbers)
        }
        self._anywhere = Kinds(anywhere.__contains__)
        self._automaton = Automaton(spaced | shorter)

    def find(self, view: View) -> list[_Group]:
        """Return what stands in `view`, and where."""
        among = self._among_letters if view.spelling is Spelling.SQUEEZED else self._among_spaces
        return [
            (places, len(text), self._terms[number // _FORMS], number % _FORMS)
            for text, places in self._automaton.find(view.text, self._begins(view)).items()
            for number in among(text)
        ]

    def _begins(self, view: View) -> bytes | None:
        """Return where in a long view a term may begin, so that no others are tried."""
        if len(view.text) < _LONG_VIEW:
            return None
        if view.spelling is Spelling.SQUEEZED:
            edges = bytearray(len(view.text) + 1)
            for edge in view.edges:
                edges[edge] = 1
            return bytes(edges)
        codes = codes_of(view.text)
        alpha, digit, later = ALPHA.of(codes), _DIGIT.of(codes), codes >= ord(_LATER_SCRIPTS)
        goes_on = (alpha & before(alpha) & (later == before(later))) | (digit & before(digit))
        return bytes(~goes_on | self._anywhere.of(codes))

    def _among_spaces(self, text: str) -> Sequence[int]:
        return self._spaced.get(text, ())

    def _among_letters(self, text: str) -> Sequence[int]:
        if len(text) < _SHORTEST_SQUEEZED and text.isascii():
            return ()
        return (*self._spaced.get(text, ()), *self._shorter.get(text, ()))


def _forms(terms: Sequence[Term]) -> tuple[list[str], list[int]]:
    """Return how terms read in each kind of view, and the number of each of those forms."""
    listed = [term.text for term in terms]
    texts = list(listed)
    numbers = list(range(0, _FORMS * len(terms), _FORMS))
    variants = in_one_script(listed)
    ways_of = zip(*altered(listed), strict=True)
    for at, (term, variant, ways) in enumerate(zip(terms, variants, ways_of, strict=True)):
        if variant == term.text and ways.count(variant) == len(ways):
            continue  # it reads the same in every view, as most do
        if variant != term.text:
            texts.append(variant)
            numbers.append(_FORMS * at + _VARIANT)
        if term.mode is Mode.SUBSTRING or term.harmless:
            continue
        for way in set(ways):
            if way not in (term.text, variant) and len(way) >= _SHORTEST_ALTERED:
                texts.append(way)
                numbers.append(_FORMS * at + _ALTERED)
    return texts, numbers


def _asked(field: FieldReading) -> bytes:
    """Say of each place of `field` as received whether it is asked for."""
    if not field.runs:
        return (_ASKED if field.polarity is Polarity.POSITIVE else _NOT) * len(field.text)
    return b"".join(
        (_ASKED if run.polarity is Polarity.POSITIVE else _NOT) * (run.end - run.start)
        for run in field.runs
    )


def _end_of_hit(hit: Hit) -> int:
    return hit.span[1]


def _slice(view: View, received: str, start: int, end: int) -> str:
    first, last = view.span(start, end)
    return received[first:last]


def _is_whole(term: Term, view: View, start: int, end: int) -> bool:
    if view.spelling is not Spelling.SQUEEZED:
        return _stands_alone(view.text, term.mode, start, end)
    if start not in view.edges or (term.mode is not Mode.PREFIX and end not in view.edges):
        return False
    if not term.harmless:
        return not view.edges.isdisjoint(range(start + 1, end))
    inside = {at - start for at in range(start + 1, end) if at in view.edges}
    return frozenset(inside) == _breaks(term.text)


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
