"""Cuts a text into the word pieces of uncased BERT, and long texts into windows.

The rules are BERT's own: accents off, small letters, every punctuation mark and every Han character
a word of its own, then the longest piece first. `training/prompts/pieces.py` holds it against the
`tokenizers` library over all training texts; serving needs no library for it.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final, Self

from classifiers.errors import ModelError
from classifiers.normalise import Span
from classifiers.prompt_panes import ROOM, Piece, panes

PANE: Final = ROOM + 2
"""Pieces in a pane, its two frames counted."""
PANES: Final = 8
"""Panes in a window."""
_LONGEST_WORD: Final = 100
"""Letters; BERT gives up on longer words."""
_HAN: Final = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002ceaf\U0002f800-\U0002fa1f"
_ASCII_MARKS: Final = r"!-/:-@\[-`{-~"
_WORD: Final = re.compile(rf"[{_HAN}]|[{_ASCII_MARKS}]|[^\s{_HAN}{_ASCII_MARKS}]+")
_LATIN: Final = re.compile("[a-z]")
_START, _END, _UNKNOWN = "[CLS]", "[SEP]", "[UNK]"


@dataclass(frozen=True, slots=True)
class Pane:
    """A short stretch of a text as the network takes it."""

    numbers: tuple[int, ...] = field(repr=False)
    span: Span
    """Where it stands in the text."""


@dataclass(frozen=True, slots=True)
class Window:
    """Some panes, one after the other, which are judged at once."""

    panes: tuple[Pane, ...]

    @property
    def span(self) -> Span:
        """Where it stands in the text."""
        return self.panes[0].span[0], self.panes[-1].span[1]


@dataclass(frozen=True, slots=True)
class Pieces:
    """A vocabulary of word pieces."""

    numbers: dict[str, int] = field(repr=False)
    latin: frozenset[int] = field(repr=False)
    """The pieces with a letter of the only script that the encoder reads."""

    @classmethod
    def parse(cls, listed: str) -> Self:
        """Read a vocabulary of one piece a line.

        Raises:
            ModelError: a piece comes twice, or one that frames texts is missing.
        """
        pieces = listed.removesuffix("\n").split("\n")
        numbers = {piece: number for number, piece in enumerate(pieces)}
        if len(numbers) != len(pieces) or not {_START, _END, _UNKNOWN} <= numbers.keys():
            raise ModelError("vocabulary: expected each piece once, and the frames, got another")
        frames = {numbers[frame] for frame in (_START, _END, _UNKNOWN)}
        latin = {number for piece, number in numbers.items() if _LATIN.search(piece)}
        return cls(numbers, frozenset(latin - frames))

    def readable(self, window: Window) -> Window | None:
        """Return of a window what has anything in the script that the encoder reads."""
        read = tuple(one for one in window.panes if not self.latin.isdisjoint(one.numbers))
        return replace(window, panes=read) if read else None

    def windows(self, text: str) -> Iterator[Window]:
        """Yield windows over the whole of `text`, in order; one, of frames only, if it is empty."""
        divided = map(self.framed, panes(text, list(self.cut(text))))
        while some := tuple(islice(divided, PANES)):
            yield Window(some)

    def framed(self, inside: Sequence[Piece]) -> Pane:
        """Return pieces that stand side by side as a pane."""
        span = (inside[0].span[0], inside[-1].span[1]) if inside else (0, 0)
        inner = (piece.number for piece in inside)
        return Pane((self.numbers[_START], *inner, self.numbers[_END]), span)

    def cut(self, text: str) -> Iterator[Piece]:
        """Yield the pieces of `text`, without frames."""
        for found in _WORD.finditer(text):
            run, span = found.group(), found.span()
            whole = self.numbers.get(run.lower()) if run.isascii() else None
            if whole is not None:
                yield Piece(whole, span)
                continue
            for word in _words(run):
                for number in self._of_word(word):
                    yield Piece(number, span)

    def _of_word(self, word: str) -> list[int]:
        """Return the longest pieces that make up a word, or that it is unknown."""
        found: list[int] = []
        start = 0
        if len(word) > _LONGEST_WORD:
            return [self.numbers[_UNKNOWN]]
        while start < len(word):
            for end in range(len(word), start, -1):
                part = word[start:end] if start == 0 else f"##{word[start:end]}"
                if part in self.numbers:
                    found.append(self.numbers[part])
                    start = end
                    break
            else:
                return [self.numbers[_UNKNOWN]]
        return found


def _words(run: str) -> list[str]:
    """Return the words of a run without spaces: small, without accents, marks by themselves."""
    if run.isascii() and run.isprintable():
        return [run.lower()]
    plain = unicodedata.normalize("NFD", run).lower()
    kept = "".join([_kept(letter) for letter in plain])
    return kept.split()


def _kept(letter: str) -> str:
    """Return a letter as words have it: nothing for accents and controls, marks set apart."""
    kind = unicodedata.category(letter)
    if kind == "Mn" or kind in {"Cc", "Cf", "Co", "Cs", "Cn"} or letter == "\ufffd":
        return ""
    return f" {letter} " if kind.startswith("P") else letter
