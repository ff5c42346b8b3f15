"""Turns a picture, as the bytes in which it came, into the pixels that everything else looks at.

One decode serves every classifier. What they judge is exactly what `stripped` forwards: EXIF
orientation, palette, CMYK, 16-bit samples and colour profiles are resolved here, once.
"""

import hashlib
import io
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from classifiers.container.beside import pictures_beside
from classifiers.container.parts import Container, Format, Note, too_large
from classifiers.container.take_apart import take_apart
from classifiers.content import Image as Received
from classifiers.content import Purpose
from classifiers.errors import Unreadable, UnreadableError
from classifiers.rendering import Pixels, decode, views_of

_PILLOW_WARNS_ABOVE = 89_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused before a pixel is decoded."""

    max_bytes: int = 20 * 1024 * 1024
    max_pixels: int = 3_145_728
    """2048 x 1536: what NovelAI makes and takes at most. Each is held in up to ten bytes, for as
    long as its request is in progress, and a file of one colour holds millions in a few bytes."""
    max_side: int = 16_384
    max_metadata_bytes: int = 1024 * 1024
    """All texts of the file together, inflated; a file with more is refused, never read in part."""

    def __post_init__(self) -> None:
        if self.max_pixels > _PILLOW_WARNS_ABOVE:
            message = f"max_pixels: expected at most {_PILLOW_WARNS_ABOVE}, got {self.max_pixels}"
            raise ValueError(message)


_OUTPUT = Limits(max_bytes=48 * 1024 * 1024, max_pixels=4 * 3_145_728)
"""What comes back may have been upscaled, to twice its sides."""


@dataclass(frozen=True, slots=True, eq=False)
class Canonical:
    """One still picture, decoded. All arrays are read-only."""

    carrier: str
    index: int
    purpose: Purpose
    format: Format
    views: tuple[Pixels, ...] = field(repr=False)
    """Every distinct way to see it, height x width x 3 uint8 sRGB: on white, on black, and the
    colours under the transparency. Exactly one when alpha is at least 254 everywhere."""
    alpha: NDArray[np.uint8] | None = field(repr=False)
    """Height x width, when the file has transparency."""
    notes: tuple[Note, ...] = field(repr=False)
    """The texts that the file carries beside its pixels, whole."""
    trailing_bytes: int
    """How many bytes followed the end of the picture; they are hashed, and never forwarded."""
    md5: str = field(repr=False)
    sha1: str = field(repr=False)
    sha256: str = field(repr=False)
    """The three digests are of the bytes as received, in lower-case hex."""
    tenant: str = ""
    """Whose request it is of: what is remembered of it is quicker for no other."""
    hidden: tuple["Canonical", ...] = field(default=(), repr=False)
    """The whole pictures that the file carries beside its own, such as thumbnails: in the carrier
    `CARRIER[INDEX].hidden`. They are judged too, and never forwarded."""
    _shrunk: dict[tuple[int, int, int], Pixels] = field(default_factory=dict, repr=False)

    @property
    def rgb(self) -> Pixels:
        """The picture on white (on black, if on white there is nothing to see).

        Without visible transparency these are its colours untouched, as NovelAI signs them.
        """
        return self.views[0]

    @property
    def width(self) -> int:
        """Pixels across, after orientation."""
        return int(self.rgb.shape[1])

    @property
    def height(self) -> int:
        """Pixels down, after orientation."""
        return int(self.rgb.shape[0])

    @property
    def metadata_text(self) -> tuple[str, ...]:
        """The texts of `notes` alone."""
        return tuple(note.text for note in self.notes)

    def shrunk(self, width: int, height: int, view: int = 0) -> Pixels:
        """One view resized to height x width x 3, made once and shared. The shape is not kept.

        Bilinear over the whole area that a pixel covers (Pillow's `BILINEAR`), so that nothing
        between the sample points goes unseen.
        """
        key = (width, height, view)
        known = self._shrunk.get(key)
        if known is None:
            whole = Image.fromarray(self.views[view])
            small = np.asarray(whole.resize((width, height), Image.Resampling.BILINEAR))
            known = self._shrunk.setdefault(key, small)  # atomic: a race costs time, never truth
        return known


def read(image: Received, limits: Limits | None = None) -> Canonical:
    """Check, then decode `image`. The declared type of an upload is never looked at.

    Raises:
        UnreadableError: it is no PNG, JPEG or WebP with one whole still picture within `limits`, or
            carries beside it what looks like one and does not decode.
    """
    limits = limits or (_OUTPUT if image.purpose is Purpose.OUTPUT else Limits())
    data = image.data
    if len(data) > limits.max_bytes:
        raise too_large("picture bytes", limits.max_bytes, len(data))
    container = take_apart(data, limits.max_metadata_bytes)
    found = pictures_beside(data, container, limits.max_metadata_bytes)
    together = sum(each.container.width * each.container.height for each in found)
    if together > limits.max_pixels:
        raise too_large("pixels of pictures beside the picture", limits.max_pixels, together)
    hidden = tuple(
        _decoded(_received(image, at, each.data), each.container, limits)
        for at, each in enumerate(found)
    )
    return _decoded(image, container, limits, hidden)


def _received(image: Received, index: int, data: bytes) -> Received:
    """Say what a picture is that `image` carries: for the same purpose, but never a mask."""
    purpose = Purpose.SOURCE if image.purpose is Purpose.MASK else image.purpose
    place = f"{image.carrier}[{image.index}].hidden"
    return Received(place, index, purpose, data, image.tenant)


def _decoded(
    image: Received, container: Container, limits: Limits, hidden: tuple[Canonical, ...] = ()
) -> Canonical:
    data = image.data
    _check_size(container.width, container.height, limits)
    pixels, alpha = decode(container)
    return Canonical(
        carrier=image.carrier,
        index=image.index,
        purpose=image.purpose,
        format=container.format,
        views=views_of(pixels, alpha),
        alpha=alpha,
        notes=container.notes,
        trailing_bytes=container.trailing_bytes,
        md5=hashlib.md5(data, usedforsecurity=False).hexdigest(),
        sha1=hashlib.sha1(data, usedforsecurity=False).hexdigest(),
        sha256=hashlib.sha256(data).hexdigest(),
        tenant=image.tenant,
        hidden=hidden,
    )


def stripped(canonical: Canonical) -> bytes:
    """Return the picture as a PNG that holds its pixels and nothing else: what may be forwarded."""
    out = io.BytesIO()
    Image.fromarray(canonical.rgb).save(out, "PNG", compress_level=1)
    return out.getvalue()


def _check_size(width: int, height: int, limits: Limits) -> None:
    if min(width, height) == 0:
        raise UnreadableError("expected a picture with pixels, got none", Unreadable.NOT_A_PICTURE)
    if max(width, height) > limits.max_side:
        raise too_large("pixels on the longer side", limits.max_side, max(width, height))
    if width * height > limits.max_pixels:
        raise too_large("pixels", limits.max_pixels, width * height)
