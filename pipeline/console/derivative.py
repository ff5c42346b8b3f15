"""The small, blurred, grey picture that a page may show: enough to tell cases apart, no more."""

import io

from PIL import Image, ImageFilter, UnidentifiedImageError

from pipeline.errors import AlteredObjectError

SIDE = 96
"""Pixels of its longer side."""
BLUR = 3
"""Pixels of the blur's radius: of a face, where it is."""


def derivative(data: bytes) -> bytes:
    """Return a picture of at most `SIDE` pixels a side as PNG, grey and blurred, without metadata.

    Raises:
        AlteredObjectError: it cannot be read as a picture.
    """
    try:
        with Image.open(io.BytesIO(data)) as picture:
            picture.draft("L", (SIDE, SIDE))
            small = picture.convert("RGB").convert("L")
            small.thumbnail((SIDE, SIDE))
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError) as fault:
        raise AlteredObjectError("picture", "one that can be drawn", type(fault).__name__) from None
    out = io.BytesIO()
    small.filter(ImageFilter.GaussianBlur(BLUR)).save(out, "PNG")
    return out.getvalue()
