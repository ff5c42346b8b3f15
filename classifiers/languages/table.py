"""How often which three letters follow each other in each language: a naive Bayes classifier."""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import TermsError

NAMES = "names"
"""The column of names: of characters and artists, most of them romaji. They are no language."""
FLOOR = 2e-5
"""What a trigram that a language does not have counts for."""
STEPS = 16
"""Steps of the table in one unit of the natural logarithm."""


def trigrams(words: Iterable[str]) -> Iterator[str]:
    """Give the letters of each word in threes, its edges too."""
    for word in words:
        padded = f" {word} "
        for at in range(len(padded) - 2):
            yield padded[at : at + 3]


@dataclass(frozen=True, slots=True)
class Table:
    """Trigrams by languages."""

    languages: tuple[str, ...]
    _rows: dict[str, int] = field(repr=False)
    _gain: NDArray[np.uint8] = field(repr=False)
    """The last row is of a trigram that no language has."""

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
        rows = {str(gram): row for row, gram in enumerate(grams.tolist())}
        return cls(tuple(languages.tolist()), rows, np.vstack([gain, np.zeros_like(gain[:1])]))

    def weigh(self, parts: Sequence[Sequence[str]]) -> NDArray[np.float64]:
        """Return how much speaks for each language in the words of each part.

        Natural logarithms, of shape `[parts, languages]`; 0 is nothing.
        """
        nothing = len(self._rows)
        rows: list[int] = []
        starts: list[int] = []
        for words in parts:
            starts.append(len(rows))
            rows += [self._rows.get(gram, nothing) for gram in trigrams(words)]
            rows.append(nothing)
        if not rows:
            return np.zeros((0, len(self.languages)))
        total = np.add.reduceat(self._gain[rows], starts, axis=0, dtype=np.int64)
        return np.asarray(total / STEPS, dtype=np.float64)
