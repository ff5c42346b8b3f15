"""Words with letters that look or sound like others: `v` for `u`, `rn` for `m`, `ph` for `f`."""

import re

from classifiers.english import english
from classifiers.normalise.encoding import Encoding

_SIGN = re.compile("[Vv]|[Rr][Nn]|[Pp][Hh]|[Zz]")
_WORD = re.compile(
    r"[A-Za-z](?<![^\W_].)(?=[A-Za-z]{2})(?:(?<=[VvZz])|(?<=[Rr])(?=[Nn])|(?<=[Pp])(?=[Hh])"
    rf"|(?=[A-Za-z]{{0,31}}?(?:{_SIGN.pattern})))(?:[a-z]{{2,31}}|[A-Z]{{2,31}})(?![^\W_])"
)
"""One with a sign in it. It begins with letters, so that whatever else is passed over quickly."""
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


RESPELT = (Encoding("respelt", _WORD, _respelt, _SIGN.search, guess=True),)
