"""One way to hide a text inside a text, and how it is undone."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from classifiers.normalise.forms import without_invisible
from classifiers.normalise.letters import Letters
from classifiers.normalise.reading import Span

_MOSTLY = 0.6
"""The least share of letters in what may pass for a text."""
_NO_LETTER = "\ufffd"
"""What stands for bytes that are no text. To look for it is quicker than to catch an exception."""
_FEWEST = 3
"""Bytes that a text must have."""
_MANY = 6
"""Characters that are figures by no chance."""
_AROUND = 48
"""Letters on each side that may make a word with what stands in their midst."""
_Piece = tuple[Span, str]
"""A place, and what it says."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """Where it may stand, and what a place then says: `None` if it is none after all."""

    name: str
    pattern: re.Pattern[str]
    read: Callable[[str], str | None]
    hint: Callable[[str], object] | None = None
    """Says quickly whether a text may hold any: something false if not."""
    in_place: bool = False
    """Whether what it says belongs to the text around it; else each place is a line by itself."""
    layered: bool = False
    """Whether what it says may be encoded once more."""
    guess: bool = False
    """Whether it guesses at single words, which are not disguised in any other way as well."""

    def decode(self, letters: Letters, text: str) -> Letters | None:
        """Return what `letters`, whose text is `text`, say when this is undone; one level only."""
        if self.hint is not None and not self.hint(text):
            return None
        found = self._found(text)
        if not found:
            return None
        spans, texts = zip(
            *_with_surroundings(found, text) if self.in_place else found, strict=True
        )
        return letters.replaced(texts, spans)

    def _found(self, text: str) -> list[_Piece]:
        end = "" if self.in_place else "\n"
        return [
            (match.span(), said + end)
            for match in self.pattern.finditer(text)
            if (said := self.read(match[0])) is not None
        ]


def _with_surroundings(found: list[_Piece], text: str) -> list[_Piece]:
    """Put what was found among the letters that stand around it, and end a line where some lack."""
    pieces: list[_Piece] = []
    done = 0
    for piece in found:
        start, end = piece[0]
        if start - done > 2 * _AROUND:
            head, tail = done + _AROUND * bool(done), start - _AROUND
            pieces += (((done, head), text[done:head]), ((head, tail), "\n"))
            done = tail
        if start > done:
            pieces.append(((done, start), text[done:start]))
        pieces.append(piece)
        done = end
    last = min(done + _AROUND, len(text))
    pieces.append(((done, last), text[done:last]))
    return pieces


def is_foreign(text: str) -> bool:
    """Whether `text` holds more than ASCII; it is known without a look."""
    return not text.isascii()


def readable(data: bytes) -> str | None:
    """Return `data` as text if it can pass for one: it is printable, and mostly letters.

    Figures pass as well where there are many: they may be encoded once more.
    """
    text = data.decode("utf-8", "replace")
    if _NO_LETTER in text:
        return None
    seen = without_invisible(text).replace("\n", " ")
    if len(data) < _FEWEST or not seen.isprintable():
        return None
    kind = str.isalnum if len(seen) >= _MANY else str.isalpha
    return text if sum(map(kind, seen)) >= max(1, _MOSTLY * len(seen)) else None
