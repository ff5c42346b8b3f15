"""Texts written in figures: base64 and 32, hexadecimal, binary, character codes, places."""

import base64
import binascii
import re

from classifiers.normalise.encoding import Encoding, readable

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{6,}={0,2}")
_BASE32 = re.compile(r"[A-Z2-7]{8,}={0,6}")
_HEX = re.compile(r"[0-9A-Fa-f](?<![0-9A-Za-z].)(?:(?<=0)x)?[0-9A-Fa-f]{5,}")
_BYTES = re.compile(
    r"[0-9A-Fa-f](?<![0-9A-Za-z].)(?:(?<=0)x[0-9A-Fa-f])?[0-9A-Fa-f]"
    r"(?:[ :,]{1,2}(?:0x)?[0-9A-Fa-f]{2}){2,}"
)
_BITS = re.compile(r"[01]{8}(?:[ ,]?[01]{8}){2,}")
_CODES = re.compile(r"(?<!\d)(?:1?\d{2}[ ,;]{1,2}){3,}1?\d{2}(?!\d)")
_PLACES = re.compile(r"(?<!\d)(?:(?:1?\d|2[0-6])[ ,-]){3,}(?:1?\d|2[0-6])(?!\d)")
_TWO_NUMBERS = re.compile(r"[0-9][ ,;-]{1,2}[0-9]")
_NOT_HEX = re.compile(r"0x|[^0-9A-Fa-f]")
_NUMBER = re.compile(r"\d+")
_NO_LETTER = 0
_BEYOND_ASCII = bytes(range(0x80, 0x100))


def _from_base64(token: str) -> str | None:
    body = token.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return readable(base64.b64decode(body + "=" * (-len(body) % 4), validate=True))
    except binascii.Error:
        return None


def _from_base32(token: str) -> str | None:
    body = token.rstrip("=")
    try:
        return readable(base64.b32decode(body + "=" * (-len(body) % 8)))
    except binascii.Error:
        return None


def _from_hex(token: str) -> str | None:
    """Read bytes; words such as `be` and `added` that stand beside them are none of theirs."""
    digits = _NOT_HEX.sub("", token)
    data = bytes.fromhex(digits[: len(digits) // 2 * 2])
    return readable(data) or readable(data.strip(_BEYOND_ASCII))


def _from_bits(token: str) -> str | None:
    bits = token.replace(" ", "").replace(",", "")
    return readable(bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)))


def _from_codes(token: str) -> str | None:
    return readable(bytes(int(number) for number in _NUMBER.findall(token)))


def _from_places(token: str) -> str | None:
    """Read 1 as a, 26 as z."""
    places = list(map(int, _NUMBER.findall(token)))
    return None if _NO_LETTER in places else "".join(chr(ord("a") - 1 + at) for at in places)


FIGURES = (
    Encoding("base64", _BASE64, _from_base64, layered=True),
    Encoding("base32", _BASE32, _from_base32, layered=True),
    Encoding("hex", _HEX, _from_hex, layered=True),
    Encoding("hex", _BYTES, _from_hex, layered=True),
    Encoding("binary", _BITS, _from_bits, layered=True),
    Encoding("codes", _CODES, _from_codes, _TWO_NUMBERS.search, layered=True),
    Encoding("places", _PLACES, _from_places, _TWO_NUMBERS.search),
)
