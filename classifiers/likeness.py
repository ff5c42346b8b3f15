"""Tells whether two prompts say nearly the same, without keeping either of them.

SimHash (Charikar 2002) over four-letter pieces of the words, in any order, with disguises undone
first: who writes a refused prompt again with other spellings, other signs or another tag is
recognised. Only what a person asks for counts: by what is not wanted in a picture, and by what
clients add, most prompts are alike.
"""

import re
from collections.abc import Iterator
from hashlib import blake2b

import numpy as np

from classifiers.content import Polarity
from classifiers.normalise import FieldReading, Reading, Spelling
from classifiers.normalise.spellings import derepeated_form, leet_form

BITS = 64
NEAR = 12
"""Bits in which two texts differ at most that say nearly the same.

Measured on prompts of common tags: a disguised tag and another order change no bit; of prompts of
30 tags with one changed, 95 of 100 differ in 10 at most; no pair of 750 others in less than 15.
"""
_PIECE = 4
_WORD = re.compile(r"[^\W_]+")


def likeness(reading: Reading) -> int:
    """Return 64 bits that differ little for texts that differ little; 0 where nothing is asked."""
    pieces = {
        f" {word} "[at : at + _PIECE].encode("utf-8", "surrogatepass")
        for word in {word for field in reading.fields for word in _words(field)}
        for at in range(max(len(word) + 3 - _PIECE, 1))
    }
    if not pieces:
        return 0
    hashes = b"".join(blake2b(piece, digest_size=BITS // 8).digest() for piece in pieces)
    votes = np.unpackbits(np.frombuffer(hashes, np.uint8).reshape(len(pieces), -1), axis=1).sum(0)
    return int.from_bytes(np.packbits(votes * 2 > len(pieces)).tobytes(), "big")


def is_near(one: int, other: int) -> bool:
    """Whether two likenesses are those of nearly the same text; nothing is like no text."""
    return one != 0 and other != 0 and (one ^ other).bit_count() <= NEAR


def _words(field: FieldReading) -> Iterator[str]:
    """Give each word asked for as it reads with all disguises undone, were it in one or not."""
    views = {view.spelling: view for view in field.views if view.source == "received"}
    view = views.get(Spelling.CLOSED_UP) or views.get(Spelling.LOOKALIKES) or field.plain
    for found in _WORD.finditer(view.text):
        span = view.span(*found.span())
        if field.polarity_of(span) is Polarity.POSITIVE and not field.is_boilerplate(span):
            yield derepeated_form(leet_form(found[0]))
