"""How often which three letters follow each other in each language: a naive Bayes classifier."""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import TermsError

NAMES = "names"
"""The column of names: of characters and artists, most of them romaji. They are no language."""
FLOOR = 2e-5
"""What a trigram that a language does not have counts for."""
_SPACE = 1
STEPS = 16
"""Steps of the table in one unit of the natural logarithm."""


def trigrams(words: Iterable[str]) -> Iterator[str]:
    """Give the letters of each word in threes, its edges too."""
    for word in words:
        padded = f" {word} "
        for at in range(len(padded) - 2):
            yield padded[at : at + 3]


def _numbered(grams: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.int16]]:
    """Number the letters of `grams`, and find the row of each by its three numbers."""
    known = [" ", *sorted({letter for gram in grams for letter in gram} - {" "})]
    number = {letter: at for at, letter in enumerate(known, 1)}
    letters = np.zeros(max(map(ord, known)) + 2, np.uint8)
    for letter, at in number.items():
        letters[ord(letter)] = at
    count = len(known) + 1
    rows = np.zeros(count**3, np.int16)
    for row, gram in enumerate(grams, 1):
        first, middle, third = (number[letter] for letter in list(gram))
        rows[(first * count + middle) * count + third] = row
    return letters, rows


@dataclass(frozen=True, slots=True)
class Table:
    """Trigrams by languages."""

    languages: tuple[str, ...]
    _letters: NDArray[np.uint8] = field(repr=False)
    """By code point, the number of each letter; 0 is one of no trigram, and 1 is the space."""
    _rows: NDArray[np.int16] = field(repr=False)
    """By the numbers of its three letters, the row of each trigram."""
    _gain: NDArray[np.uint8] = field(repr=False)
    """The first row is of a trigram that no language has."""

    @classmethod
    def read(cls, data: bytes) -> "Table":
        """Read what `classifiers.building.language_table` wrote.

        Raises:
            TermsError: it is something else.
        """
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as stored:
                grams, languages, gain = stored["grams"], stored["languages"], stored["gain"]
        except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
            message = f"trigrams.npz: expected a table, got {type(error).__name__}"
            raise TermsError(message) from error
        if gain.shape != (len(grams), len(languages)):
            message = f"trigrams.npz: expected a row per trigram, got {gain.shape!r}"
            raise TermsError(message)
        letters, rows = _numbered([str(gram) for gram in grams.tolist()])
        return cls(
            tuple(languages.tolist()), letters, rows, np.vstack([np.zeros_like(gain[:1]), gain])
        )

    def weigh(self, parts: Sequence[Sequence[str]]) -> NDArray[np.float64]:
        """Return how much speaks for each language in the words of each part.

        Natural logarithms, of shape `[parts, languages]`; 0 is nothing.
        """
        if not parts:
            return np.zeros((0, len(self.languages)))
        texts = [" ".join(words) for words in parts]
        starts = [0, *accumulate(len(text) + 1 for text in texts[:-1])]
        rows = self._rows_of(f" {' '.join(texts)} ")
        total = np.add.reduceat(self._gain[rows], starts, axis=0, dtype=np.int32)
        return np.asarray(total / STEPS, dtype=np.float64)

    def _rows_of(self, text: str) -> NDArray[np.int16]:
        """Return the row of the trigram at each place; over the end of a word there is none."""
        codes = np.frombuffer(text.encode("utf-32-le", "replace"), np.dtype("<u4"))
        last = len(self._letters) - 1
        letters = self._letters[np.minimum(codes, last)].astype(np.int32)
        first, middle, third = letters[:-2], letters[1:-1], letters[2:]
        count = round(len(self._rows) ** (1 / 3))
        rows: NDArray[np.int16] = self._rows[(first * count + middle) * count + third]
        rows[middle == _SPACE] = 0
        return rows
