"""Finds the pictures that a request carries: inline, as form parts, or as cache keys.

The sandbox keeps no uploads, so every cache key that comes without its bytes is a miss.
"""

import struct
from base64 import b64decode
from collections.abc import Mapping, Sequence
from io import BytesIO

from PIL import Image

from pipeline.sandbox import fields
from pipeline.sandbox.body import Body
from pipeline.sandbox.catalogue import MOST_PIXELS
from pipeline.sandbox.errors import RefusedError
from pipeline.sandbox.fields import Fields

_FORMATS = ("PNG", "JPEG", "WEBP")
_SINGLE = {
    "image_cache_secret_key": "image",
    "mask_cache_secret_key": "mask",
    "reference_image_cache_secret_key": "reference_image",
}
_CACHED_LISTS = ("reference_image_multiple_cached", "director_reference_images_cached")
_SHOWN = 64  # of a wrong part name, which may be a whole picture in base64
_UNREADABLE = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    IndexError,
    struct.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


def check_cache_keys(parameters: Fields) -> None:
    """Refuse cache keys that come without the bytes they stand for.

    Raises:
        RefusedError: 400 INVALID_CACHE_KEYS, with every such key in its details.
    """
    missing = [
        fields.text(parameters, key)
        for key, field in _SINGLE.items()
        if fields.text(parameters, key) and not fields.text(parameters, field)
    ]
    missing += [
        fields.text(entry, "cache_secret_key")
        for key in _CACHED_LISTS
        for entry in fields.inners(parameters, key)
        if not fields.text(entry, "data")
    ]
    if missing:
        raise RefusedError(400, "INVALID_CACHE_KEYS", details={"invalidKeys": missing})


def one(body: Body, parameters: Fields, key: str) -> bytes | None:
    """The bytes of a picture field, or `None` if the request has none."""
    value = fields.text(parameters, key)
    return _resolve(body.parts, value, key) if value else None


def several(body: Body, parameters: Fields, key: str) -> list[bytes]:
    """The bytes of a list of pictures, and of its `…_cached` twin if it has one."""
    cached = fields.inners(parameters, f"{key}_cached")
    values = [*fields.texts(parameters, key), *(fields.text(entry, "data") for entry in cached)]
    return [_resolve(body.parts, value, key) for value in values]


def decode(content: bytes, name: str) -> Image.Image:
    """The picture in `content`.

    Raises:
        RefusedError: 400, if it cannot be read as PNG, JPEG or WebP, or is too large.
    """
    try:
        with Image.open(BytesIO(content), formats=_FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise RefusedError(400, "Image resolution too high")
            return picture.convert("RGB")
    except _UNREADABLE as fault:
        raise RefusedError(400, f"Error verifying request: {name} cannot be decoded") from fault


def looks_like_a_picture(content: bytes) -> bool:
    """Whether the bytes begin as a PNG, JPEG or WebP file does."""
    return content.startswith((b"\x89PNG", b"\xff\xd8\xff", b"RIFF"))


def same_length(wanted: int, lists: Mapping[str, Sequence[object]]) -> None:
    """Refuse parallel lists of another length.

    Raises:
        RefusedError: 400, naming the first list that differs.
    """
    for key, values in lists.items():
        if len(values) != wanted:
            raise RefusedError(400, f"Validation error: {key} must have {wanted} entries")


def _resolve(parts: Mapping[str, bytes] | None, value: str, key: str) -> bytes:
    if parts is not None:
        if value not in parts:
            message = f'{key} field references unknown form part "{value[:_SHOWN]}"'
            raise RefusedError(400, message)
        return parts[value]
    try:
        return b64decode(value, validate=True)
    except ValueError as fault:
        raise RefusedError(400, f"Validation error: {key} is not base64") from fault
