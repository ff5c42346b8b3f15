"""The images that a request carries, as bytes: base64 in JSON, or a part of the form."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence

from classifiers import canonical
from classifiers.container.take_apart import take_apart
from classifiers.content import Image
from pipeline.items import Json
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.limits import Limits
from pipeline.novelai.shapes import Shape, shown
from pipeline.novelai.wording import kind, listed

PRECISE = "parameters.director_reference_images"
_CANVASES = frozenset({(1024, 1536), (1536, 1024), (1472, 1472)})
_TURNED = range(5, 9)
"""The EXIF orientations that lie on their side."""
_PART_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def taken(
    shapes: Mapping[str, Shape],
    values: Mapping[str, Json],
    parts: Mapping[str, bytes] | None,
    limits: Limits,
) -> tuple[Image, ...]:
    """Give every image in `values`, each `checked` against the shape at its path.

    The key of a value is the last name of its path. Every part MUST be one of the images.

    Raises:
        RequestRefusedError: one stands for nothing, they are beyond a limit, or a part is unused.
        UnreadableError: one of several is no picture.
    """
    found = [
        picture
        for path, shape in shapes.items()
        for picture in shown(shape, path, values.get(path.rpartition(".")[2]))
    ]
    names = {says for *_, says in found}
    if unused := (parts or {}).keys() - names:
        raise RequestRefusedError(400, f"form: no field refers to the parts: {listed(unused)}")
    images = tuple(
        Image(carrier, index, purpose, resolve(carrier, says, parts, limits))
        for carrier, index, purpose, says in found
    )
    _check_together(images, limits)
    return images


def size_of(image: Image) -> tuple[int, int]:
    """Give how wide and how high an image is, as its file says, once it is turned upright.

    Raises:
        UnreadableError: it is no picture.
    """
    file = take_apart(image.data, canonical.Limits().max_metadata_bytes)
    turned = file.orientation in _TURNED
    return (file.height, file.width) if turned else (file.width, file.height)


def _check_together(images: Sequence[Image], limits: Limits) -> None:
    """Hold several images against what may be decoded for one request; one has a limit of its own.

    A canvas of another size makes NovelAI refuse precise references (1.10).
    """
    sizes = [size_of(image) for image in images] if len(images) > 1 else []
    if sum(width * height for width, height in sizes) > limits.pixels:
        message = f"images: expected at most {limits.pixels} pixels in all"
        raise RequestRefusedError(413, message)
    for image in images:
        if image.carrier == PRECISE and size_of(image) not in _CANVASES:
            known = ", ".join(f"{width}x{height}" for width, height in sorted(_CANVASES))
            message = f"{PRECISE}[{image.index}]: expected a canvas of {known}"
            raise RequestRefusedError(400, message)


def resolve(path: str, value: Json, parts: Mapping[str, bytes] | None, limits: Limits) -> bytes:
    """Give the bytes that `value` stands for: a part's name if there is a form, else base64.

    Raises:
        RequestRefusedError: it stands for nothing, or for more than the limit.
    """
    if not isinstance(value, str):
        raise RequestRefusedError(400, f"{path}: expected a string, got {kind(value)}")
    data = _decode(path, value, limits) if parts is None else _part(path, value, parts)
    if not data:
        raise RequestRefusedError(400, f"{path}: expected an image, got nothing")
    if len(data) > limits.image_bytes:
        message = f"{path}: expected at most {limits.image_bytes} bytes"
        raise RequestRefusedError(413, message)
    return data


def _part(path: str, name: str, parts: Mapping[str, bytes]) -> bytes:
    if name in parts:
        return parts[name]
    field = path.rpartition(".")[2]
    shown = name if _PART_NAME.fullmatch(name) else "..."  # it may be a whole picture in base64
    message = f'{field} field references unknown form part "{shown}"'
    raise RequestRefusedError(400, message)


def _decode(path: str, text: str, limits: Limits) -> bytes:
    if len(text) > limits.image_bytes * 4 // 3 + 4:
        raise RequestRefusedError(413, f"{path}: expected at most {limits.image_bytes} bytes")
    if text.startswith("data:"):
        raise RequestRefusedError(400, f"{path}: expected plain base64, without a data: prefix")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):  # ValueError: characters beyond ASCII
        pass
    raise RequestRefusedError(400, f"{path}: expected base64")
