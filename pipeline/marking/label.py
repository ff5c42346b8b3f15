"""Writes into the corner of a picture that a machine made it, for people (AI Act, Art. 50(4))."""

from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from classifiers.rendering import Pixels
from pipeline.errors import MarkingError

TEXT: Final = "AI"
_PART: Final = 16
"""The label is as high as the shorter side in so many parts, but never too small to be read."""
_LEAST: Final = 14


def labelled(pixels: Pixels) -> Pixels:
    """Return a picture with the label at its lower right; no other pixel is changed.

    Raises:
        MarkingError: another one was, or it is too small for a label.
    """
    height, width = pixels.shape[:2]
    high = max(min(height, width) // _PART, _LEAST)
    wide = 2 * high
    if high > height or wide > width:
        raise MarkingError("a picture with room for a label", "one too small")
    picture = Image.fromarray(pixels)
    box = (width - wide, height - high, width - 1, height - 1)
    draw = ImageDraw.Draw(picture)
    draw.rectangle(box, fill="black")
    middle = (width - wide / 2, height - high / 2)
    draw.text(middle, TEXT, "white", ImageFont.load_default(high * 0.8), anchor="mm")
    drawn = np.asarray(picture)
    rest = np.ones((height, width), bool)
    rest[height - high :, width - wide :] = False
    if not np.array_equal(drawn[rest], pixels[rest]):
        raise MarkingError("a label in its corner", "something else")
    return drawn
