"""RFC 8785 canonical JSON: one text for one value, so that its digest is one as well.

The reference library writes the same several times slower; a property test holds the two together.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from json.encoder import encode_basestring
from typing import cast

from audit.errors import MalformedError

MOST_EXACT = 2**53 - 1
"""The largest whole number that every reader of JSON keeps exactly."""
DEEPEST = 64
_WORDS: Mapping[bool | None, str] = {None: "null", True: "true", False: "false"}
_EXPONENT = re.compile(r"(-?)(\d)(?:\.(\d+))?e([+-]\d+)")
_LARGEST_PLAIN, _SMALLEST_PLAIN = 21, -6
"""From 10 ** 21 on, and below 10 ** -6, ECMAScript writes an exponent."""


def canonical(value: object) -> bytes:
    """Write `value`: None, booleans, numbers, text, sequences, and mappings with keys of text.

    Raises:
        MalformedError: JSON cannot carry it exactly.
    """
    try:
        return _written(value, 0).encode()
    except UnicodeEncodeError as fault:
        raise MalformedError("entry", "text that UTF-8 can carry", "other text") from fault


def _written(value: object, depth: int) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, float):
        return _number(value)
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    if isinstance(value, int):
        if abs(value) > MOST_EXACT:
            raise MalformedError("entry", "whole numbers below 2 ** 53", "a larger one")
        return int.__repr__(value)
    if depth > DEEPEST:
        raise MalformedError("entry", f"at most {DEEPEST} levels", "more")
    if isinstance(value, (list, tuple)):
        items = cast("Sequence[object]", value)
        return f"[{','.join([_written(item, depth + 1) for item in items])}]"
    if isinstance(value, (dict, Mapping)):  # a dict is known at once, a Mapping by its ancestors
        return _object(cast("Mapping[object, object]", value), depth)
    raise MalformedError("entry", "what JSON can carry", type(value).__name__)


def _object(value: Mapping[object, object], depth: int) -> str:
    names = _in_order(tuple(value))
    return f"{{{','.join([written + _written(value[key], depth + 1) for key, written in names])}}}"


@lru_cache(1024)
def _in_order(keys: tuple[object, ...]) -> tuple[tuple[str, str], ...]:
    """Sort as UTF-16 does, in which keys beyond the first plane come before some of it.

    Each key comes with what it is written as. The same few sets of keys are asked for all day.
    """
    texts: list[str] = []
    for key in keys:
        if not isinstance(key, str):
            raise MalformedError("entry", "keys of text", type(key).__name__)
        texts.append(key)
    ordered = sorted(texts) if "".join(texts).isascii() else sorted(texts, key=_in_utf16)
    return tuple((key, f"{encode_basestring(key)}:") for key in ordered)


def _in_utf16(text: str) -> bytes:
    return text.encode("utf-16-be")


def _number(value: float) -> str:
    """Write a number as ECMAScript does: the same shortest digits as Python's, set otherwise."""
    text = float.__repr__(value)
    if "n" in text:  # nan, inf
        raise MalformedError("entry", "numbers that are finite", text)
    if text.endswith(".0"):
        return "0" if value == 0 else text[:-2]
    found = _EXPONENT.fullmatch(text)
    if found is None:
        return text
    sign, first, rest = found[1], found[2], found[3] or ""
    exponent, digits = int(found[4]), first + rest
    if exponent >= _LARGEST_PLAIN or exponent < _SMALLEST_PLAIN:
        point = f".{rest}" if rest else ""
        return f"{sign}{first}{point}e{exponent:+d}"
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    return f"{sign}{digits}{'0' * (exponent + 1 - len(digits))}"
