"""Undoes spellings: figures for letters, letters drawn out, words taken apart or turned round.

Each takes folded letters, leads back through their origins, and is linear.
"""

import re

import numpy as np
from numpy.typing import NDArray

from classifiers.normalise.letters import (
    ALNUM,
    ALPHA,
    Alphabet,
    Codes,
    Kinds,
    Letters,
    Mask,
    after,
    before,
    groups,
)

_FIGURES = dict(zip("0123456789@$!€£¢¥+", "oizeasgtbgasieicyt", strict=True))
_LEET = str.maketrans(_FIGURES | {"l": "i"})
_LEET_CODES = Alphabet({code: ord(letter) for code, letter in _LEET.items() if letter})
_ROT13 = Alphabet({97 + at: 97 + (at + 13) % 26 for at in range(26)})
_FIGURE = Kinds(_FIGURES.__contains__)
_LATIN = Kinds(frozenset("abcdefghijklmnopqrstuvwxyz").__contains__)
_WORDS = re.compile(r"[^\W_]+")
_ASCII_ALNUM = bytes(chr(code).isalnum() for code in range(0x100))
"""Which bytes are letters or digits; those beyond ASCII do not come up."""
_SHORTEST_LEET = 3
_LINKS = 3
"""Gaps in a row, each between two single letters, that make a word taken apart."""
_WIDEST_GAP = 3


def deleet(letters: Letters) -> Letters:
    """Read figures and signs in words as letters, and `l` in such words as `i`; length stays."""
    codes = letters.codes
    figure = _FIGURE.of(codes)
    if not figure.any():
        return letters
    letter = _LATIN.of(codes)
    token = figure | letter
    figures, all_ = _counts(figure, token), _counts(token, token)
    mixed = (figures > 0) & (figures < all_) & (all_ >= _SHORTEST_LEET)
    return letters.written(np.where(mixed, _LEET_CODES.of(codes), codes))


def leet_form(word: str) -> str:
    """Return a word as it reads in a deleeted view."""
    return word.translate(_LEET)


def leet_codes(codes: Codes) -> Codes:
    """Return the code points of terms as they read in a deleeted view."""
    return _LEET_CODES.of(codes)


def derepeat(letters: Letters) -> Letters:
    """Write repeated letters once, in words with a threefold letter or two double ones.

    Each comes from the last of them, but for those that begin a word: so a span holds all.
    """
    alpha = ALPHA.of(letters.codes)
    again = alpha & before(alpha)
    again[1:] &= letters.codes[1:] == letters.codes[:-1]
    if not again.any():
        return letters
    doubles = _counts(again & ~before(again), alpha) > 1
    threefold = _counts(again & before(again), alpha) > 0
    dropped = again & (doubles | threefold)
    if not dropped.any():
        return letters
    kept = np.flatnonzero(~dropped)
    last = np.append(kept[1:], len(dropped)) - 1
    begins = (alpha & ~before(alpha))[kept]
    return Letters(letters.codes[kept], letters.origin[np.where(begins, kept, last)])


def derepeated_form(word: str) -> str:
    """Return a word as it reads in a derepeated view."""
    return "".join(letter for letter, last in zip(word, " " + word, strict=False) if letter != last)


def close_up(letters: Letters) -> Letters:
    """Put four or more single letters or figures in a row together."""
    alnum = ALNUM.of(letters.codes)
    (singles,) = np.nonzero(alnum & ~before(alnum) & ~after(alnum))
    if len(singles) <= _LINKS:
        return letters
    neighbours = np.diff(np.cumsum(alnum)[singles]) == 1
    linked = neighbours & (np.diff(singles) <= _WIDEST_GAP + 1)
    linked &= _counts(linked, linked) >= _LINKS
    gap = np.zeros(len(alnum) + 1, np.int8)
    np.add.at(gap, singles[:-1][linked], 1)
    np.subtract.at(gap, singles[1:][linked], 1)
    return letters.keep(alnum | (np.cumsum(gap[:-1]) == 0))


def squeeze(letters: Letters) -> tuple[Letters, frozenset[int]]:
    """Leave letters and digits only; also return where words began and ended."""
    (kept,) = _is_alnum(letters).nonzero()
    (begins,) = (kept[1:] - kept[:-1] > 1).nonzero()
    edges = frozenset((0, *(begins + 1).tolist(), len(kept)))
    return Letters(letters.codes[kept], letters.origin[kept]), edges


def _is_alnum(letters: Letters) -> Mask:
    if not letters.is_ascii:
        return ALNUM.of(letters.codes)
    return np.frombuffer(letters.text.encode("ascii").translate(_ASCII_ALNUM), np.bool_)


def squeezed_form(words: str) -> str:
    """Return a term as it reads in a squeezed view."""
    return "".join(_WORDS.findall(words))


def rot13(letters: Letters) -> Letters:
    """Turn the Latin alphabet by half; the length stays."""
    return letters.translated(_ROT13)


def _counts(these: Mask, words: Mask) -> NDArray[np.intp]:
    """Return, for each place, how many of `these` its word has; outside of words, 0."""
    word = groups(words) * words
    count = np.bincount(word[these & words], minlength=int(word.max(initial=0)) + 1)
    return count[word]
