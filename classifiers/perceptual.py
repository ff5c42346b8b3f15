"""Hashes what a picture looks like, so that a changed copy has almost the same hash.

PDQ and a 256-bit pHash are both taken of one canonical square: hashes of two sizes of one picture
would differ by bits that the search radius needs. Bank and query MUST both come from here.
"""

from dataclasses import dataclass, field
from typing import cast

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

_TRANSPOSED = 6
"""Where `pdqhash.compute_dihedral` puts it. Of its eight only this one and the first are exact:
PDQ does not sample in the middle, so the others are up to 34 bits off. We mirror pixels instead."""
_PHASH_SIDE = 16
_PHASH_PIXELS = 64


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
    hashed = [pdqhash.compute_dihedral(np.ascontiguousarray(one)) for one in _flips(square)]
    quality = int(hashed[0][1])
    if not usable(quality):
        return TooFlat(view, quality)
    pdq = _packed([bits[place] for bits, _ in hashed for place in (0, _TRANSPOSED)])
    return Hashed(view, quality, pdq, _phashes(square))


def usable(quality: int) -> bool:
    """Whether a hash of this quality may be kept or looked up."""
    return quality >= LEAST_QUALITY


def _phashes(square: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The pHash of each variant. All are turned from one small grey picture: it is far cheaper."""
    grey = Image.fromarray(square).convert("L").resize((_PHASH_PIXELS, _PHASH_PIXELS))
    turned = [one for flip in _flips(np.asarray(grey)) for one in (flip, flip.T)]
    hashes = [imagehash.phash(Image.fromarray(one), hash_size=_PHASH_SIDE) for one in turned]
    return _packed([one.hash.flatten() for one in hashes])


def _flips(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], ...]:
    """The four mirrorings; each of them and its transpose are two of `VARIANTS`."""
    return pixels, pixels[:, ::-1], pixels[::-1], pixels[::-1, ::-1]


def _packed(bits: object) -> NDArray[np.uint8]:
    rows = np.asarray(cast("list[NDArray[np.int64]]", bits)).astype(np.uint8)
    packed = np.packbits(rows, axis=1)
    packed.setflags(write=False)
    return packed
