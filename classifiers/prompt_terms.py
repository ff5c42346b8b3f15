"""Reports the terms and the stated ages that a prompt holds, in whatever spelling."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from classifiers.ages import Ages
from classifiers.classifier import Capability
from classifiers.content import Grammar, Polarity, Prompt, Text
from classifiers.errors import TermsError
from classifiers.normalise import (
    FieldReading,
    Reading,
    Span,
    Spelling,
    Spellings,
    View,
    is_dressed_up,
    read,
)
from classifiers.remembered import Remembered
from classifiers.signals import Field, Finding, Signal, SignalName
from classifiers.term_search import ENOUGH, Hit, TermSearch
from classifiers.vocabulary import PACKED, TermList, Vocabulary, shipped

_SIGNALS = {
    TermList.MINOR: SignalName.TEXT_MINOR_TERM,
    TermList.CONTEXT: SignalName.TEXT_MINOR_CONTEXT,
    TermList.FICTION: SignalName.TEXT_MINOR_FICTION,
    TermList.SUGGESTIVE: SignalName.TEXT_SEXUAL_SUGGESTIVE,
    TermList.NUDITY: SignalName.TEXT_SEXUAL_NUDITY,
    TermList.ACT: SignalName.TEXT_SEXUAL_ACT,
    TermList.NONCONSENT: SignalName.TEXT_NONCONSENT,
    TermList.ANIMAL: SignalName.TEXT_ANIMAL,
    TermList.GORE: SignalName.TEXT_GORE,
    TermList.HATE: SignalName.TEXT_HATE,
    TermList.SELF_HARM: SignalName.TEXT_SELF_HARM,
    TermList.REAL_PERSON: SignalName.TEXT_REAL_PERSON,
}
"""What a term says where it is asked for. Maturity says nothing there: it never subtracts."""
_DISGUISES = frozenset(
    {TermList.MINOR, TermList.NUDITY, TermList.ACT, TermList.NONCONSENT, TermList.ANIMAL}
)
"""Lists whose terms nobody disguises without a reason."""
_EMITS = frozenset(_SIGNALS.values()) | {
    SignalName.TEXT_MINOR_AGE,
    SignalName.TEXT_ADULT_AGE,
    SignalName.TEXT_MINOR_NEGATED,
    SignalName.TEXT_DISGUISED,
}
_ANSWERS = frozenset(Capability(name) for name in _EMITS)
_LESS_SURE = {
    Spelling.CLOSED_UP: 0.95,
    Spelling.DELEETED: 0.95,
    Spelling.DEREPEATED: 0.95,
    Spelling.SQUEEZED: 0.9,
    Spelling.REVERSED: 0.9,
    Spelling.ROT13: 0.9,
}
_AGE_VIEWS = frozenset(
    {
        Spelling.PLAIN,
        Spelling.VARIANTS,
        Spelling.JOINED,
        Spelling.LOOKALIKES,
        Spelling.CLOSED_UP,
    }
)
_SEAM = 64
"""Characters looked at on each side where one field follows another."""
_REMEMBERED = 4096
"""Fields of which the answers are kept: most requests ask again what others asked before."""


class _Told(NamedTuple):
    """A signal of one field, whatever its path."""

    name: SignalName
    score: float
    span: Span
    evidence: str


class PromptTerms:
    """Looks for the terms of a vocabulary, and for stated ages, in every view of every field."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Build from `vocabulary`.

        Raises:
            TermsError: its patterns of ages do not parse.
        """
        self._search = TermSearch(vocabulary)
        self._ages = Ages(vocabulary.ages)
        self._id = f"prompt_terms@1+{vocabulary.digest[:8]}"
        self._told = Remembered[tuple[_Told, ...]](_REMEMBERED)
        self._nothing = {name: Signal(name, 0.0, Field("*"), self._id) for name in _EMITS}

    @classmethod
    def embedded(cls) -> "PromptTerms":
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
        """It answers for words that are on a list, of any rendition."""
        return _ANSWERS

    def warm(self) -> None:
        """Look once at a word it must know and at a text that holds none.

        Raises:
            TermsError: it does not see what it must see, or sees what is not there.
        """
        for text, expected in (("1girl, toddler", 1.0), ("a lighthouse at dawn", 0.0)):
            prompt = Prompt((Text("warm", text),), Grammar.V4)
            found = [one for one in self._report(read(prompt)) if one.score > 0 and _is_ours(one)]
            if bool(found) != bool(expected):
                message = f"{self._id}: expected {expected!r} hits, got {len(found)}"
                raise TermsError(message)

    def classify(self, content: Reading, /) -> Sequence[Finding]:
        """Report 1.0 for each term as written, a little less for the boldest guesses at one.

        A name without a hit is reported once, as 0.0 of all fields together.
        """
        return self._report(content)

    def _report(self, reading: Reading) -> list[Signal]:
        found: list[Signal] = []
        for field in reading.fields:
            found += self._of_field(field)
        found += self._across(reading.fields)
        missing = _EMITS - {signal.name for signal in found}
        return found + [self._nothing[name] for name in sorted(missing)]

    def _of_field(self, field: FieldReading) -> Iterator[Signal]:
        told = self._told.answer(field.identity, lambda: tuple(self._few(field)))
        for name, score, span, evidence in told:
            yield Signal(name, score, Field(field.path, span), self._id, evidence)

    def _few(self, field: FieldReading) -> Iterator[_Told]:
        """Give what is to be told of a field, but nothing more often than enough."""
        seen: Counter[tuple[SignalName, str]] = Counter()
        for told in (*self._of_terms(field), *self._of_ages(field)):
            seen[told.name, told.evidence] += 1
            if seen[told.name, told.evidence] <= ENOUGH:
                yield told

    def _of_terms(self, field: FieldReading) -> Iterator[_Told]:
        hits = tuple(self._search.find(field))
        plain = [hit for hit in hits if not _is_disguised(hit, field)]
        for hit in hits:
            (name,) = hit.term.lists
            asked = field.polarity_of(hit.span) is Polarity.POSITIVE
            evidence = f"term:{hit.term.id}"
            score = _score(hit.view)
            if name is TermList.ADULT:
                if not asked:
                    yield _Told(SignalName.TEXT_MINOR_NEGATED, score, hit.span, evidence)
            elif asked:
                yield _Told(_SIGNALS[name], score, hit.span, evidence)
                if name in _DISGUISES and not any(_covers(other, hit) for other in plain):
                    yield _Told(SignalName.TEXT_DISGUISED, 1.0, hit.span, evidence)

    def _of_ages(self, field: FieldReading) -> Iterator[_Told]:
        reported: set[tuple[SignalName, tuple[int, int]]] = set()
        for view in field.views:
            if view.spelling not in _AGE_VIEWS:
                continue
            for age in self._ages.find(view.text):
                span = view.span(age.start, age.end)
                asked = field.polarity_of(span) is Polarity.POSITIVE
                name = _age_signal(is_minor=age.is_minor, asked=asked)
                if name is None or (name, span) in reported:
                    continue
                reported.add((name, span))
                yield _Told(name, _score(view), span, f"term:{age.id}")

    def _across(self, fields: Sequence[FieldReading]) -> Iterator[Signal]:
        """Report a word that begins at the end of one field and ends in the next."""
        asking = [one for one in fields if one.polarity is Polarity.POSITIVE]
        for before, after in pairwise(asking):
            head, tail = before.asked()[-_SEAM:], after.asked()[:_SEAM]
            if not (head[-1:].isalnum() and tail[:1].isalnum()):
                continue
            text = head + tail
            seam = len(head)
            view = View(Spelling.JOINED, "union", text, range(len(text)))
            one = FieldReading("*", (), Polarity.POSITIVE, text, view, Spellings((view,)), ())
            for hit in self._search.find(one):
                (name,) = hit.term.lists
                if name in _DISGUISES and hit.span[0] < seam < hit.span[1]:
                    evidence = f"term:{hit.term.id}"
                    for signal in (_SIGNALS[name], SignalName.TEXT_DISGUISED):
                        yield Signal(signal, 1.0, Field("*"), self._id, evidence)


@cache
def _embedded() -> PromptTerms:
    return PromptTerms(shipped())


def _is_ours(signal: Signal) -> bool:
    """Whether it is of a list that ships: what operators add may well be in a known text."""
    return not signal.evidence.startswith(f"term:{PACKED}")


def _score(view: View) -> float:
    decoded = 1.0 if view.source in {"received", "branches", "union"} else 0.9
    return min(decoded, _LESS_SURE.get(view.spelling, 1.0))


def _age_signal(*, is_minor: bool, asked: bool) -> SignalName | None:
    if asked:
        return SignalName.TEXT_MINOR_AGE if is_minor else SignalName.TEXT_ADULT_AGE
    return None if is_minor else SignalName.TEXT_MINOR_NEGATED


def _covers(plain: Hit, hit: Hit) -> bool:
    """Whether what a hit means stands there in plain letters too: `nude` in `nude, beach`."""
    (start, end), (other_start, other_end) = hit.span, plain.span
    return hit.term.lists == plain.term.lists and start < other_end and other_start < end


def _is_disguised(hit: Hit, field: FieldReading) -> bool:
    """Whether the term was found only by undoing something."""
    start, end = hit.span
    return not hit.view.is_plain or is_dressed_up(field.text[start:end])
