"""Letters that look like another, brought to the Latin letter they look like.

`lookalikes.txt` holds a line for each Latin letter: what Unicode calls confusable with it (UTS 39)
after folding, Latin letters with strokes and hooks, small capitals, Braille, and what generators of
fancy text write. One character stands for one, so that places hold.
"""

from importlib.resources import files

from classifiers.normalise.letters import Alphabet, Codes, Letters

_DRESSED = (0x1F150, 0x1F170, 0x1F1E6)
"""Where alphabets begin that have no compatibility form: black circles, squares, flags."""


def _table() -> dict[int, int]:
    text = files("classifiers.normalise").joinpath("lookalikes.txt").read_text(encoding="utf-8")
    listed = {ord(lookalike): ord(line[0]) for line in text.splitlines() for lookalike in line[2:]}
    dressed = {first + at: ord("a") + at for first in _DRESSED for at in range(26)}
    return listed | dressed


_SECOND = dict(zip(map(ord, "ηνσł"), map(ord, "hnci"), strict=True))
"""Letters that look like one in capitals and like another in small letters, or like two."""
_TABLE = _table()
_LOOKS_LIKE = Alphabet(_TABLE)
_MAY_LOOK_LIKE = Alphabet(_TABLE | _SECOND)


def undress(letters: Letters, *, second: bool = False) -> Letters:
    """Return folded `letters` with every lookalike replaced; the length stays.

    The `second` way is for those that look like two letters.
    """
    if letters.is_ascii:
        return letters
    return letters.written((_MAY_LOOK_LIKE if second else _LOOKS_LIKE).of(letters.codes))


def latin_codes(codes: Codes) -> Codes:
    """Return folded code points with every lookalike replaced."""
    return _LOOKS_LIKE.of(codes)
