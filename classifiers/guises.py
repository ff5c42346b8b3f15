"""Undoes what may have been done to a picture, so that a copy is found by the original's hash.

Whoever crops a picture moves all its waves, and a list of hashes holds no pixels to crop likewise.
So the query is changed back: what was put round it is cut off, what was cut off is made up by its
outermost lines, and a turned or sheared copy is straightened.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from classifiers.canonical import Canonical
from classifiers.perceptual import VARIANTS, Hashed, usable
from classifiers.trims import WHOLE, Frame, frames
from classifiers.waves import (
    POINTS,
    SAMPLES,
    SIDE,
    WAVES,
    Floats,
    cosines,
    eight,
    packed,
    samples,
    stronger,
    times,
)

SMALL = 256
"""The side of the square that all of it is taken from."""
_MARGIN = 32
"""Pixels; so far the outermost lines of a copy go on before it is straightened."""
_EVENLY = {"crop 2%": 0.0125, "crop 5%": 0.026, "crop 10%": 0.0556}
"""How much each side lost, of what is left."""
_ASIDE = {"crop 5%": 0.0526, "crop 10%": 0.1111}
"""How much one side lost, of what is left."""
_AVERAGE = ImageFilter.BoxBlur(0.5)
_GRADIENT = 90
"""PDQ's quality is the sum of the differences between neighbours, by this."""


@dataclass(frozen=True, slots=True)
class Lean:
    """How a copy may have been turned or sheared, and how much wider its original was."""

    degrees: float = 0.0
    shear: float = 0.0
    wider: float = 1.0


LEANING = {
    "turned 1.5": Lean(degrees=1.5),
    "turned 2.5": Lean(degrees=2.5),
    "turned 1.5 cut": Lean(degrees=1.5, wider=1.03),
    "turned 3 cut": Lean(degrees=3, wider=1.06),
    "sheared 5%": Lean(shear=0.05),
}
"""Each is tried to both sides."""


@dataclass(frozen=True, slots=True, eq=False)
class Guises:
    """The hashes of what a picture may be a copy of."""

    names: tuple[str, ...]
    """What was done to the original, one for each row."""
    pdq: NDArray[np.uint8] = field(repr=False)
    """n x 32, packed: first those of the picture itself, as `VARIANTS` has them."""


def guises_of(hashed: Hashed, canonical: Canonical) -> Guises:
    """Return all that is to be looked up for one view of a picture, which `hashed` is of."""
    square = canonical.shrunk(SIDE, SIDE, hashed.view)
    small = Image.fromarray(square).convert("L").reduce(SIDE // SMALL)
    grey = np.asarray(small, np.float32)
    trimmed = list(_trimmed(grey))
    others = [*_uncropped(grey), *_straightened(small, canonical.width / canonical.height)]
    bits = stronger(np.stack([waves for _, waves in (*trimmed, *others)]))
    undone = packed(bits[:, ::-1])  # PDQ writes the last wave first
    upright = [*VARIANTS, *(name for name, _ in trimmed)]
    rows = np.concatenate([hashed.pdq, undone[: len(trimmed)]])
    names = (*upright, *(_named("inverted", name) for name in upright), *(n for n, _ in others))
    return Guises(names, np.concatenate([rows, ~rows, undone[len(trimmed) :]]))


_Named = Iterator[tuple[str, Floats]]


def _trimmed(grey: Floats) -> _Named:
    """The eight variants of what lies within each of the margins that there may be."""
    for frame in frames(grey):
        if usable(quality_of(grey[np.ix_(_points(*frame[:2]), _points(*frame[2:]))])):
            down, across = _there_and_back(*frame[:2]), _there_and_back(*frame[2:])
            waves = eight(times(times(down, grey), across.T))
            yield from ((_named("trimmed", v), w) for v, w in zip(VARIANTS, waves, strict=True))


def _uncropped(grey: Floats) -> _Named:
    """What the picture would be with its sides made up, and mirrored."""
    waves = times(times(_DOWN, grey), _ACROSS.T).reshape(len(_PARTS), WAVES, -1, WAVES)
    for name, frame in CROPPED.items():
        row, column = _PARTS.index(frame[:2]), _PARTS.index(frame[2:])
        yield name, waves[row, :, column]
        yield _named(name, "mirrored"), waves[row, :, len(_PARTS) + column]


def _straightened(small: Image.Image, aspect: float) -> _Named:
    """What the picture would be turned or sheared back, and mirrored.

    Averaged once as PDQ does it, it need be looked at in 64 x 64 points only. The mirrored one is
    not looked at again: its points would lie less than a hundredth of the side from these.
    """
    wide = Image.fromarray(np.pad(np.asarray(small), _MARGIN, mode="edge")).filter(_AVERAGE)
    for (name, lean), (to, sign) in product(LEANING.items(), (("", 1), ("back ", -1))):
        points = wide.transform(
            (SAMPLES, SAMPLES),
            Image.Transform.AFFINE,
            _places(lean, sign, aspect),
            Image.Resampling.BILINEAR,
        )
        waves = (_WAVES @ np.asarray(points, np.float32) @ _WAVES.T).astype(np.float32, copy=False)
        yield to + name, waves
        yield _named(to + name, "mirrored"), waves * _MIRRORED


def _places(lean: Lean, sign: int, aspect: float) -> tuple[float, ...]:
    """Where in the enlarged square each of the 64 x 64 points lies, as Pillow wants it."""
    turn, shear = math.radians(sign * lean.degrees), sign * lean.shear
    across = (
        lean.wider * (math.cos(turn) + shear * math.sin(turn)),
        lean.wider * (shear * math.cos(turn) - math.sin(turn)) / aspect,
    )
    down = lean.wider * math.sin(turn) * aspect, lean.wider * math.cos(turn)
    step, middle = SMALL / SAMPLES, SMALL / 2 + _MARGIN
    first = (POINTS[0] - 0.5) * SMALL - step / 2
    return (
        *(each * step for each in across),
        middle + sum(across) * first,
        *(each * step for each in down),
        middle + sum(down) * first,
    )


def quality_of(seen: Floats) -> int:
    """Return PDQ's own measure of 64 x 64 samples, 0 to 100."""
    steps = (np.trunc(np.abs(np.diff(seen, axis=axis)) * (100 / 255)) for axis in (0, 1))
    return min(100, int(sum(float(step.sum()) for step in steps) / _GRADIENT))


def _named(what: str, variant: str) -> str:
    return what if variant == VARIANTS[0] else f"{what} {variant}"


def _there_and_back(start: float, end: float) -> Floats:
    """The waves of a part of a line, and those of it backwards, 32 x 256."""
    both = np.concatenate([samples(start, end, SMALL), samples(end, start, SMALL)])
    return times(_WAVES_BOTH, both)


def _points(start: float, end: float) -> NDArray[np.intp]:
    """Which pixels of a line stand for PDQ's samples of a part of it, but for those at its ends."""
    return ((start + (end - start) * POINTS[1:-1]) * SMALL).astype(np.intp)


def _frames_of_originals() -> dict[str, Frame]:
    """Where the original's sides were, by what was done to it."""
    found: dict[str, Frame] = {}
    for (name, by), down, across in product(
        _ASIDE.items(), ("", "top", "bottom"), ("", "left", "right")
    ):
        rows = (-by * (down == "top"), 1 + by * (down == "bottom"))
        columns = (-by * (across == "left"), 1 + by * (across == "right"))
        found[" ".join(part for part in (name, down, across) if part)] = Frame(*rows, *columns)
    evenly = {name: Frame(-by, 1 + by, -by, 1 + by) for name, by in _EVENLY.items()}
    return {name: frame for name, frame in found.items() if frame != WHOLE} | evenly


CROPPED = _frames_of_originals()
_WAVES = cosines(1).astype(np.float32)
_WAVES_BOTH = np.kron(np.eye(2, dtype=np.float32), _WAVES)
_MIRRORED = np.where(np.arange(WAVES) % 2, 1, -1).astype(np.float32)
"""The waves of a mirrored picture are those of the picture, every other one upside down."""
_PARTS = sorted({WHOLE[:2], *(part for f in CROPPED.values() for part in (f[:2], f[2:]))})
_PARTS.insert(0, _PARTS.pop(_PARTS.index(WHOLE[:2])))
_DOWN = np.concatenate([_WAVES @ samples(*part, SMALL) for part in _PARTS])
_BACK = np.concatenate([_WAVES @ samples(1 - start, 1 - end, SMALL) for start, end in _PARTS])
_ACROSS = np.concatenate([_DOWN, _BACK])
