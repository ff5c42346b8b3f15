"""What PDQ and pHash have in common: 64 x 64 samples of a square, and 16 x 16 waves of these.

All of it is linear. So a part of a picture, its mirror image and its turns have waves that are
matrix products of the same pixels, and none of them need be drawn first.
"""

import math

import numpy as np
from numpy.typing import NDArray

BITS = 256
SAMPLES = 64
WAVES = 16
SIDE = 512
"""Of the canonical square, which is what banks hold hashes of."""

Floats = NDArray[np.float32]

_BOX = (-1, 2)
"""What PDQ averages for a pixel of the canonical square, twice: from one before to two after."""
_STRIP = 16
_MOST_ALONE = 1 << 18
"""Multiplications; OpenBLAS leaves so many to one thread."""
_REACH = 4 / SIDE
"""So far to either side, in shares of the side, PDQ's averages of a sample reach."""


def times(a: Floats, b: Floats) -> Floats:
    """Multiply in pieces: for a large product, OpenBLAS wakes threads that spin long after it."""
    strips = b.reshape(len(b), -1, _STRIP).swapaxes(0, 1)
    pieces = np.array_split(a, math.ceil(a.size * _STRIP / _MOST_ALONE))
    return np.vstack([np.hstack(list(piece @ strips)) for piece in pieces])


def stronger(strengths: Floats) -> NDArray[np.bool_]:
    """Tell of n x 16 x 16 which are above the middle one, n x 256."""
    flat = strengths.reshape(-1, BITS)
    above: NDArray[np.bool_] = flat > np.median(flat, axis=1, keepdims=True)
    return above


def eight(strengths: Floats) -> Floats:
    """Give the waves of a square turned and mirrored, 8 x 16 x 16, as `perceptual.VARIANTS` says.

    `strengths` is 32 x 32: the waves of the square, and after them those of it backwards, both
    down and across. The waves of the transposed picture are transposed.
    """
    there, back = slice(WAVES), slice(WAVES, None)
    flips = [strengths[down, across] for down in (there, back) for across in (there, back)]
    return np.stack([one for flip in flips for one in (flip, flip.T)])


def packed(bits: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return n x 256 bits as n x 32 bytes, read-only."""
    rows = np.packbits(bits, axis=1)
    rows.setflags(write=False)
    return rows


def cosines(first: int) -> NDArray[np.float64]:
    """Give 16 waves of a discrete cosine transform of 64 samples, from the `first` one up."""
    wave, sample = np.arange(first, first + WAVES), np.arange(SAMPLES)
    half_turns = np.outer(wave, 2 * sample + 1).astype(np.float64) / (2 * SAMPLES)
    return np.cos(half_turns * math.pi)


def averages() -> NDArray[np.float64]:
    """Give what PDQ makes of a line of the square, 64 x 512: averaged twice, then every eighth."""
    before, after = np.triu(np.ones((SIDE, SIDE)), _BOX[0]), np.tril(np.ones((SIDE, SIDE)), _BOX[1])
    box = before * after
    box /= box.sum(axis=1, keepdims=True)  # at the edges there is less to average
    step = SIDE // SAMPLES
    taken: NDArray[np.float64] = (box @ box)[step // 2 :: step]
    return taken


POINTS = (averages() @ np.arange(SIDE) + 0.5) / SIDE
"""Where PDQ's samples lie, in shares of the side: not in the middle of what they stand for."""


def samples(start: float, end: float, side: int) -> Floats:
    """Give PDQ's samples of a part of a line of `side` pixels, 64 x side.

    The part goes from `start` to `end`, in shares of the line, and backwards where `end` is less;
    beyond the line its first or last pixel goes on.
    """
    at = (start + (end - start) * POINTS) * side - 0.5
    reach = max(1.0, abs(end - start) * _REACH * side)
    near = np.floor(at)[:, np.newaxis] + np.arange(-math.ceil(reach), math.ceil(reach) + 2)
    weights = np.maximum(0, 1 - np.abs(at[:, np.newaxis] - near) / reach)
    weights /= weights.sum(axis=1, keepdims=True)
    taken = np.zeros((SAMPLES, side), np.float32)
    pixels = np.clip(near, 0, side - 1).astype(np.intp)
    np.add.at(taken, (np.arange(SAMPLES)[:, np.newaxis], pixels), weights)
    return taken
