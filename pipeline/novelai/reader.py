"""Reads the body of a request into one value, or refuses it.

There is one way to read it: what a lenient reader would let pass with two meanings (a key given
twice, NaN, half a surrogate pair, another encoding) is refused, so that what was judged is what
is sent.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Never, cast

from pipeline.items import Json
from pipeline.novelai import multipart
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.limits import Limits

# A whole string (closed or not: possessive, so that no body can make it slow), or one mark.
_STRUCTURE = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{},]', re.DOTALL)


def read(
    content_type: str | None, body: bytes, limits: Limits
) -> tuple[dict[str, Json], dict[str, bytes] | None]:
    """Read `body` as its content type says: JSON, or a form with one part `request`.

    Gives the request, and the binary parts of the form by name; None when the body was JSON, its
    images base64.

    Raises:
        RequestRefusedError: 415 for any other type, 413 beyond a limit, otherwise 400.
    """
    kind, options = multipart.read_header(content_type or "")
    if kind == "multipart/form-data":
        return read_multipart(content_type, body, limits)
    if kind != "application/json" or options.get("charset", "utf-8").lower() != "utf-8":
        raise RequestRefusedError(
            415, "Content-Type: expected application/json in utf-8 or multipart/form-data"
        )
    return read_json(body, limits), None


def read_multipart(
    content_type: str | None, body: bytes, limits: Limits
) -> tuple[dict[str, Json], dict[str, bytes]]:
    """Read a form: one JSON part named `request`, and binary parts that it refers to by name.

    Raises:
        RequestRefusedError: it is not such a form, or is beyond a limit.
    """
    _check_size(body, limits)
    kind, options = multipart.read_header(content_type or "")
    if kind != "multipart/form-data":
        raise RequestRefusedError(415, "Content-Type: expected multipart/form-data")
    parts = multipart.split(options.get("boundary", ""), body, limits)
    if "request" not in parts:
        raise RequestRefusedError(400, "form: expected one part named request")
    return read_json(parts.pop("request"), limits), parts


def read_json(body: bytes, limits: Limits) -> dict[str, Json]:
    """Read one JSON object.

    Raises:
        RequestRefusedError: it is empty, not UTF-8, not strict JSON, no object or beyond a limit.
    """
    _check_size(body, limits)
    if not body:  # novelai-api.md 6.4: some servers lose the body of an upgrade request
        raise RequestRefusedError(400, "body: expected a JSON object, got an empty body")
    text = _decode(body)
    _check_structure(text, limits)
    try:
        value = cast(
            "Json",
            json.loads(
                text,
                object_pairs_hook=_unique,
                parse_constant=_refuse_constant,
                parse_float=_finite,
            ),
        )
    except (ValueError, RecursionError):  # the parser's message may quote content
        value = None
    if not isinstance(value, dict):
        raise RequestRefusedError(400, "body: expected one JSON object")
    if not all(is_unicode(string) for string in _strings(value)):
        raise RequestRefusedError(400, "body: expected whole characters, got half a surrogate pair")
    return value


def _check_size(body: bytes, limits: Limits) -> None:
    if len(body) > limits.body_bytes:
        raise RequestRefusedError(413, f"body: expected at most {limits.body_bytes} bytes")


def _decode(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    raise RequestRefusedError(400, "body: expected UTF-8")


def _check_structure(text: str, limits: Limits) -> None:
    """Count before anything is built: a tree costs far more memory than its text."""
    depth = 0
    for count, token in enumerate(_STRUCTURE.finditer(text), start=1):
        mark = text[token.start()]
        depth += (mark in "[{") - (mark in "]}")
        if depth > limits.depth:
            raise RequestRefusedError(400, f"body: expected at most {limits.depth} levels")
        if count > limits.marks:
            message = f"body: expected at most {limits.marks} strings, brackets and commas"
            raise RequestRefusedError(400, message)


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise RequestRefusedError(400, "body: expected each key once")
    return found


def _refuse_constant(_: str) -> Never:
    raise RequestRefusedError(400, "body: expected finite numbers")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):  # 1e999 is legal JSON and is infinity in Python
        raise RequestRefusedError(400, "body: expected finite numbers")
    return number


def _strings(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _strings(item)


def is_unicode(string: str) -> bool:
    """Whether a string has no half of a surrogate pair: else nobody can write it."""
    return string.isascii() or not any("\ud800" <= character <= "\udfff" for character in string)
