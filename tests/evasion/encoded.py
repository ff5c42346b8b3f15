"""Disguises that are a code: written backwards, shifted, escaped, in base64, in Morse."""

import base64
import codecs
from urllib.parse import quote

from tests.evasion.disguise import LATIN, Disguise, one_by_one, spelled

_MORSE_CODE = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- "
    ".-- -..- -.-- --.."
)
_MORSE = dict(zip("abcdefghijklmnopqrstuvwxyz", _MORSE_CODE.split(), strict=True))


def _base64(word: str) -> str:
    return base64.b64encode(word.encode()).decode()


def _base64url(word: str) -> str:
    return base64.urlsafe_b64encode(word.encode()).decode().rstrip("=")


def _hex(word: str) -> str:
    return word.encode().hex()


def _percent(word: str) -> str:
    return "".join(f"%{byte:02X}" for byte in word.encode())


def _entities(word: str) -> str:
    return "".join(f"&#{ord(letter)};" for letter in word)


def _unicode_escapes(word: str) -> str:
    return "".join(f"\\u{ord(letter):04x}" for letter in word)


DISGUISES: tuple[Disguise, ...] = (
    spelled("backwards", lambda word: word[::-1]),
    spelled("backwards and spaced", lambda word: " ".join(word[::-1])),
    spelled("rot13", lambda word: codecs.encode(word, "rot13"), LATIN),
    spelled("base64", _base64),
    spelled("base64url without padding", _base64url),
    spelled("base64 twice", lambda word: _base64(_base64(word))),
    spelled("base32", lambda word: base64.b32encode(word.encode()).decode()),
    spelled("hex", _hex),
    spelled("hex in capitals", lambda word: _hex(word).upper()),
    spelled("hex with spaces", lambda word: word.encode().hex(" ")),
    spelled("hex with 0x", lambda word: " ".join(f"0x{byte:02x}" for byte in word.encode())),
    spelled("percent escapes", _percent),
    spelled("percent escapes twice", lambda word: quote(_percent(word))),
    spelled("one percent escape", lambda word: _percent(word[:1]) + word[1:]),
    spelled("numeric entities", _entities),
    spelled("hex entities", one_by_one(lambda letter: f"&#x{ord(letter):X};")),
    spelled("entities without semicolons", one_by_one(lambda letter: f"&#{ord(letter)}")),
    spelled("named entities between", "&shy;".join),
    spelled("zero-width entities", "&ZeroWidthSpace;".join),
    spelled("named letters", one_by_one(lambda letter: f"&{letter}scr;"), LATIN),
    spelled("unicode escapes", _unicode_escapes),
    spelled("unicode escapes in braces", one_by_one(lambda letter: f"\\u{{{ord(letter):x}}}")),
    spelled("byte escapes", lambda word: "".join(f"\\x{byte:02x}" for byte in word.encode())),
    spelled("code points", lambda word: " ".join(f"U+{ord(letter):04X}" for letter in word)),
    spelled("decimal codes", lambda word: " ".join(str(ord(letter)) for letter in word), LATIN),
    spelled("octal escapes", one_by_one(lambda letter: f"\\{ord(letter):03o}"), LATIN),
    spelled("binary", lambda word: " ".join(f"{byte:08b}" for byte in word.encode())),
    spelled("binary without spaces", lambda word: "".join(f"{b:08b}" for b in word.encode())),
    spelled("Morse", lambda word: " ".join(_MORSE[letter] for letter in word), LATIN),
)
