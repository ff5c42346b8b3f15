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
_SIZES: Final = range(2, 6)
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
    letters = _letters(_spaced(text))
    runs = [_runs(letters, size) for size in _SIZES]
    buckets, counts = np.unique(np.concatenate(runs), return_counts=True)
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
    letters = _letters("".join(spaced))
    rows = np.repeat(np.arange(len(texts)), [len(one) for one in spaced])
    runs = [_runs_of_rows(letters, rows, size) for size in _SIZES]
    found, counts = np.unique(np.concatenate(runs), return_counts=True)
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


def _letters(spaced: str) -> NDArray[np.uint64]:
    return np.frombuffer(spaced.encode("utf-32-le", "replace"), np.uint32).astype(np.uint64)


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


def _runs_of_rows(letters: NDArray[np.uint64], rows: NDArray[np.int64], size: int) -> Buckets:
    """Return the runs that lie within one row, with the row's number above the bucket."""
    runs = _runs(letters, size)
    first, last = rows[: len(runs)], rows[len(rows) - len(runs) :]
    whole: Buckets = ((first << _BITS) | runs)[first == last]
    return whole
