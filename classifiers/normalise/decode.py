"""Texts inside a text: base64, hexadecimal, binary, escapes, entities, tag characters."""

import base64
import binascii
import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

_ESCAPE = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+|&#[xX]?[0-9A-Fa-f]{1,7};?|&[A-Za-z]{2,8};"
    r"|\\u\{?[0-9A-Fa-f]{4,6}\}?|\\x[0-9A-Fa-f]{2}"
)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{6,}={0,2}")
_HEX = re.compile(r"(?:(?:0x|\\x)?[0-9A-Fa-f]{2}[ :,]?){3,}")
_BITS = re.compile(r"(?:[01]{8}[ ,]?){3,}")
_NOT_HEX = re.compile(r"0x|[^0-9A-Fa-f]")
_TAGS = re.compile("[\U000e0020-\U000e007e]+")
_MOSTLY = 0.6
"""The least share of letters in what may pass for a text."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What an encoding hid, with the way back to the text as received."""

    encoding: str
    text: str = field(repr=False)
    origin: list[int] = field(repr=False)


def decode(text: str, origin: Sequence[int]) -> Iterator[Decoded]:
    """Give each encoding's content, all its places together, a line each. One level only."""
    escaped = _escapes(text, origin)
    if escaped is not None:
        yield escaped
    for encoding, pattern, reader in _READERS:
        letters: list[str] = []
        places: list[int] = []
        for match in pattern.finditer(text):
            content = reader(match[0])
            if content is not None:
                letters += [*content, "\n"]
                places += _between(origin, match.start(), match.end(), len(content) + 1)
        if letters:
            yield Decoded(encoding, "".join(letters), places)


def _between(origin: Sequence[int], start: int, end: int, count: int) -> list[int]:
    """Spread `count` characters evenly over the place they were decoded from."""
    size = end - start
    return [origin[start + at * size // count] for at in range(count)]


def _escapes(text: str, origin: Sequence[int]) -> Decoded | None:
    letters: list[str] = []
    places: list[int] = []
    done = 0
    for match in _ESCAPE.finditer(text):
        content = _unescaped(match[0])
        letters += [*text[done : match.start()], *content]
        places += origin[done : match.start()]
        places += _between(origin, match.start(), match.end(), len(content))
        done = match.end()
    if not done:
        return None
    whole = "".join([*letters, text[done:]])
    return Decoded("escapes", whole, [*places, *origin[done:]])


def _unescaped(escape: str) -> str:
    if escape[0] == "%":
        return unquote_to_bytes(escape).decode("utf-8", "replace")
    if escape[0] == "&":
        return html.unescape(escape)
    code = int(escape[2:].strip("{}"), 16)
    return chr(code) if code <= 0x10FFFF else escape  # noqa: PLR2004 (the last code point)


def _from_base64(token: str) -> str | None:
    body = token.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return _readable(base64.b64decode(body + "=" * (-len(body) % 4), validate=True))
    except binascii.Error:
        return None


def _from_hex(token: str) -> str | None:
    digits = _NOT_HEX.sub("", token)
    return _readable(bytes.fromhex(digits[: len(digits) // 2 * 2]))


def _from_bits(token: str) -> str | None:
    bits = token.replace(" ", "").replace(",", "")
    return _readable(bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)))


def _from_tags(token: str) -> str | None:
    return "".join(chr(ord(letter) - 0xE0000) for letter in token)


def _readable(data: bytes) -> str | None:
    """Return `data` as text if it can pass for one: it is printable, and mostly letters."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if not text.replace("\n", " ").isprintable():
        return None
    letters = sum(map(str.isalpha, text))
    return text if letters >= max(3, _MOSTLY * len(text)) else None


_READERS: tuple[tuple[str, re.Pattern[str], Callable[[str], str | None]], ...] = (
    ("base64", _BASE64, _from_base64),
    ("hex", _HEX, _from_hex),
    ("binary", _BITS, _from_bits),
    ("tags", _TAGS, _from_tags),
)
