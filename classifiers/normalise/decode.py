"""Texts inside a text: what an encoding hid, with the way back to the text as received."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from classifiers.normalise.ciphers import CIPHERS
from classifiers.normalise.drawings import DRAWINGS
from classifiers.normalise.emoji import EMOJI
from classifiers.normalise.encoding import Encoding, is_foreign
from classifiers.normalise.escapes import ESCAPES
from classifiers.normalise.figures import FIGURES
from classifiers.normalise.letters import Letters
from classifiers.normalise.respelt import RESPELT

GUESSES = frozenset(one.name for one in (*CIPHERS, *RESPELT) if one.guess)
"""The encodings of which the plain view is all that is wanted."""
_ALL: tuple[Encoding, ...] = (*ESCAPES, *FIGURES, *CIPHERS, *DRAWINGS, *EMOJI, *RESPELT)
_OF_ASCII = tuple(one for one in _ALL if one.hint is not is_foreign)
"""Those that a text in ASCII may hold."""

_DEEPEST = 3
"""How many times what was decoded is decoded again."""
_MOST = 3
"""How many times its own length a text may hold."""
_ROOM = 1_000
"""Characters that any text may hold besides."""


@dataclass(slots=True)
class Inside:
    """The texts that were found inside a text, and whether those are all."""

    texts: list[tuple[str, Letters]] = field(default_factory=list)
    complete: bool = True


def decode(letters: Letters) -> Inside:
    """Find the texts inside `letters`, and those inside them, each with its encoding's name."""
    inside = Inside()
    room = _MOST * len(letters.codes) + _ROOM
    level = [letters]
    for _ in range(_DEEPEST):
        deeper: list[Letters] = []
        for outer in level:
            for encoding, found in _decoded(outer):
                room -= len(found.codes)
                if room < 0:
                    inside.complete = False
                    return inside
                inside.texts.append((encoding.name, found))
                if encoding.layered:
                    deeper.append(found)
        level = deeper
    inside.complete = not any(_holds_another(last) for last in level)
    return inside


def _holds_another(letters: Letters) -> bool:
    """Whether there is a text inside that may hold one more."""
    text = letters.text
    return any(one.layered and one.decode(letters, text) is not None for one in _for(text))


def _decoded(letters: Letters) -> Iterator[tuple[Encoding, Letters]]:
    text = letters.text
    for encoding in _for(text):
        found = encoding.decode(letters, text)
        if found is not None:
            yield encoding, found


def _for(text: str) -> Sequence[Encoding]:
    """Return what `text` may hold."""
    if not text:
        return ()
    return _OF_ASCII if text.isascii() else _ALL
