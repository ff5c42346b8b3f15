"""Pictures that no list knows: as like those that are put in disguise as can be, and unrelated."""

import random
from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from classifiers.canonical import Canonical, read
from classifiers.container.parts import Format
from classifiers.content import Image as Received
from classifiers.content import Purpose
from classifiers.guises import guises_of
from classifiers.perceptual import TooFlat, hashes_of
from pipeline.sandbox import scene
from tests.bench.subjects import photographs

Hashes = NDArray[np.uint8]
_FIRST_SEED = 1000
_SIZES = ((208, 304), (304, 208), (256, 256), (224, 288))
_SHARES = (0.25, 0.45)
"""Of the sides of a photograph: a cutting that shows so little of it is another picture."""


def looked_at(data: bytes) -> Canonical:
    """Read a file as the gate does."""
    return read(Received("output", 0, Purpose.OUTPUT, data))


def undecoded(picture: Image.Image) -> Canonical:
    """Return what reading the picture as a file would, but for the digests of that file."""
    pixels = np.asarray(picture)
    return Canonical(
        carrier="output",
        index=0,
        purpose=Purpose.OUTPUT,
        format=Format.PNG,
        views=(pixels,),
        alpha=None,
        notes=(),
        trailing_bytes=0,
        md5="",
        sha1="",
        sha256="",
    )


def stranger(number: int) -> Image.Image:
    """Draw a scene that is in no list, or cut a small piece out of a photograph: by turns."""
    if number % 2:
        return Image.fromarray(scene.draw(_FIRST_SEED + number, *_SIZES[number // 2 % len(_SIZES)]))
    chance = random.Random(number)  # noqa: S311 - a sample, no secret
    whole = chance.choice(_photographs())
    width, height = (round(side * chance.uniform(*_SHARES)) for side in whole.size)
    left = chance.randrange(whole.width - width)
    top = chance.randrange(whole.height - height)
    return whole.crop((left, top, left + width, top + height))


@cache
def _photographs() -> list[Image.Image]:
    return [picture for _, picture in photographs()]


def hashes_and_queries(picture: Image.Image) -> tuple[Hashes, Hashes]:
    """Return what a list would hold of it, and all that is looked up for it; nothing if it is flat.

    A list may as well hold it mirrored, upside down and turned by half: pictures of the same kind.
    """
    canonical = undecoded(picture)
    (hashed,) = hashes_of(canonical)
    if isinstance(hashed, TooFlat):
        return np.empty((0, 32), np.uint8), np.empty((0, 32), np.uint8)
    return hashed.pdq[::2], guises_of(hashed, canonical).pdq


def looked_up(numbers: Iterable[int]) -> list[tuple[Hashes, Hashes]]:
    """Do it for so many strangers."""
    return [hashes_and_queries(stranger(number)) for number in numbers]


def nearest(queries: Hashes, known: Hashes) -> int:
    """Return the least distance of any query from any known hash, 256 where there are none."""
    if not len(queries) or not len(known):
        return 256
    rows, columns = (np.ascontiguousarray(each).view(np.uint64) for each in (queries, known))
    far = np.zeros((len(rows), len(columns)), np.uint16)
    for word in range(rows.shape[1]):
        far += np.bitwise_count(rows[:, word, np.newaxis] ^ columns[:, word])
    return int(far.min())
