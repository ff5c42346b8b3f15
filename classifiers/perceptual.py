"""Hashes what a picture looks like, so that a changed copy has almost the same hash.

PDQ and a 256-bit pHash are both taken of one canonical square: hashes of two sizes of one picture
would differ by bits that the search radius needs. Bank and query MUST both come from here.

The hash of a picture as it stands is the library's. What it would be of the picture turned or
mirrored follows without hashing again: both hashes say which of 16 x 16 waves are stronger than the
middle one, a wave's strength is a weighted sum of the pixels, and to mirror the picture is to
mirror the weights. `pdqhash.compute_dihedral` is no help there: PDQ does not sample in the middle
of what it averages, which that function leaves out of account, by up to 34 bits.
"""

from dataclasses import dataclass, field

import imagehash
import numpy as np
import pdqhash
from numpy.typing import NDArray
from PIL import Image

from classifiers.canonical import Canonical
from classifiers.waves import (
    BITS,
    SAMPLES,
    SIDE,
    WAVES,
    Floats,
    averages,
    cosines,
    eight,
    packed,
    stronger,
    times,
)

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
    return Hashed(view, int(quality), packed(turned), _phashes(square))


def usable(quality: int) -> bool:
    """Whether a hash of this quality may be kept or looked up."""
    return quality >= LEAST_QUALITY


def _phashes(square: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The pHash of each variant, all of one small grey picture."""
    grey = Image.fromarray(square).convert("L").resize((SAMPLES, SAMPLES))
    turned = _turned(np.asarray(grey, np.float32), _PHASH_WAVES)
    turned[0] = imagehash.phash(grey, hash_size=WAVES).hash.flatten()
    return packed(turned)


def _turned(grey: Floats, waves: Floats) -> NDArray[np.bool_]:
    """Tell for each of `VARIANTS` which waves, down and across, are stronger than the middle one.

    The waves of the mirrored picture are the mirrored waves of the picture.
    """
    both = np.concatenate([waves, waves[:, ::-1]])
    return stronger(eight(times(times(both, grey), both.T)))


_PHASH_WAVES = cosines(0).astype(np.float32)
_PDQ_WAVES = (cosines(1) @ averages()).astype(np.float32)
"""PDQ leaves out the wave that is the same everywhere."""
