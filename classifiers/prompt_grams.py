"""Turns a text into hashed runs of letters: they see what a spelling hides from words."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

BUCKETS: Final = 1 << 18
"""Bucket 0 is nobody's: it pads."""
_SHORTEST: Final = 2
_LONGEST: Final = 5
_BASE: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX: Final = np.uint64(0xBF58476D1CE4E5B9)
_HALF: Final = np.uint64(32)

Buckets = NDArray[np.int64]
Weights = NDArray[np.float32]


def grams(text: str) -> tuple[Buckets, Weights]:
    """Return the buckets of all runs of 2 to 5 letters, ascending, and how much each counts.

    Whatever is no letter or digit is one space, and the text has one at either end. Weights are
    1 + ln(count), of length 1 together. An empty text has one bucket, 0, of weight 0.
    """
    letters = np.frombuffer(_spaced(text).encode("utf-32-le", "replace"), np.uint32)
    runs = [_runs(letters.astype(np.uint64), size) for size in range(_SHORTEST, _LONGEST + 1)]
    buckets, counts = np.unique(np.concatenate(runs), return_counts=True)
    if not len(buckets):
        return np.zeros(1, np.int64), np.zeros(1, np.float32)
    weights = 1 + np.log(counts)
    return buckets, (weights / np.sqrt(weights @ weights)).astype(np.float32)


def _spaced(text: str) -> str:
    words = "".join([letter if letter.isalnum() else " " for letter in text]).split()
    return f" {' '.join(words)} " if words else ""


def _runs(letters: NDArray[np.uint64], size: int) -> Buckets:
    count = len(letters) - size + 1
    if count <= 0:
        return np.zeros(0, np.int64)
    hashed = np.full(count, size, np.uint64)
    for place in range(size):
        hashed = (hashed + letters[place : place + count]) * _BASE
        hashed ^= hashed >> _HALF
    hashed *= _MIX
    return (hashed >> _HALF).astype(np.int64) % (BUCKETS - 1) + 1
