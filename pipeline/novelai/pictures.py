"""The bytes of an image that a request carries: base64 in JSON, or a part of the form."""

import base64
import binascii
import re
from collections.abc import Mapping

from pipeline.items import Json
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.limits import Limits
from pipeline.novelai.wording import kind

_PART_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


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
