"""Texts written in figures: base64 and 32, hexadecimal, binary, character codes, places."""

import base64
import binascii
import re
from string import ascii_lowercase

from classifiers.normalise.encoding import Encoding, readable

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{6,}={0,2}")
_BASE32 = re.compile(r"[A-Z2-7]{8,}={0,6}")
_HEX = re.compile(r"[0-9A-Fa-f](?<![0-9A-Za-z].)(?:(?<=0)x)?[0-9A-Fa-f]{5,}")
_BYTES = re.compile(
    r"[0-9A-Fa-f](?<![0-9A-Za-z].)(?:(?<=0)x[0-9A-Fa-f])?[0-9A-Fa-f]"
    r"(?:[ :,]{1,2}(?:0x)?[0-9A-Fa-f]{2}){2,}"
)
_BITS = re.compile(r"[01]{8}(?:[ ,]?[01]{8}){2,}")
_CODES = re.compile(r"[0-9](?<![0-9].)[0-9]{1,2}(?:[ ,;]{1,2}[0-9]{2,3}){3,}(?![0-9])")
_PLACES = re.compile(r"[0-9](?<![0-9].)[0-9]?(?:[ ,-][0-9]{1,2}){3,}(?![0-9])")
_NOT_HEX = re.compile(r"0x|[^0-9A-Fa-f]")
_NUMBER = re.compile(r"\d+")
_SMALL = re.compile(rb"[a-z ]+")
_LAST_BYTE = 0xFF
_BEYOND_ASCII = bytes(range(0x80, 0x100))


def _from_base64(token: str) -> str | None:
    """Read bytes; of a token of small letters, which is mostly a word, only other small letters."""
    body = token.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        data = binascii.a2b_base64(body + "=" * (-len(body) % 4))
    except binascii.Error:
        return None
    is_word = token[1:].isalpha() and token[1:].islower()
    return None if is_word and not _SMALL.fullmatch(data) else readable(data)


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
    codes = _numbers(token)
    return readable(bytes(codes)) if max(codes) <= _LAST_BYTE else None


def _from_places(token: str) -> str | None:
    """Read 1 as a, 26 as z."""
    places = _numbers(token)
    if min(places) < 1 or max(places) > len(ascii_lowercase):
        return None
    return "".join(ascii_lowercase[place - 1] for place in places)


def _numbers(token: str) -> list[int]:
    return list(map(int, _NUMBER.findall(token)))


FIGURES = (
    Encoding("base64", _BASE64, _from_base64, layered=True),
    Encoding("base32", _BASE32, _from_base32, layered=True),
    Encoding("hex", _HEX, _from_hex, layered=True),
    Encoding("hex", _BYTES, _from_hex, layered=True),
    Encoding("binary", _BITS, _from_bits, layered=True),
    Encoding("codes", _CODES, _from_codes, layered=True),
    Encoding("places", _PLACES, _from_places),
)
