"""Writes a picture anew from its pixels, so that nothing leaves that only a machine reads.

The lowest bit of alpha, in which NovelAI hides the prompt, says afterwards what the highest says
already. What was written is decoded and compared before it leaves.
"""

import io
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from classifiers.container.parts import Format
from classifiers.container.take_apart import take_apart
from classifiers.rendering import Pixels, decode
from pipeline.errors import MarkingError

MAX_METADATA_BYTES: Final = 1024 * 1024
_HALF: Final = 128
_OPAQUE: Final = 255


def rewritten(data: bytes, change: Callable[[Pixels], Pixels] = lambda same: same) -> bytes:
    """Return the picture of a file in a file of the same kind, without loss and without any text.

    `change` says what else becomes of its pixels.

    Raises:
        MarkingError: what was written is not the picture.
        UnreadableError: it does not decode.
    """
    container = take_apart(data, MAX_METADATA_BYTES)
    if container.format is Format.JPEG:
        raise MarkingError("PNG or WebP", "JPEG")
    colours, alpha = decode(container)
    pixels = change(_together(colours, None if alpha is None else quiet(alpha)))
    out = io.BytesIO()
    picture = Image.fromarray(pixels)
    if container.format is Format.WEBP:
        picture.save(out, "WEBP", lossless=True, exact=True, quality=0, method=0)
    else:
        picture.save(out, "PNG", compress_level=1)
    check(out.getvalue(), pixels)
    return out.getvalue()


def check(written: bytes, pixels: NDArray[np.uint8]) -> None:
    """Hold a file to be of exactly these pixels, and of nothing beside them.

    Raises:
        MarkingError, UnreadableError: it is not so, and MUST NOT leave.
    """
    container = take_apart(written, 0)  # raises if it holds any text
    same = np.array_equal(_together(*decode(container)), pixels)
    if not same or container.beside or container.trailing_bytes:
        raise MarkingError("the picture that was examined", "another")


def quiet(alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return alpha of which the lowest bit tells nothing: what is opaque or clear stays so."""
    return np.where(alpha < _HALF, alpha & 0xFE, alpha | 1).astype(np.uint8)


def _together(colours: NDArray[np.uint8], alpha: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    """Return height x width x 4, or x 3 where nothing is transparent."""
    if alpha is None or int(alpha.min()) == _OPAQUE:
        return colours
    return np.dstack([colours, alpha])
