"""Decodes a picture with Pillow and resolves what a viewer would: profile, alpha, orientation."""

import io
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageCms

from classifiers.container.parts import Container, not_a_picture, truncated

Pixels = NDArray[np.uint8]
"""Height x width x 3, sRGB, read-only."""

# What Pillow's decoders are known to raise on bad input. Its warnings are raised too where the
# process makes warnings errors, as our tests do.
_BAD_INPUT = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Warning,
)
_UNSEEN = 254
"""From this alpha upwards nobody can see through: NovelAI hides a text in the lowest bit."""
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def decode(container: Container) -> tuple[Pixels, NDArray[np.uint8] | None]:
    """Return the colours, upright and in sRGB, and the alpha plane if the file has one.

    Raises:
        UnreadableError: the pixels do not decode.
    """
    try:
        picture = Image.open(io.BytesIO(container.pixels), formats=[container.format])
        if picture.size != (container.width, container.height):
            raise not_a_picture("expected the size of the header, got another one")
        picture.load()
    except _BAD_INPUT as fault:
        if "truncated" in str(fault):
            raise truncated(container.format) from None
        what = f"{container.format}: the pixels do not decode"
        raise not_a_picture(what) from None
    turn = _TURNS.get(container.orientation)
    upright = picture if turn is None else picture.transpose(turn)
    alpha = _alpha(upright)
    return _frozen(_colours(upright)), None if alpha is None else _frozen(alpha)


def views_of(pixels: Pixels, alpha: NDArray[np.uint8] | None) -> tuple[Pixels, ...]:
    """Return every distinct way to see the picture, first the one on white.

    A view of one colour shows nothing, and is left out where another shows something.
    """
    if alpha is None or int(alpha.min()) >= _UNSEEN:
        return (pixels,)
    part = Image.fromarray(alpha)
    veil = Image.merge("RGB", (part, part, part))
    on_black = _frozen(np.asarray(ImageChops.multiply(Image.fromarray(pixels), veil)))
    views = [_frozen(on_black + (255 - alpha)[:, :, np.newaxis])]
    for other in (on_black, pixels):
        if not any(np.array_equal(other, view) for view in views):
            views.append(other)
    seen = [view for view in views if (view != view[0, 0]).any()]
    return tuple(seen or views[:1])


def _colours(picture: Image.Image) -> Pixels:
    """The colours of a decoded picture, whatever its mode, as sRGB."""
    if picture.mode.startswith("I"):  # 16-bit grey: Pillow's own conversion would clip it
        picture = Image.fromarray((np.asarray(picture).astype(np.uint32) >> 8).astype(np.uint8))
    if picture.mode in {"P", "PA"}:
        picture = picture.convert("RGBA")
    profile = picture.info.get("icc_profile")
    if isinstance(profile, bytes):
        picture = _in_srgb(picture, profile)
    return np.asarray(picture if picture.mode == "RGB" else picture.convert("RGB"))


def _in_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Apply an embedded profile; one that does not fit is ignored, and never forwarded."""
    if picture.mode not in {"RGB", "L", "CMYK"}:
        picture = picture.convert("L" if picture.mode in {"1", "LA"} else "RGB")
    try:
        source = ImageCms.getOpenProfile(io.BytesIO(profile))
        turned = ImageCms.profileToProfile(picture, source, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    return picture if turned is None else turned


def _alpha(picture: Image.Image) -> NDArray[np.uint8] | None:
    """The alpha plane, from a channel or from a transparent colour."""
    if "transparency" not in picture.info and not picture.mode.endswith(("A", "a")):
        return None
    if picture.mode.startswith("I"):
        clear = picture.info["transparency"]
        return np.where(np.asarray(picture) == clear, 0, 255).astype(np.uint8)
    whole = picture if picture.mode == "RGBA" else picture.convert("RGBA")
    return np.asarray(whole.getchannel("A"))


def _frozen(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    array.setflags(write=False)
    return array
