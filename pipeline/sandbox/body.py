"""Reads a request body: JSON, or multipart with a JSON part and binary parts beside it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import NoReturn, cast

from pipeline.sandbox.errors import RefusedError

_DEEPEST = 64
_REQUEST_PART = "request"


@dataclass(frozen=True, slots=True)
class Body:
    """A request's JSON object; `parts` is `None` unless the request was multipart."""

    fields: Mapping[str, object] = field(repr=False)
    parts: Mapping[str, bytes] | None = field(repr=False)


def read(raw: bytes, content_type: str) -> Body:
    """Read a body.

    Raises:
        RefusedError: 400, if it is empty, of another type, or holds no JSON object.
    """
    if not raw:
        raise RefusedError(400, "Validation error: the request body is empty")
    kind = Message()
    kind["Content-Type"] = content_type
    match kind.get_content_type():
        case "application/json":
            return Body(_object(raw), parts=None)
        case "multipart/form-data":
            parts = split(raw, str(kind.get_param("boundary", "")))
            if _REQUEST_PART not in parts:
                raise RefusedError(400, "Validation error: the form has no request part")
            return Body(_object(parts.pop(_REQUEST_PART)), parts)
        case _:
            raise RefusedError(400, "Validation error: unsupported content type")


def split(raw: bytes, boundary: str) -> dict[str, bytes]:
    """The parts of a whole multipart body (RFC 2046, section 5.1.1), by name.

    Raises:
        RefusedError: 400, if it does not begin and end as it should, or two parts share a name.
    """
    pieces = (b"\r\n" + raw).split(b"\r\n--" + boundary.encode("ascii", "replace"))
    if not boundary or len(pieces) < 2 or not pieces[-1].startswith(b"--"):  # noqa: PLR2004 - ends
        raise RefusedError(400, "Validation error: malformed multipart body")
    parts: dict[str, bytes] = {}
    for piece in pieces[1:-1]:
        head, blank, content = piece.partition(b"\r\n\r\n")
        name = message_from_bytes(head.lstrip()).get_param("name", None, "Content-Disposition")
        if not blank or not isinstance(name, str) or name in parts:
            raise RefusedError(400, "Validation error: malformed multipart part")
        parts[name] = content
    return parts


def _object(raw: bytes) -> Mapping[str, object]:
    try:
        text = raw.decode("utf-8")
        value: object = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError) as fault:
        raise RefusedError(400, "Validation error: the body is not valid JSON") from fault
    if not isinstance(value, dict) or not _is_shallow(cast("object", value), _DEEPEST):
        raise RefusedError(400, "Validation error: the body is not a plain JSON object")
    return cast("dict[str, object]", value)


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(digits: str) -> float:
    number = float(digits)
    return number if abs(number) != float("inf") else _refuse(digits)


def _is_shallow(value: object, left: int) -> bool:
    if isinstance(value, dict):
        value = list(cast("dict[str, object]", value).values())
    if not isinstance(value, list):
        return True
    return left > 0 and all(_is_shallow(item, left - 1) for item in cast("list[object]", value))
