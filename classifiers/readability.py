"""Says whether this installation can judge a prompt: its words, its languages, its form."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from classifiers.classifier import Capability
from classifiers.content import Grammar, Prompt, Text
from classifiers.errors import ClassifierError
from classifiers.languages.reader import LanguageReader, is_carried
from classifiers.languages.states import State
from classifiers.normalise import FieldReading, Reading, View, read
from classifiers.remembered import Remembered
from classifiers.signals import Field, Finding, Signal, SignalName
from classifiers.tag_list import Phrases, is_tag_list, phrases

_NO_WORDS = (
    "\u2800-\u28ff\ud800-\udfff\ue000-\uf8ff\U0001d000-\U0001d0ff\U0001da00-\U0001daff"
    "\U000f0000-\U0010ffff"
)
"""Letters of no language: Braille, halves of letters, what every font draws otherwise, notation."""
_NO_WORD = re.compile(f"[{_NO_WORDS}]{{3,}}")
_NO_LETTER = re.compile(f"[{_NO_WORDS}]")
_A_FEW = 6
"""Such letters that a text of ornaments may hold."""
_WORD = re.compile(r"[^\W\d_]+")
_BETWEEN_SPACES = re.compile(r"\S+")
_LATIN = re.compile(r"[a-z]+")
_VOWELS = re.compile(r"[aeiouy]")
_NO_VOWEL = re.compile(r"[bcdfghjklmnpqrstvwxz]{6,}")
_NO_VOWELS = re.compile(r"[bcdfghjklmnpqrstvwxz]{5}")
"""What any word of noise has in it."""
_REPEATED = re.compile(r"(.)\1+")
_BLOB = re.compile(r"[a-z0-9+/=]{40,}")
_LONG_WORD = 5
"""Letters from which a word without vowels is taken for noise."""
_NOISE_LETTERS = 24
_NOISE_SHARE = 0.4
_OF_STATE = {
    State.UNREAD: SignalName.TEXT_LANGUAGE_UNREAD,
    State.TERMS_ONLY: SignalName.TEXT_LANGUAGE_TERMS_ONLY,
}
_EMITS = frozenset({SignalName.TEXT_READABLE, SignalName.TEXT_TAGS, *_OF_STATE.values()})
_ANSWERS = frozenset(Capability(name) for name in _EMITS)
_REMEMBERED = 4096
"""Fields of which the answers are kept: most requests ask again what others asked before."""


class _Judged(NamedTuple):
    """What is so of one field."""

    phrases: Phrases
    unreadable: bool
    languages: tuple[tuple[State, str], ...]
    """The names of its languages by state, of those that are not gated."""


class Readability:
    """Looks for noise that no view could make out, and for languages that are not read here.

    It is slow to call anything noise: names are strange words too.
    """

    def __init__(self) -> None:
        """Read the languages that ship with this package.

        Raises:
            TermsError: a file is missing or does not parse.
        """
        self._languages = LanguageReader.embedded()
        self._judged = Remembered[_Judged](_REMEMBERED)

    @property
    def id(self) -> str:
        """Name and version."""
        return "readability@4"

    @property
    def emits(self) -> frozenset[SignalName]:
        """The names it reports."""
        return _EMITS

    @property
    def answers(self) -> frozenset[Capability]:
        """It answers of any rendition."""
        return _ANSWERS

    def warm(self) -> None:
        """Look once at a text that can be read, at noise, and at an unread script.

        Raises:
            ClassifierError: it takes one for the other.
        """
        for text, expected in (
            ("a lighthouse at dawn", {SignalName.TEXT_READABLE}),
            ("\ue000\ue001\ue002", set[SignalName]()),
            ("\u0e1b\u0e23\u0e30\u0e20", {SignalName.TEXT_READABLE, _OF_STATE[State.UNREAD]}),
        ):
            findings = self._report(read(Prompt((Text("warm", text),), Grammar.V4)))
            if {finding.name for finding in findings if finding.score} != expected:
                message = f"{self.id}: expected other findings of a known text"
                raise ClassifierError(message)

    def classify(self, content: Reading, /) -> Sequence[Finding]:
        """Report each field that cannot be judged, as unreadable or by its language.

        What is so of no field is reported once, of all fields together.
        """
        return self._report(content)

    def _report(self, content: Reading) -> list[Signal]:
        judged = [(Field(one.path), self._of_field(one)) for one in content.fields]
        tags = float(is_tag_list(one.phrases for _, one in judged))
        found = [Signal(SignalName.TEXT_TAGS, tags, Field("*"), self.id)]
        for where, one in judged:
            if one.unreadable:
                found.append(Signal(SignalName.TEXT_READABLE, 0.0, where, self.id))
            for state, names in one.languages:
                evidence = f"language:{names}"
                found.append(Signal(_OF_STATE[state], 1.0, where, self.id, evidence))
        for name in sorted(_EMITS - {signal.name for signal in found}):
            score = 1.0 if name is SignalName.TEXT_READABLE else 0.0
            found.append(Signal(name, score, Field("*"), self.id))
        return found

    def _of_field(self, field: FieldReading) -> _Judged:
        return self._judged.answer(field.identity, lambda: self._judge(field))

    def _judge(self, field: FieldReading) -> _Judged:
        noise = self._is_noise(field)
        languages = self._languages.states(field, noise=noise).items()
        return _Judged(
            phrases(field.asked()),
            noise or not _is_written(field),
            tuple((state, ",".join(sorted(names))) for state, names in languages),
        )

    def _is_noise(self, field: FieldReading) -> bool:
        """Whether `field` is letters that are no words, with what it carries in their place."""
        if not _is_noise(field.plain.text) and not self._languages.is_soup(field):
            return False
        carried = [view for view in field.views if is_carried(view) and self._has_words(view.text)]
        return not carried or not self._has_words(_unwrapped(field.plain, carried))

    def _has_words(self, text: str) -> bool:
        return not _is_noise(text) and not self._languages.is_noise(text)


def _unwrapped(plain: View, carried: Sequence[View]) -> str:
    """Return a plain view without what was a code, and what that code says."""
    coded = [
        view.span(*found.span())
        for view in carried
        for found in _BETWEEN_SPACES.finditer(view.text)
    ]
    places = {place for span in coded for place in range(*span)}
    left = [
        " " if at in places else letter for letter, at in zip(plain.text, plain.origin, strict=True)
    ]
    return " ".join(["".join(left), *(view.text for view in carried)])


def _is_written(field: FieldReading) -> bool:
    """Whether all of `field` was read, and in letters that are some language's."""
    if field.unread:
        return False
    text = field.plain.text
    return text.isascii() or not (_NO_WORD.search(text) or len(_NO_LETTER.findall(text)) >= _A_FEW)


def _is_noise(text: str) -> bool:
    """Whether much of `text` is letters that no language puts together."""
    if not (_NO_VOWELS.search(text) or _BLOB.search(text)):
        return False
    words = _WORD.findall(text)
    letters = sum(map(len, words))
    noise = sum(len(word) for word in words if _is_gibberish(word))
    blobs = sum(len(blob) for blob in _BLOB.findall(text) if _is_blob(blob))
    return noise >= max(_NOISE_LETTERS, _NOISE_SHARE * letters) or blobs >= _NOISE_LETTERS


def _is_gibberish(word: str) -> bool:
    if len(word) < _LONG_WORD or not _LATIN.fullmatch(word):
        return False
    return not _VOWELS.search(word) or _NO_VOWEL.search(word) is not None


def _is_blob(run: str) -> bool:
    """Whether an endless run is data; a letter held long is only a scream."""
    return len(_REPEATED.sub(r"\1", run)) >= _NOISE_LETTERS
