"""What a request says, in every spelling that can be made out, each with its way back."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock

import numpy as np

from classifiers.content import Polarity, Prompt
from classifiers.normalise.letters import SPACE, codes_of, covered, text_of

Span = tuple[int, int]
"""`[start, end)` in code points."""


class Obstacle(StrEnum):
    """Why a part of a field was not read."""

    TOO_LONG = "too_long"
    """It goes on beyond what is read."""
    TOO_MANY_BRANCHES = "too_many_branches"
    """Its randomisers spell more words than are tried."""
    TOO_DEEP = "too_deep"
    """It holds more texts inside texts than are decoded."""


class Spelling(StrEnum):
    """How a view came about. All but `PLAIN` and `VARIANTS` undo a disguise."""

    PLAIN = "plain"
    """Folded, with a space where a grammar mark stood."""
    VARIANTS = "variants"
    """Plain, in hiragana and simplified characters: another spelling, and no disguise."""
    JOINED = "joined"
    """Folded, with nothing where a grammar mark stood: `lo{l}i` is one word."""
    LOOKALIKES = "lookalikes"
    CLOSED_UP = "closed_up"
    """Single letters with something between them put together."""
    DELEETED = "deleeted"
    DEREPEATED = "derepeated"
    SQUEEZED = "squeezed"
    """Nothing but letters and digits; `View.edges` tells where words began and ended."""
    REVERSED = "reversed"
    ROT13 = "rot13"


_AS_WRITTEN = frozenset({Spelling.PLAIN, Spelling.VARIANTS})


@dataclass(frozen=True, slots=True)
class View:
    """One spelling of a field's text."""

    spelling: Spelling
    source: str
    """`received`, `branches`, or `decoded:` and an encoding; the way `text` was found."""
    text: str = field(repr=False)
    origin: Sequence[int] = field(repr=False)
    """For each code point of `text`, the place of its source in the text as received."""
    edges: frozenset[int] = field(default=frozenset(), repr=False)
    """Of a squeezed view: the places where a word of the text before squeezing began or ended."""

    @property
    def name(self) -> str:
        """What tells the views of one field apart, for example `decoded:base64/plain`."""
        return f"{self.source}/{self.spelling}"

    @property
    def is_plain(self) -> bool:
        """Whether a reader would see these words without undoing anything."""
        return self.spelling in _AS_WRITTEN and self.source == "received"

    def span(self, start: int, end: int) -> Span:
        """Return where `text[start:end]` (not empty) stands in the text as received."""
        first, last = self.origin[start], self.origin[end - 1]
        return (first, last + 1) if first <= last else (last, first + 1)


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of the text as received under one weight."""

    start: int
    end: int
    weight: float
    polarity: Polarity
    """What it asks for in effect: the field's polarity, turned by the sign of the weight."""


class TagKind(StrEnum):
    """What a tag of a known form says."""

    ARTIST = "artist"
    RATING = "rating"
    YEAR = "year"
    SOURCE = "source"
    """Of an action: who does it."""
    TARGET = "target"
    """Of an action: to whom it is done."""
    MUTUAL = "mutual"
    """Of an action: who does it together. It is judged over all characters."""
    DATASET = "dataset"
    """A switch to furry pictures, or to pictures without characters."""
    CHUNK = "chunk"
    """A macro that a client should have expanded: its name stands for a text."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of a known form: where it stands, and where what it names stands."""

    kind: TagKind
    span: Span
    value: Span


@dataclass(frozen=True, slots=True)
class Spellings:
    """All views of a field, and what of it none of them shows."""

    views: tuple[View, ...] = field(repr=False)
    """The plain view comes first."""
    unread: tuple[Obstacle, ...] = ()


class Later:
    """Spellings that are made when somebody first asks for them, once, in whatever thread.

    Of a text that is known again nobody asks: then its disguises need not be undone.
    """

    def __init__(self, make: Callable[[], Spellings]) -> None:
        self._make = make
        self._made: Spellings | None = None
        self._lock = Lock()

    def get(self) -> Spellings:
        """Return them."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made


@dataclass(frozen=True, slots=True)
class FieldReading:
    """One text carrier, read; `also` are the carriers that hold the very same."""

    path: str
    also: tuple[str, ...]
    polarity: Polarity
    text: str = field(repr=False)
    """As received, whole."""
    plain: View = field(repr=False)
    """The view that loses no letter."""
    spellings: Spellings | Later = field(repr=False)
    runs: tuple[Run, ...] = field(repr=False)
    """In order, without gaps, over all that was read."""
    drawn: tuple[Span, ...] = ()
    """Where lettering is asked for: `text:` clauses and quoted strings."""
    is_cut: bool = False
    """Whether it goes on beyond what is read."""
    boilerplate: tuple[Span, ...] = ()
    """What clients write by themselves; nobody typed it. Nothing of it hides what is typed."""
    tags: tuple[Tag, ...] = ()
    identity: bytes = field(default=b"", repr=False, compare=False)
    """A digest of whose text it is, its grammar, its polarity and every letter: what follows from
    these alone may be remembered under it. Empty where not all was read."""

    @property
    def views(self) -> tuple[View, ...]:
        """All its views; the plain view comes first."""
        return self._spellings().views

    @property
    def unread(self) -> tuple[Obstacle, ...]:
        """Why a part of it is in no view; empty if all is."""
        return self._spellings().unread

    def polarity_of(self, span: Span) -> Polarity:
        """Return POSITIVE if any part of `span` is asked for, else NEGATIVE."""
        start, end = span
        first = max(0, bisect_right(self.runs, start, key=lambda run: run.start) - 1)
        for run in self.runs[first:]:
            if run.start >= end:
                break
            if run.polarity is Polarity.POSITIVE and run.end > start:
                return Polarity.POSITIVE
        return Polarity.NEGATIVE if self.runs else self.polarity

    def is_drawn(self, span: Span) -> bool:
        """Whether all of `span` will be lettering in the picture."""
        return _holds(self.drawn, span)

    def is_boilerplate(self, span: Span) -> bool:
        """Whether all of `span` was written by a client, by nobody's wish."""
        return _holds(self.boilerplate, span)

    def asked(self) -> str:
        """Return the plain text of what is asked for, with a space for what is not."""
        polarities = {run.polarity for run in self.runs}
        if Polarity.NEGATIVE not in polarities:
            return self.plain.text
        if Polarity.POSITIVE not in polarities:
            return " " * len(self.plain.text)
        return self._plain_of([(one.start, one.end) for one in self._runs(Polarity.POSITIVE)])

    def typed(self, polarity: Polarity) -> str:
        """Return what of `polarity` in effect a person typed: the plain text less boilerplate."""
        if not self.boilerplate and all(run.polarity is polarity for run in self.runs):
            return self.plain.text
        spans = [(one.start, one.end) for one in self._runs(polarity)]
        return self._plain_of(spans, self.boilerplate)

    def lettering(self) -> str:
        """Return the plain text of what will be drawn as letters, with a space for all else."""
        return self._plain_of(self.drawn)

    def _spellings(self) -> Spellings:
        return self.spellings.get() if isinstance(self.spellings, Later) else self.spellings

    def _runs(self, polarity: Polarity) -> list[Run]:
        return [run for run in self.runs if run.polarity is polarity]

    def _plain_of(self, spans: Sequence[Span], less: Sequence[Span] = ()) -> str:
        wanted = covered(spans, len(self.text)) & ~covered(less, len(self.text))
        places = np.asarray(self.plain.origin, np.intp)
        codes = np.where(wanted[places], codes_of(self.plain.text), SPACE)
        return text_of(codes)


def _holds(spans: Sequence[Span], span: Span) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in spans)


@dataclass(frozen=True, slots=True)
class Reading:
    """Every text of a request, read once; each distinct text once."""

    prompt: Prompt
    fields: tuple[FieldReading, ...]

    def asked(self) -> str:
        """Return all that the request asks for, a line per field: the union to be judged."""
        return "\n".join(one.asked() for one in self.fields)
