"""Splits a form into its parts, strictly and in memory.

No preamble, no epilogue, no folded headers, no transfer encodings: every client that matters
writes the plain form, and whatever else could be read in two ways is refused.
"""

import re

from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.limits import Limits

_OPTION = re.compile(r';[ \t]*([a-z]+)=(?:"([^"\\\r\n]*)"|([^\s;"\\]+))', re.IGNORECASE)
_KIND = re.compile(r"([a-z]+(?:-[a-z]+)*(?:/[a-z0-9.+-]+)?)[ \t]*", re.IGNORECASE)
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=?-]{1,70}")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_HEADERS = frozenset({"content-disposition", "content-type", "content-length"})
_HEADER_BYTES = 1024


def read_header(value: str) -> tuple[str, dict[str, str]]:
    """Give the kind of a header such as `Content-Type`, in lower case, and its options.

    A value that is not fully understood gives an empty kind, which nobody accepts.
    """
    kind = _KIND.match(value)
    if kind is None:
        return "", {}
    options: dict[str, str] = {}
    position = kind.end()
    while option := _OPTION.match(value, position):
        name = option[1].lower()
        if name in options:
            return "", {}
        options[name] = option[3] if option[2] is None else option[2]
        position = option.end()
    if value[position:].strip(" \t;"):
        return "", {}
    return kind[1].lower(), options


def split(boundary: str, body: bytes, limits: Limits) -> dict[str, bytes]:
    """Give each part's bytes by its name.

    Raises:
        RequestRefusedError: 400 for a form that is malformed, names a part twice, or has too many
            parts; 413 for a part beyond the limit.
    """
    if not _BOUNDARY.fullmatch(boundary):
        raise RequestRefusedError(400, "form: expected a boundary of 1 to 70 plain characters")
    delimiter = b"\r\n--" + boundary.encode("ascii")
    before, *segments = (b"\r\n" + body).split(delimiter, limits.parts + 1)
    if before or not segments or segments[-1] not in {b"--", b"--\r\n"}:
        message = f"form: expected at most {limits.parts} parts between whole boundaries"
        raise RequestRefusedError(400, message)
    parts: dict[str, bytes] = {}
    for segment in segments[:-1]:
        name, data = _read_part(segment)
        if name in parts:
            raise RequestRefusedError(400, f"form: expected part {name} once")
        if name != "request" and len(data) > limits.image_bytes:
            message = f"form: expected at most {limits.image_bytes} bytes in part {name}"
            raise RequestRefusedError(413, message)
        parts[name] = data
    return parts


def _read_part(segment: bytes) -> tuple[str, bytes]:
    head, blank, data = segment.partition(b"\r\n\r\n")
    if not blank or not head.startswith(b"\r\n") or len(head) > _HEADER_BYTES:
        raise RequestRefusedError(400, "form: expected headers and a blank line in each part")
    headers: dict[str, str] = {}
    for line in head[2:].decode("latin-1").split("\r\n"):
        name, colon, value = line.partition(":")
        if not colon or name.lower() not in _HEADERS - headers.keys():
            message = f"form: expected only the headers {', '.join(sorted(_HEADERS))}, once each"
            raise RequestRefusedError(400, message)
        headers[name.lower()] = value.strip(" \t")
    kind, options = read_header(headers.get("content-disposition", ""))
    name = options.get("name", "")
    if kind != "form-data" or not _NAME.fullmatch(name):
        raise RequestRefusedError(400, "form: expected a plain name in each part")
    if name == "request" and not _is_json(headers.get("content-type")):
        raise RequestRefusedError(415, "form: expected application/json in part request")
    return name, data


def _is_json(content_type: str | None) -> bool:
    return content_type is None or read_header(content_type)[0] == "application/json"
