"""Brings letters to their plain form, and remembers where each came from.

Compatibility forms, case and accents go. Kana keep their voicing marks and Hangul its syllables:
without them they are other words. So does the Spanish n with a tilde.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from classifiers.normalise.reading import Span

BRACES = frozenset("{}[]")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff"
    "\U0001d173-\U0001d17a\U0001bca0-\U0001bca3]"
)
_STYLED = re.compile(
    "[\u2460-\u24ff\u1d2c-\u1d6a\u1d00-\u1d2b\U0001d400-\U0001d7ff\U0001f100-\U0001f1ff]"
)
_SPACE = re.compile("[_\\-\u2010-\u2015\u2212\\s\\x00-\\x1f\\x7f-\\x9f]")
_KEEPS_MARKS = re.compile("[ñ\u3040-\u30ff\u31f0-\u31ff\uac00-\ud7a3\uff65-\uff9f]")
_CLUSTER = re.compile(
    "[\uff66-\uff9d][\uff9e\uff9f]|[\u3040-\u30ff][\u3099\u309a]|[nN]\u0303"
    "|[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?"
)


class _Letters(dict[str, str]):
    """The plain form of each character met so far."""

    def __missing__(self, letter: str) -> str:
        if len(self) > _REMEMBERED:
            self.clear()
        self[letter] = plain = _plain(letter)
        return plain


_REMEMBERED = 20_000
_LONGEST = 4
"""Characters that one may become: a ligature of a whole sentence stays what it is."""
_LETTERS = _Letters()


def _plain(letter: str) -> str:
    if _INVISIBLE.match(letter):
        return ""
    if _SPACE.match(letter) or letter in BRACES or letter == "|":
        return " "
    folded = unicodedata.normalize("NFKC", letter).casefold()
    if len(folded) > _LONGEST:
        folded = letter.casefold()
    if not _KEEPS_MARKS.match(folded):
        spread = unicodedata.normalize("NFKD", folded)
        bare = "".join(mark for mark in spread if unicodedata.category(mark) not in ("Mn", "Me"))
        folded = bare.casefold() if bare.strip() or not letter.isalpha() else letter
    return _SPACE.sub(" ", folded)


def fold(
    text: str, origin: Sequence[int], marks: Iterable[Span], *, joined: bool = False
) -> tuple[str, Sequence[int]]:
    """Return the plain form of `text` and the origin of each of its characters.

    `marks`, braces and bars become a space, or nothing when `joined`; runs of spaces become one.
    """
    letters = _LETTERS
    pieces = [letters[letter] for letter in text]
    _compose(text, pieces)
    for start, end in marks:
        pieces[start:end] = [" "] * (end - start) if not joined else [""] * (end - start)
    if joined:
        pieces = [
            "" if letter in BRACES else piece for letter, piece in zip(text, pieces, strict=True)
        ]
    return _collapse("".join(pieces), _spread(pieces, origin))


def _compose(text: str, pieces: list[str]) -> None:
    """Put together what is written as letter and mark, or jamo by jamo."""
    if text.isascii():
        return
    for cluster in _CLUSTER.finditer(text):
        whole = unicodedata.normalize("NFKC", cluster[0]).casefold()
        if len(whole) == 1:
            start, end = cluster.span()
            pieces[start:end] = [whole] + [""] * (end - start - 1)


def _spread(pieces: list[str], origin: Sequence[int]) -> Sequence[int]:
    if "" not in pieces and sum(map(len, pieces)) == len(pieces):
        return origin
    pairs = zip(pieces, origin, strict=True)
    return [at for piece, at in pairs for _ in piece]


def _collapse(text: str, origin: Sequence[int]) -> tuple[str, Sequence[int]]:
    if "  " not in text:
        return text, origin
    kept = [
        at
        for at, (letter, before) in enumerate(zip(text, "." + text, strict=False))
        if letter != " " or before != " "
    ]
    return "".join([text[at] for at in kept]), [origin[at] for at in kept]


def plain_form(text: str) -> str:
    """Return `text` as it reads in a plain view: the form that terms are matched in."""
    return fold(text, range(len(text)), ())[0].strip()


def is_dressed_up(text: str) -> bool:
    """Whether `text` as received holds what a reader does not see, or letters in fancy dress."""
    return _INVISIBLE.search(text) is not None or _STYLED.search(text) is not None


def is_invisible(letter: str) -> bool:
    """Whether a character is dropped from every view."""
    return _INVISIBLE.match(letter) is not None
