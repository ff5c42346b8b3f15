"""Tells which languages a text is in, as far as they are written with Latin or Cyrillic letters.

A prompt is no essay: it is a list of tags, of names, and here and there a sentence. So each part
between marks is weighed by itself, against English and against names, and only what speaks clearly
for another language is added up. A single foreign word is nobody's language.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from importlib.resources.abc import Traversable
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import TermsError
from classifiers.languages.states import Languages, State
from classifiers.languages.table import NAMES, Table
from classifiers.normalise import Span

_MARK = re.compile(r"[^\w\s'\u2019-]|_{2,}|[\n\d]+")
_WORD = re.compile(r"[^\W\d_]+")
_ASCII_WORD = re.compile("[a-z]+")
_RUN = re.compile(r"\S+")
_WITHIN_WORDS = str.maketrans("'\u2019-", "   ")
"""What else stands in a part."""
_WHOLE_SENTENCES = re.compile("[\ufdfa\ufdfb]")
"""Ligatures of up to 18 letters: their script tells what they are."""
_CYRILLIC = re.compile("[\u0400-\u052f]{4,}")
_NOT_RUSSIAN = re.compile("[\u0400\u0402-\u040f\u0450\u0452-\u052f]")
_A_SENTENCE = 4
"""Words from which on a part is a sentence; fewer may be a name."""
_ENGLISH = frozenset({"and", "by", "of", "the", "with"})
"""A part that holds one of these is English, and what else it holds may be names."""
_A_CREDIT = 6
"""Words that a part with an artist's or a sitter's name has at most."""
_AS_A = (("as", "a"), ("as", "an"))
_A_NAME = 3
"""Words of somebody's name, each with a capital."""
_OF_A_NAME = 1 / 3
"""What a part that may be a name weighs, unless it holds a common word."""
_FEW_WORDS = 5
"""Words of a part that are looked at together, once it is in another language."""
_LEAD = 3.0
"""Natural logarithms by which a language must lead in a part before that counts."""
_OF_A_WORD = 6.0
"""What a word counts that is common in a language and in few others."""
_ENOUGH = 12.0
"""Natural logarithms from which on a language is there."""
_CLEARLY = 1.1
"""By which factor a language that is not read must lead over those that are."""
_NO_SOUP = 6
"""Words that are not English from which on a text can be called noise."""
_NO_SOUP_LETTERS = 30
"""Letters of such words from which on it can be, however few they are glued into."""
_NONE: Mapping[str, int] = {}
_FLUENT = 1.9
"""Natural logarithms for each letter of such words below which they are in no language at all."""


class Sound(Enum):
    """What a text sounds like to anybody who knows how languages put letters together."""

    WORDS = auto()
    NOISE = auto()
    LITTLE = auto()
    """Too few words that are not known as English to tell; those that are do not outweigh them."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """Tells languages apart by their letters in threes, and by their commonest words."""

    languages: Languages
    table: Table
    english: frozenset[str] = field(repr=False)
    """Words of English prompts and tags."""
    common: Mapping[str, frozenset[str]] = field(repr=False)
    """By word, the languages in which it is common."""

    @classmethod
    def read(cls, folder: Traversable, languages: Languages) -> "Identifier":
        """Read the files of `folder`.

        Raises:
            TermsError: one of them is missing, or not what it should be.
        """
        try:
            table = Table.read((folder / "trigrams.npz").read_bytes())
            english = frozenset((folder / "english.txt").read_text("utf-8").split())
        except OSError as error:
            message = f"languages: expected a table and words, got {error!r}"
            raise TermsError(message) from error
        common: dict[str, set[str]] = defaultdict(set)
        for language in languages.languages.values():
            for word in language.words - english:
                common[word].add(language.id)
        return cls(
            languages, table, english, {word: frozenset(ids) for word, ids in common.items()}
        )

    def spoken(self, text: str) -> frozenset[str]:
        """Return the languages that are clearly spoken in `text`, other than English."""
        folded = _folded(text)
        if self.english.issuperset(_all_words(folded)):
            return frozenset()
        speaks = self._weigh(_words(folded), text)
        best = max(speaks.values(), default=0.0)
        spoken = self._most_spoken(speaks, best) if best >= _ENOUGH else frozenset[str]()
        return spoken or (frozenset({"ru"}) if _CYRILLIC.search(text) else spoken)

    def _most_spoken(self, speaks: Mapping[str, float], best: float) -> frozenset[str]:
        """Return those of which there is most: of languages that are read, unless another leads."""
        read = [id_ for id_ in speaks if self.languages.state(id_) is not State.UNREAD]
        best_read = max((speaks[id_] for id_ in read), default=0.0)
        if best >= best_read * _CLEARLY:
            return frozenset(id_ for id_, much in speaks.items() if much == best)
        if best_read >= _ENOUGH:
            return frozenset(id_ for id_ in read if speaks[id_] == best_read)
        return frozenset()

    def parts_in(self, text: str, spoken: frozenset[str]) -> Sequence[Span]:
        """Return where `text` speaks one of the languages `spoken` rather than English.

        A part that does is looked at a few words at a time, so that English in it is left out.
        """
        parts = self._leads(text, _between_marks(text), spoken)
        few = [run for part, lead in parts if lead >= _LEAD for run in _in_few_words(text, part)]
        return [run for run, lead in self._leads(text, few, spoken) if lead >= 0]

    def _leads(
        self, text: str, spans: Iterable[Span], spoken: frozenset[str]
    ) -> Sequence[tuple[Span, float]]:
        """Return by how much one of `spoken` leads over English and names, where any may."""
        if not spoken:
            return []
        held = [(span, _folded(text[slice(*span)]).translate(_WITHIN_WORDS)) for span in spans]
        parts = [(span, words) for span, part in held if (words := part.split())]
        strange = [part for part in parts if not self.english.issuperset(part[1])]
        if not strange:
            return []
        columns, weights = self.table.languages, self.table.weigh([words for _, words in strange])
        neutral = weights[:, [columns.index("en"), columns.index(NAMES)]].max(axis=1)
        leads = np.full(len(strange), -np.inf)
        for id_ in spoken:
            known = [self._common(words).get(id_, 0) * _OF_A_WORD for _, words in strange]
            leads = np.maximum(leads, weights[:, columns.index(id_)] + known - neutral)
        if "ru" in spoken:
            leads[[_CYRILLIC.search(text, *span) is not None for span, _ in strange]] = np.inf
        return [(span, lead) for (span, _), lead in zip(strange, leads.tolist(), strict=True)]

    def sound(self, text: str) -> Sound:
        """Return whether `text` is words, or many whose letters no language puts together so."""
        heard = _heard(text)
        words = [word for word in heard if word.isascii() and word not in self.english]
        letters = sum(map(len, words))
        if len(words) < _NO_SOUP and letters < _NO_SOUP_LETTERS:
            return Sound.WORDS if letters * 2 < sum(map(len, heard)) else Sound.LITTLE
        (weight,) = self.table.weigh([words])
        return Sound.NOISE if weight.max() < _FLUENT * letters else Sound.WORDS

    def _weigh(self, parts: Sequence[Sequence[str]], text: str) -> Mapping[str, float]:
        """Add up what speaks for each language over the parts of `text` that are not English.

        What is written like a name speaks for none if nothing else does: people are called Mann.
        """
        columns = self.table.languages
        neutral = [columns.index("en"), columns.index(NAMES)]
        foreign = [
            words for words in parts if not self.english.issuperset(words) and not _is_credit(words)
        ]
        if not foreign:
            return {}
        commons = self._commons(foreign)
        weights = self.table.weigh(foreign)
        leads = weights - weights[:, neutral].max(axis=1, keepdims=True)
        leads[leads < _LEAD] = 0.0
        telling = leads.any(axis=1)
        telling[list(commons)] = True
        (places,) = np.nonzero(telling)
        if not len(places) or (len(places) == 1 and foreign[places[0]] in _names(text)):
            return {}
        return self._added(foreign, leads, commons)

    def _added(
        self,
        foreign: Sequence[Sequence[str]],
        leads: NDArray[np.float64],
        commons: Mapping[int, Mapping[str, int]],
    ) -> Mapping[str, float]:
        """Add up the leads of all parts: a short one may be a name, if it holds no common word."""
        columns = self.table.languages
        sure = np.zeros(leads.shape, np.bool_)
        sentences = [
            part
            for part, words in enumerate(foreign)
            if len(words) >= _A_SENTENCE and _ENGLISH.isdisjoint(words)
        ]
        sure[sentences] = True
        for part, common in commons.items():
            for id_ in common:
                sure[part, columns.index(id_)] = True
        in_all = (leads * sure).sum(axis=0) + (leads * ~sure).sum(axis=0) * _OF_A_NAME
        found = defaultdict(float, zip(columns, in_all.tolist(), strict=True))
        for common in commons.values():
            for id_, count in common.items():
                found[id_] += count * _OF_A_WORD
        strange = sum(
            1
            for word in chain.from_iterable(foreign)
            if not word.isascii() and _NOT_RUSSIAN.search(word)
        )
        if strange:
            found["ru"] -= strange * 2 * _OF_A_WORD
        return found

    def _commons(self, parts: Sequence[Sequence[str]]) -> Mapping[int, Mapping[str, int]]:
        """Count the common words of each language in each part that holds any."""
        known = self.common.keys()
        if known.isdisjoint(chain.from_iterable(parts)):
            return {}
        return {
            part: self._common(words)
            for part, words in enumerate(parts)
            if not known.isdisjoint(words)
        }

    def _common(self, words: Sequence[str]) -> Mapping[str, int]:
        """Count the common words of each language."""
        if self.common.keys().isdisjoint(words):
            return _NONE
        count: dict[str, int] = defaultdict(int)
        for word in set(words) & self.common.keys():
            for id_ in self.common[word]:
                count[id_] += 1
        return count


def letters_in_words(text: str) -> int:
    """Count the letters of words that are more than initials."""
    return sum(map(len, _heard(text)))


def _heard(text: str) -> list[str]:
    return [word for word in _all_words(_folded(text)) if len(word) > 2]  # noqa: PLR2004 (initials)


def _is_credit(words: Sequence[str]) -> bool:
    """Whether a part names somebody: `by Greg Rutkowski` is no Polish, nor `Bianco as a sailor`."""
    if len(words) > _A_CREDIT:
        return False
    return words[0] == "by" or (
        "as" in words and any(pair in _AS_A for pair in pairwise(words[1:]))
    )


def _folded(text: str) -> str:
    return _composed(text).casefold()


def _all_words(folded: str) -> list[str]:
    return (_ASCII_WORD if folded.isascii() else _WORD).findall(folded)


def _composed(text: str) -> str:
    """Return `text` in its compatibility form."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", _WHOLE_SENTENCES.sub(" ", text))


def _names(text: str) -> list[list[str]]:
    """Return the words of each part that is written like somebody's first and last name."""
    if text.islower():
        return []
    return [
        [word.casefold() for word in words]
        for words in _words(_composed(text))
        if 1 < len(words) <= _A_NAME and all(word.istitle() for word in words)
    ]


def _between_marks(text: str) -> Iterator[Span]:
    """Yield where the parts of a text as received stand."""
    start = 0
    for mark in _MARK.finditer(text):
        if mark.start() > start:
            yield start, mark.start()
        start = mark.end()
    if start < len(text):
        yield start, len(text)


def _in_few_words(text: str, part: Span) -> Iterator[Span]:
    """Yield where a part's words stand, a few at a time."""
    words = [found.span() for found in _RUN.finditer(text, *part)]
    size = -(-len(words) // max(1, round(len(words) / _FEW_WORDS)))
    for start in range(0, len(words), size):
        some = words[start : start + size]
        yield some[0][0], some[-1][1]


def _words(text: str) -> list[list[str]]:
    """Return the words of each part between marks; what is said again and again, once."""
    parts = _MARK.sub("\n", text.replace("_", " ")).translate(_WITHIN_WORDS).split("\n")
    return [words for part in dict.fromkeys(parts) if (words := part.split())]
