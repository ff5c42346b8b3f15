"""Reports the fictional characters that a prompt asks for who are minors where they come from."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import accumulate
from typing import NamedTuple

from classifiers.character_list import Alias, CharacterList, Kind, load
from classifiers.classifier import Capability
from classifiers.content import Grammar, Polarity, Prompt, Text
from classifiers.errors import TermsError
from classifiers.normalise import FieldReading, Reading, Span, read
from classifiers.remembered import Remembered
from classifiers.signals import Field, Finding, Signal, SignalName
from classifiers.term_search import ENOUGH, TermSearch
from classifiers.vocabulary import Mode, Term, TermList, Vocabulary

_EMITS = frozenset({SignalName.TEXT_MINOR_CHARACTER, SignalName.TEXT_MINOR_CONTEXT})
_ANSWERS = frozenset(Capability(name) for name in _EMITS)
_LATER_SCRIPTS = "\u2e80"
"""From here on stand the scripts that write no spaces, and Hangul."""
_OF_SERIES = "series:"
"""Begins the ids of such terms; the others' ids are their texts."""
_LONG = 9
"""Letters of a name that is still one where its words are not kept apart."""
_REMEMBERED = 4096
"""Fields of which it is kept whom they name: most requests ask again what others asked before."""
_NAMES = frozenset({TermList.MINOR})
_SERIES = frozenset({TermList.CONTEXT})
"""Lists, because the search shelters by list: what is nobody's name may yet be that of a series."""


class _Meaning(NamedTuple):
    """What a text names, if it is asked for."""

    alone: tuple[int, ...] = ()
    beside: tuple[int, ...] = ()
    series: tuple[str, ...] = ()


class _Asked:
    """What one field asks for."""

    def __init__(self, path: str, found: Sequence[tuple[_Meaning, Span]]) -> None:
        self.path = path
        self.found = found
        whole = sorted(span for meaning, span in found if meaning.alone or meaning.series)
        self._starts = [start for start, _ in whole]
        self._reach = list(accumulate((end for _, end in whole), max))

    def is_a_part(self, span: Span) -> bool:
        """Whether somebody's whole name or a series' holds `span`: it names nobody else then."""
        before = bisect_right(self._starts, span[0])
        return before > 0 and self._reach[before - 1] >= span[1]


class Characters:
    """Looks for the names of characters in every view of every field.

    A short or common name counts only where the request also speaks of its series, in any field.
    """

    def __init__(self, known: CharacterList) -> None:
        self._known = known
        self._meanings = _meanings(known)
        self._search = TermSearch(_vocabulary(known, self._meanings))
        self._named = Remembered[tuple[tuple[str, Span], ...]](_REMEMBERED)
        self._id = f"characters@1+{known.digest[:8]}"

    @classmethod
    def embedded(cls) -> "Characters":
        """Give the one built from the lists that ship with this package."""
        return _embedded()

    @property
    def id(self) -> str:
        """Name, version, and the start of the digest of the lists."""
        return self._id

    @property
    def emits(self) -> frozenset[SignalName]:
        """The names it reports."""
        return _EMITS

    @property
    def answers(self) -> frozenset[Capability]:
        """It answers for characters that are on the list, of any rendition."""
        return _ANSWERS

    def warm(self) -> None:
        """Look once at a character it must know and at a text that names none.

        Raises:
            TermsError: it does not see what it must see, or sees what is not there.
        """
        for text, expected in (("kinomoto sakura", 1.0), ("a lighthouse at dawn", 0.0)):
            prompt = Prompt((Text("warm", text),), Grammar.V4)
            found = max(finding.score for finding in self._report(read(prompt)))
            if found != expected:
                message = f"{self._id}: expected the score {expected!r}, got {found!r}"
                raise TermsError(message)

    def classify(self, content: Reading, /) -> Sequence[Finding]:
        """Report 1.0 for each character asked for who is, or may be drawn as, a minor.

        A name without a hit is reported once, as 0.0 of all fields together.
        """
        return self._report(content)

    def _report(self, reading: Reading) -> list[Signal]:
        asked = [self._asked(field) for field in reading.fields]
        spoken_of = {name for one in asked for name in self._series(one)}
        found = [signal for one in asked for signal in self._signals(one, spoken_of)]
        missing = _EMITS - {signal.name for signal in found}
        return found + [Signal(name, 0.0, Field("*"), self._id) for name in sorted(missing)]

    def _asked(self, field: FieldReading) -> _Asked:
        named = self._named.answer(field.identity, lambda: tuple(self._names_in(field)))
        return _Asked(field.path, [(self._meanings[id_], span) for id_, span in named])

    def _names_in(self, field: FieldReading) -> Iterator[tuple[str, Span]]:
        """Give the terms that a field asks for, and where they stand."""
        for hit in self._search.find(field):
            if field.polarity_of(hit.span) is Polarity.POSITIVE:
                yield hit.term.id, hit.span

    def _series(self, asked: _Asked) -> Iterator[str]:
        """Give the series that are spoken of: by their names, or by somebody's of theirs."""
        for meaning, _ in asked.found:
            yield from meaning.series
            yield from (self._known.judged[id_].series for id_ in meaning.alone)

    def _signals(self, asked: _Asked, spoken_of: set[str]) -> Iterator[Signal]:
        reported: dict[int, set[Span]] = defaultdict(set)
        for meaning, span in asked.found:
            named = list(meaning.alone)
            if meaning.beside and not asked.is_a_part(span):
                judged = self._known.judged
                named += [id_ for id_ in meaning.beside if judged[id_].series in spoken_of]
            for id_ in named:
                spans = reported[id_]
                if span not in spans and len(spans) < ENOUGH:
                    spans.add(span)
                    yield self._signal(id_, Field(asked.path, span))

    def _signal(self, id_: int, where: Field) -> Signal:
        name = self._known.judged[id_].tells
        if name is None:
            message = f"{self._id}: expected aliases of whoever tells something, got one of {id_}"
            raise TermsError(message)
        return Signal(name, 1.0, where, self._id, f"character:{id_}")


@cache
def _embedded() -> Characters:
    return Characters(load(files("classifiers") / "terms" / "characters"))


def _meanings(known: CharacterList) -> dict[str, _Meaning]:
    """Return what each term means. One text is one term, however many are called so."""
    alone: dict[str, tuple[int, ...]] = {}
    beside: dict[str, tuple[int, ...]] = {}
    series: dict[str, list[str]] = defaultdict(list)
    kinds = {Kind.ALONE: alone, Kind.BESIDE: beside}
    for alias in known.aliases:
        named = kinds.get(alias.kind)
        if named is not None:
            for text in _written(alias):
                named[text] = (*named.get(text, ()), alias.id)
    for name, text in known.series:
        series[_OF_SERIES + text].append(name)
    known_names = {
        text: _Meaning(alone.get(text, ()), beside.get(text, ())) for text in alone | beside
    }
    return known_names | {id_: _Meaning(series=tuple(names)) for id_, names in series.items()}


def _vocabulary(known: CharacterList, ids: Iterable[str]) -> Vocabulary:
    """Return all that is looked for, and what shelters names."""
    terms: list[Term] = []
    for id_ in ids:
        text = id_.removeprefix(_OF_SERIES)
        terms.append(Term(id_, _NAMES if text == id_ else _SERIES, _mode(text), text))
    shelters = {alias.text for alias in known.aliases if alias.kind is Kind.SHELTER}
    terms += [
        Term(f"shelter:{text}", _NAMES, _mode(text), text, harmless=True)
        for text in sorted(shelters)
    ]
    return Vocabulary(known.version, known.digest, frozenset(), tuple(terms), frozenset(), {})


def _written(alias: Alias) -> Iterator[str]:
    """Give a text, and a long name of several words as one word too."""
    yield alias.text
    joined = alias.text.replace(" ", "")
    if alias.kind is Kind.ALONE and joined != alias.text and len(joined) >= _LONG:
        yield joined


def _mode(text: str) -> Mode:
    return Mode.SUBSTRING if text[0] >= _LATER_SCRIPTS else Mode.WORD
