"""Checks that what is sent as a mask is one: black and white, and no picture."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from classifiers.canonical import Canonical
from classifiers.classifier import Capability
from classifiers.content import Purpose
from classifiers.errors import ClassifierError
from classifiers.rendering import Pixels
from classifiers.signals import Finding, Picture, Reason, Signal, SignalName, Unavailable

_NEAR = 16
"""How far from black or white a level may be, for masks that were compressed with loss."""
_STRAY_SHARE = 0.02
"""How many pixels may be in between: the soft edge of a brush."""
_MIDDLE = 128


def is_mask(canonical: Canonical) -> bool:
    """Whether every way to see it is black and white, but for the soft edge of a brush.

    A dithered picture passes: its dots are all that is ever forwarded of it (`one_bit`).
    """
    return all(_black_and_white(view) for view in canonical.views)


def one_bit(canonical: Canonical) -> bytes:
    """Return the mask as a grey PNG of 0 and 255 only, so that nothing can hide in its levels."""
    white = canonical.rgb.max(axis=2) >= _MIDDLE
    out = io.BytesIO()
    Image.fromarray(white.astype(np.uint8) * np.uint8(255)).save(out, "PNG")
    return out.getvalue()


class MaskCheck:
    """Reports whether a picture in a mask's place is one; of all others it was not assessed."""

    id = "mask@1"
    emits = frozenset({SignalName.IMAGE_MASK})
    answers = frozenset({Capability(SignalName.IMAGE_MASK)})

    def warm(self) -> None:
        """Look at a mask and at a grey ramp.

        Raises:
            ClassifierError: it does not tell them apart.
        """
        ramp = np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(1, 256, 3)
        mask = np.where(ramp < _MIDDLE, np.uint8(0), np.uint8(255))
        if _black_and_white(ramp) or not _black_and_white(mask):
            raise ClassifierError("mask: expected to tell a mask from a ramp")

    def classify(self, content: Canonical, /) -> Sequence[Finding]:
        """Report 1.0 for a mask, 0.0 for anything else in a mask's place.

        Whoever reads the record later knows by that which pictures stood there.
        """
        name, where = SignalName.IMAGE_MASK, Picture(content.carrier, content.index)
        if content.purpose is not Purpose.MASK:
            return [Unavailable(name, where, self.id, Reason.NOT_ASSESSED)]
        return [Signal(name, float(is_mask(content)), where, self.id)]


def _black_and_white(view: Pixels) -> bool:
    darkest, brightest = view.min(axis=2), view.max(axis=2)
    between = (brightest > _NEAR) & (darkest < 255 - _NEAR)  # coloured pixels are in between too
    return float(between.mean()) <= _STRAY_SHARE
