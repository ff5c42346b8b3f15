"""Hashes what a picture looks like, so that a changed copy has almost the same hash.

PDQ and a 256-bit pHash are both taken of one canonical square: hashes of two sizes of one picture
would differ by bits that the search radius needs. Bank and query MUST both come from here.

The hash of a picture as it stands is the library's. What it would be of the picture turned or
mirrored follows without hashing again: both hashes say which of 16 x 16 waves are stronger than the
middle one, a wave's strength is a weighted sum of the pixels, and to mirror the picture is to
mirror the weights. `pdqhash.compute_dihedral` is no help there: PDQ does not sample in the middle
of what it averages, which that function leaves out of account, by up to 34 bits.
"""

import math
from dataclasses import dataclass, field

import imagehash
import numpy as np
import pdqhash
from numpy.typing import NDArray
from PIL import Image

from classifiers.canonical import Canonical

SIDE = 512
BITS = 256
BYTES = BITS // 8
LEAST_QUALITY = 50
"""PDQ's own measure of how much there is to hash, 0 to 100; below it a hash means nothing."""
LEAST_SIDE = 50
"""Pixels; enlarged from less, a hash is of the enlargement."""
VARIANTS = (
    "same",
    "transposed",
    "mirrored",
    "left",
    "upside_down",
    "right",
    "half",
    "transversed",
)
"""The eight turns and mirrorings of a square, in the order of the rows of `Hashed`."""

_WAVES = 16
_SAMPLES = 64
_BOX = (-1, 2)
"""What PDQ averages for a pixel of the canonical square, twice: from one before to two after."""
_STRIP = 16
_LUMA = np.asarray((0.299, 0.587, 0.114), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Hashed:
    """The hashes of one view of a picture."""

    view: int
    quality: int
    pdq: NDArray[np.uint8] = field(repr=False)
    """8 x 32: one packed row for each of `VARIANTS`."""
    phash: NDArray[np.uint8] = field(repr=False)
    """The same, of the 256-bit pHash."""


@dataclass(frozen=True, slots=True)
class TooFlat:
    """One view of a picture that holds too little to be hashed. It is no hash, and no miss."""

    view: int
    quality: int


def hashes_of(canonical: Canonical) -> tuple[Hashed | TooFlat, ...]:
    """Return one answer for each of the picture's views, in their order."""
    small = min(canonical.width, canonical.height) < LEAST_SIDE
    return tuple(
        TooFlat(view, 0) if small else hash_square(canonical.shrunk(SIDE, SIDE, view), view)
        for view in range(len(canonical.views))
    )


def hash_square(square: NDArray[np.uint8], view: int = 0) -> Hashed | TooFlat:
    """Hash pixels of the canonical size, 512 x 512 x 3."""
    if square.shape != (SIDE, SIDE, 3):
        message = f"pixels to hash: expected {(SIDE, SIDE, 3)}, got {square.shape}"
        raise ValueError(message)
    bits, quality = pdqhash.compute(np.ascontiguousarray(square))
    if not usable(int(quality)):
        return TooFlat(view, int(quality))
    turned = _turned(square @ _LUMA, _PDQ_WAVES)
    turned = turned[:, ::-1]  # pdqhash writes the last wave first
    turned[0] = bits
    return Hashed(view, int(quality), _packed(turned), _phashes(square))


def usable(quality: int) -> bool:
    """Whether a hash of this quality may be kept or looked up."""
    return quality >= LEAST_QUALITY


def _phashes(square: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The pHash of each variant, all of one small grey picture."""
    grey = Image.fromarray(square).convert("L").resize((_SAMPLES, _SAMPLES))
    turned = _turned(np.asarray(grey, np.float32), _PHASH_WAVES)
    turned[0] = imagehash.phash(grey, hash_size=_WAVES).hash.flatten()
    return _packed(turned)


def _turned(grey: NDArray[np.float32], waves: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell for each of `VARIANTS` which waves, down and across, are stronger than the middle one.

    The waves of the mirrored picture are the mirrored waves of the picture, and those of the
    transposed one are transposed.
    """
    both = np.concatenate([waves, waves[:, ::-1]])
    strengths = _product(_product(both, grey), both.T)
    there, back = slice(_WAVES), slice(_WAVES, None)
    flips = [strengths[down, across] for down in (there, back) for across in (there, back)]
    variants = np.stack([one for flip in flips for one in (flip, flip.T)]).reshape(-1, BITS)
    stronger: NDArray[np.bool_] = variants > np.median(variants, axis=1, keepdims=True)
    return stronger


def _product(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Multiply in strips: for a large product, OpenBLAS wakes threads that spin long after it."""
    strips = b.reshape(len(b), -1, _STRIP).swapaxes(0, 1)
    return np.hstack(list(a @ strips))


def _cosines(first: int) -> NDArray[np.float64]:
    """Give 16 waves of a discrete cosine transform of 64 samples, from the `first` one up."""
    wave, sample = np.arange(first, first + _WAVES), np.arange(_SAMPLES)
    half_turns = np.outer(wave, 2 * sample + 1).astype(np.float64) / (2 * _SAMPLES)
    return np.cos(half_turns * math.pi)


def _averages() -> NDArray[np.float64]:
    """Give what PDQ makes of a line of the square, 64 x 512: averaged twice, then every eighth."""
    before, after = np.triu(np.ones((SIDE, SIDE)), _BOX[0]), np.tril(np.ones((SIDE, SIDE)), _BOX[1])
    box = before * after
    box /= box.sum(axis=1, keepdims=True)  # at the edges there is less to average
    step = SIDE // _SAMPLES
    averages: NDArray[np.float64] = (box @ box)[step // 2 :: step]
    return averages


_PHASH_WAVES = _cosines(0).astype(np.float32)
_PDQ_WAVES = (_cosines(1) @ _averages()).astype(np.float32)
"""PDQ leaves out the wave that is the same everywhere."""


def _packed(bits: NDArray[np.bool_]) -> NDArray[np.uint8]:
    packed = np.packbits(bits, axis=1)
    packed.setflags(write=False)
    return packed
