"""Words with letters that look or sound like others: `v` for `u`, `rn` for `m`, `ph` for `f`."""

import re

from classifiers.english import english
from classifiers.normalise.encoding import Encoding

_HINT = re.compile(r"v|rn|ph|z", re.IGNORECASE)
_WORD = re.compile(r"(?<![^\W_])(?=[a-z]{0,30}(?:v|rn|ph|z))[a-z]{3,32}(?![^\W_])", re.IGNORECASE)
_NAMES = frozenset(["moze"])
"""Of somebody, and in no dictionary."""
_SHAPES = (("vv", "w"), ("rn", "m"), ("v", "u"))
_SOUNDS = (("ph", "f"), ("z", "s"))


def _respelt(word: str) -> str | None:
    """Return what `word` may stand for, by its shape and by its sound; of English, nothing."""
    written = word.lower()
    if written in english() or written in _NAMES:
        return None
    by_shape, by_sound = written, written
    for sign, letter in _SHAPES:
        by_shape = by_shape.replace(sign, letter)
    for sign, letter in _SOUNDS:
        by_sound = by_sound.replace(sign, letter)
    return " ".join(way for way in (by_shape, by_sound) if way != written)


RESPELT = (Encoding("respelt", _WORD, _respelt, _HINT.search, guess=True),)
