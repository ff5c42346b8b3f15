"""Reports the fictional characters that a prompt asks for who are minors where they come from."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from classifiers.character_list import Alias, CharacterList, Kind, load
from classifiers.classifier import Capability
from classifiers.content import Grammar, Polarity, Prompt, Text
from classifiers.errors import TermsError
from classifiers.normalise import FieldReading, Reading, read
from classifiers.signals import Field, Finding, Signal, SignalName
from classifiers.term_search import ENOUGH, Hit, TermSearch
from classifiers.vocabulary import Mode, Term, TermList, Vocabulary

_EMITS = frozenset({SignalName.TEXT_MINOR_CHARACTER, SignalName.TEXT_MINOR_CONTEXT})
_LATER_SCRIPTS = "\u2e80"
"""From here on stand the scripts that write no spaces, and Hangul."""
_LONG = 9
"""Letters of a name that is still one where its words are not kept apart."""
_NAMES = frozenset({TermList.MINOR})
_SERIES = frozenset({TermList.CONTEXT})
"""Lists of their own for the search, which shelters and counts by list."""


@dataclass(frozen=True, slots=True)
class _Named:
    """A place that names a character, perhaps only beside its series."""

    id: int
    kind: Kind
    path: str
    hit: Hit


class _Whole:
    """Where names stand that need nothing beside them: their parts name nobody else."""

    def __init__(self, named: Sequence[_Named]) -> None:
        self._starts: dict[str, list[int]] = defaultdict(list)
        self._reach: dict[str, list[int]] = defaultdict(list)
        alone = [one for one in named if one.kind is Kind.ALONE]
        for one in sorted(alone, key=lambda one: one.hit.span):
            start, end = one.hit.span
            reach = self._reach[one.path]
            reach.append(max(end, reach[-1]) if reach else end)
            self._starts[one.path].append(start)

    def holds(self, one: _Named) -> bool:
        """Whether `one` is but a part of such a name."""
        start, end = one.hit.span
        before = bisect_right(self._starts[one.path], start)
        return before > 0 and self._reach[one.path][before - 1] >= end


class Characters:
    """Looks for the names of characters in every view of every field.

    A short or common name counts only where the request also speaks of its series, in any field.
    """

    def __init__(self, known: CharacterList) -> None:
        self._known = known
        self._search = TermSearch(_vocabulary(known))
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
        return frozenset(Capability(name) for name in _EMITS)

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
        named: list[_Named] = []
        spoken_of: set[str] = set()
        for field in reading.fields:
            for one in self._asked(field):
                if isinstance(one, str):
                    spoken_of.add(one)
                else:
                    named.append(one)
        rows = self._known.judged
        spoken_of |= {rows[one.id].series for one in named if one.kind is Kind.ALONE}
        found = list(self._signals(named, spoken_of))
        missing = _EMITS - {signal.name for signal in found}
        return found + [Signal(name, 0.0, Field("*"), self._id) for name in sorted(missing)]

    def _asked(self, field: FieldReading) -> Iterator[_Named | str]:
        """Give each name, and the name of each series, that `field` asks for."""
        for hit in self._search.find(field):
            if field.polarity_of(hit.span) is not Polarity.POSITIVE:
                continue
            kind, _, id_ = hit.term.id.partition(":")
            if kind == "series":
                yield id_
            else:
                yield _Named(int(id_), Kind(kind), field.path, hit)

    def _signals(self, named: Sequence[_Named], spoken_of: set[str]) -> Iterator[Signal]:
        seen: Counter[tuple[int, str]] = Counter()
        whole = _Whole(named)
        for one in named:
            row = self._known.judged[one.id]
            if row.tells is None:
                continue
            if one.kind is Kind.BESIDE and (row.series not in spoken_of or whole.holds(one)):
                continue
            seen[one.id, one.path] += 1
            if seen[one.id, one.path] <= ENOUGH:
                where = Field(one.path, one.hit.span)
                yield Signal(row.tells, 1.0, where, self._id, f"character:{one.id}")


@cache
def _embedded() -> Characters:
    return Characters(load(files("classifiers") / "terms" / "characters"))


def _vocabulary(known: CharacterList) -> Vocabulary:
    names = [
        Term(f"{one.kind}:{one.id}", _NAMES, _mode(text), text, one.kind is Kind.SHELTER)
        for one in known.aliases
        for text in _written(one)
    ]
    series = [Term(f"series:{name}", _SERIES, _mode(text), text) for name, text in known.series]
    return Vocabulary(known.version, known.digest, frozenset(), (*names, *series), frozenset(), {})


def _written(alias: Alias) -> Iterator[str]:
    """Give a text, and a long name of several words as one word too."""
    yield alias.text
    joined = alias.text.replace(" ", "")
    if alias.kind is Kind.ALONE and joined != alias.text and len(joined) >= _LONG:
        yield joined


def _mode(text: str) -> Mode:
    return Mode.SUBSTRING if text[0] >= _LATER_SCRIPTS else Mode.WORD
