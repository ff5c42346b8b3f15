"""Turns a text into hashed runs of letters: they see what a spelling hides from words."""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_WORD: Final = re.compile(r"[^\W_]+")
_BITS: Final = 18
BUCKETS: Final = 1 << _BITS
"""Bucket 0 is nobody's: it pads."""
_SIZES: Final = (5, 4, 3, 2)
"""Longest first: so those that go on at a place are the first rows."""
_BASE: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX: Final = np.uint64(0xBF58476D1CE4E5B9)
_HALF: Final = np.uint64(32)
_SIZE_OF_ROW: Final = np.array(_SIZES)[:, np.newaxis]
_GOING_ON: Final = [sum(size > place for size in _SIZES) for place in range(max(_SIZES))]
"""How many sizes have a letter at each place."""

Buckets = NDArray[np.int64]
Weights = NDArray[np.float32]


def grams(text: str) -> tuple[Buckets, Weights]:
    """Return the buckets of all runs of 2 to 5 letters, ascending, and how much each counts.

    Whatever is no letter or digit is one space, and the text has one at either end. Weights are
    1 + ln(count), of length 1 together. An empty text has one bucket, 0, of weight 0.
    """
    spaced = _spaced(text)
    runs, _ = _runs(spaced, np.arange(len(spaced), 0, -1))
    buckets, counts = _counted(runs)
    if not len(buckets):
        return np.zeros(1, np.int64), np.zeros(1, np.float32)
    weights = 1 + np.log(counts)
    return buckets, (weights / np.sqrt(weights @ weights)).astype(np.float32)


def grams_of_each(texts: Sequence[str]) -> tuple[Buckets, Weights]:
    """Return the same of several texts, a row each, filled up with bucket 0 of weight 0.

    It takes twice the time of one, whatever their number.
    """
    if len(texts) == 1:
        buckets, weights = grams(texts[0])
        return buckets[np.newaxis], weights[np.newaxis]
    spaced = [_spaced(text) for text in texts]
    sizes = [len(one) for one in spaced]
    ends = np.repeat(np.cumsum(sizes), sizes)
    runs, starts = _runs("".join(spaced), ends - np.arange(len(ends)))
    rows = np.repeat(np.arange(len(texts)), sizes)
    found, counts = _counted(rows[starts] << _BITS | runs)
    row, bucket = found >> _BITS, found & (BUCKETS - 1)
    counted = 1 + np.log(counts)
    counted /= np.sqrt(np.bincount(row, counted**2, len(texts)))[row]
    in_row = np.bincount(row, minlength=len(texts))
    place = np.arange(len(found)) - (np.cumsum(in_row) - in_row)[row]
    shape = len(texts), max(1, int(in_row.max()))
    buckets, weights = np.zeros(shape, np.int64), np.zeros(shape, np.float32)
    buckets[row, place], weights[row, place] = bucket, counted
    return buckets, weights


def _spaced(text: str) -> str:
    words = _WORD.findall(text)
    return f" {' '.join(words)} " if words else ""


def _runs(spaced: str, room: NDArray[np.int64]) -> tuple[Buckets, NDArray[np.intp]]:
    """Return the bucket of each run and where it starts, if it fits into its place's `room`.

    All sizes are hashed at once, a row for each: short texts cost what the steps cost.
    """
    count = len(spaced)
    letters = np.zeros(count + max(_SIZES) - 1, np.uint64)
    letters[:count] = np.frombuffer(spaced.encode("utf-32-le", "replace"), np.uint32)
    hashed = np.empty((len(_SIZES), count), np.uint64)
    hashed[:] = _SIZE_OF_ROW
    for place, rows in enumerate(_GOING_ON):
        part = hashed[:rows]
        part += letters[place : place + count]
        part *= _BASE
        part ^= part >> _HALF
    row, starts = (room >= _SIZE_OF_ROW).nonzero()
    whole = hashed[row, starts] * _MIX >> _HALF
    return whole.astype(np.int64) % (BUCKETS - 1) + 1, starts


def _counted(found: Buckets) -> tuple[Buckets, NDArray[np.intp]]:
    """Return what was found, ascending, each once, and how often."""
    found.sort()
    is_first = np.ones(len(found) + 1, np.bool_)
    np.not_equal(found[1:], found[:-1], out=is_first[1:-1])
    (firsts,) = is_first.nonzero()
    return found[firsts[:-1]], firsts[1:] - firsts[:-1]
