"""Says of each field in which languages it is, by script and by words, and how well those are read.

Tags have their Japanese, Chinese and Korean names: a text made of those and of listed terms is read
as well as the tags themselves, and counts as no other language.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import islice

from classifiers.automaton import Automaton
from classifiers.errors import TermsError
from classifiers.languages.identify import Identifier, Sound, letters_in_words
from classifiers.languages.states import State, load
from classifiers.normalise import FieldReading, Span, Spelling, View, is_dressed_up, plain_forms
from classifiers.remembered import Remembered
from classifiers.vocabulary import Mode, Vocabulary, shipped

_EASTERN = {
    "ko": re.compile("[\uac00-\ud7a3]"),
    "ja": re.compile("[\u3041-\u3096\u30a1-\u30fa]"),
    "zh": re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]"),
}
_ANY_EASTERN = re.compile("|".join(letters.pattern for letters in _EASTERN.values()))
_REMEMBERED = 1024
"""Texts of which it is kept, under digests, in which languages they are."""
_A_WORD = 3
"""Letters in a row that are a word of a script that is not read, and no ornament."""
_A_FEW = 6
"""Letters of such a script that a text of ornaments and faces may hold."""
_BEGINNING = 2_000
"""Letters of another spelling that tell whether it is noise as well."""
_UNRESOLVED = 3
"""Eastern letters that belong to no known word from which on a text is in that language."""


_CARRYING = frozenset(
    f"decoded:{encoding}"
    for encoding in ("base32", "base64", "binary", "codes", "escapes", "hex", "selectors", "tags")
)
"""The sources of texts in another coat. Those of other sources are mere guesses at words."""


def is_carried(view: View) -> bool:
    """Whether a view holds, plainly, a text that was wrapped up whole."""
    return view.spelling is Spelling.PLAIN and view.source in _CARRYING


class LanguageReader:
    """Reads the languages of fields."""

    def __init__(self, identifier: Identifier, known: Iterable[str]) -> None:
        """Build from an identifier, and the `known` words of eastern languages, in plain form."""
        self._identifier = identifier
        self._states = identifier.languages
        self._known = Automaton(sorted(set(known)))
        self._heard = Remembered[frozenset[str]](_REMEMBERED)

    @classmethod
    def embedded(cls) -> "LanguageReader":
        """Build from what ships with this package.

        Raises:
            TermsError: a file is missing or does not parse.
        """
        return _embedded()

    def states(self, field: FieldReading, *, noise: bool = False) -> Mapping[State, frozenset[str]]:
        """Return the languages and scripts of a field other than gated ones, by their state.

        Of a field in a script that is not read, no more is asked: nothing is worse. Of `noise`,
        which no language puts together, only scripts are.
        """
        plain = field.plain.text
        if not plain.isascii():
            scripts = self._states.scripts.items()
            unread = frozenset(name for name, letters in scripts if _is_written(letters, plain))
            if unread:
                return {State.UNREAD: unread}
        found: dict[State, set[str]] = {}
        for text in () if noise else _texts(field):
            for id_ in self._spoken(field, text):
                found.setdefault(self._states.state(id_), set()).add(id_)
        eastern = self._eastern(plain)
        if eastern is not None:
            found.setdefault(self._states.state(eastern), set()).add(eastern)
        return {state: frozenset(names) for state, names in found.items()}

    def foreign(self, field: FieldReading) -> Sequence[Span]:
        """Return where a field, as received, is in another language than a gated one.

        Names of tags and listed terms count as these do in `states`. What is only hidden in the
        field has no place here.
        """
        text = field.text
        spans = list(self._identifier.parts_in(text, self._spoken(field, text)))
        if text.isascii():
            return spans
        written = [
            letters
            for letters in self._states.scripts.values()
            if _is_written(letters, field.plain.text)
        ]
        if self._eastern(field.plain.text) is not None:
            written.append(_ANY_EASTERN)
        spans += [found.span() for letters in written for found in letters.finditer(text)]
        return sorted(spans)

    def is_soup(self, field: FieldReading) -> bool:
        """Whether what a field holds is in no language, however it is spelt.

        A spelling that says too little, for its words are glued together or cut up, excuses no
        noise. Where the field as it stands holds next to no words, noise that comes of putting its
        letters together counts. What it carries in a code excuses nothing that stands around it.
        """
        plain = self._identifier.sound(field.plain.text)
        if plain is Sound.WORDS:
            return False
        is_noise = plain is Sound.NOISE
        others = [view for view in field.views[1:] if view.source == "received"]
        for view in sorted(others, key=_length):  # a short one of words answers soonest
            if view.spelling is Spelling.SQUEEZED:
                continue
            sound = self._sound(view.text)
            if sound is Sound.WORDS:
                return False
            is_noise = is_noise or (sound is Sound.NOISE and _puts_together(view, field))
        return is_noise or any(
            self.is_noise(view.text) and _puts_together(view, field)
            for view in field.views
            if is_carried(view)
        )

    def is_noise(self, text: str) -> bool:
        """Whether nobody who knows how languages put letters together would take it for words."""
        return self._identifier.sound(text) is Sound.NOISE

    def _sound(self, text: str) -> Sound:
        """Return what another spelling sounds like; where its beginning is noise, all of it is."""
        if len(text) > _BEGINNING and self.is_noise(text[:_BEGINNING]):
            return Sound.NOISE
        return self._identifier.sound(text)

    def _spoken(self, field: FieldReading, text: str) -> frozenset[str]:
        """Return the languages spoken in a text of `field`: it is asked twice, and often again."""
        question = field.identity and field.identity + text.encode("utf-8", "surrogatepass")
        return self._heard.answer(question, lambda: self._identifier.spoken(text))

    def _eastern(self, text: str) -> str | None:
        """Return the eastern language of which `text` holds more than tags and terms, if any."""
        if not _ANY_EASTERN.search(text):
            return None
        left = bytearray(b"\1" * len(text))
        for word, places in self._known.find(text).items():
            for start in places:
                left[start : start + len(word)] = b"\0" * len(word)
        rest = "".join([letter for letter, more in zip(text, left, strict=True) if more])
        counts = {id_: len(letters.findall(rest)) for id_, letters in _EASTERN.items()}
        if sum(counts.values()) < _UNRESOLVED:
            return None
        return next(id_ for id_, count in counts.items() if count)


def _length(view: View) -> int:
    return len(view.text)


def _puts_together(view: View, field: FieldReading) -> bool:
    """Whether most words of a view are none as the field stands, nor read against their letters."""
    if view.spelling in (Spelling.REVERSED, Spelling.ROT13):
        return False
    return letters_in_words(view.text) > 2 * letters_in_words(field.plain.text)


def _is_written(letters: re.Pattern[str], text: str) -> bool:
    """Whether `text` holds a word of a script, or many of its letters."""
    places = [match.start() for match in islice(letters.finditer(text), _A_FEW)]
    if len(places) >= _A_FEW:
        return True
    return any(
        places[at + _A_WORD - 1] - places[at] == _A_WORD - 1
        for at in range(len(places) - _A_WORD + 1)
    )


def _texts(field: FieldReading) -> Iterable[str]:
    """Give a field as received, with its accents; and what it hides."""
    yield field.text
    if is_dressed_up(field.text):
        yield field.plain.text
    for view in field.views:
        if is_carried(view) or (view.spelling is Spelling.JOINED and view.source == "received"):
            yield view.text


@cache
def _embedded() -> LanguageReader:
    folder = files("classifiers") / "languages"
    known = [*_eastern_terms(shipped()), *_tags(folder)]
    return LanguageReader(Identifier.read(folder, load(folder)), known)


def _eastern_terms(terms: Vocabulary) -> Iterable[str]:
    for term in terms.terms:
        if not term.harmless and (term.mode is Mode.SUBSTRING or not term.text[0].isascii()):
            yield term.text


def _tags(folder: Traversable) -> Iterable[str]:
    """Give the names of tags in eastern languages."""
    try:
        rows = list(csv.DictReader(io.StringIO((folder / "tags.csv").read_text("utf-8"))))
        return plain_forms([row["text"] for row in rows])
    except (OSError, KeyError) as error:
        message = f"tags.csv: expected language,text,means, got {error!r}"
        raise TermsError(message) from error
