"""One word in two scripts: the other kana, and the Chinese characters of other countries.

Katakana become hiragana, and traditional and Japanese characters the simplified ones
(`variants.txt`, a line for each of these). One character stands for one, so that places hold.
"""

from importlib.resources import files

from classifiers.normalise.letters import Alphabet, Codes, Letters

_KATAKANA = range(0x30A1, 0x30F7)
_TO_HIRAGANA = 0x60
_FIRST = 0x30A1
"""From here on stand the characters that have another."""


def _table() -> dict[int, int]:
    text = files("classifiers.normalise").joinpath("variants.txt").read_text(encoding="utf-8")
    listed = {ord(other): ord(line[0]) for line in text.splitlines() for other in line[1:]}
    return listed | {code: code - _TO_HIRAGANA for code in _KATAKANA}


_ONE = Alphabet(_table())


def one_script(letters: Letters) -> Letters:
    """Return folded `letters` with one character for all that are the same; the length stays."""
    if letters.is_ascii or letters.codes.max() < _FIRST:
        return letters
    return letters.written(_ONE.of(letters.codes))


def variant_codes(codes: Codes) -> Codes:
    """Return folded code points with one character for all that are the same."""
    return _ONE.of(codes)
