"""Disguises put on each other, two at a time."""

import base64
import codecs

from tests.evasion.disguise import (
    LATIN,
    Disguise,
    Spell,
    alphabet_from,
    between,
    inside,
    spelled,
    translated,
)

# ruff: noqa: RUF001 (letters that look like others are the subject)


def _base64(word: str) -> str:
    return base64.b64encode(word.encode()).decode()


_LEET: Spell = translated({ord("a"): "4", ord("e"): "3", ord("i"): "1", ord("o"): "0"})
_LOOKALIKES: Spell = translated({ord("a"): "а", ord("e"): "е", ord("o"): "о", ord("i"): "і"})
_BOLD: Spell = translated(alphabet_from(0x1D41A))
_BRACED: Spell = lambda word: f"{word[:1]}{{{word[1:]}}}"  # noqa: E731 (named to be combined)


def _drawn_out(word: str) -> str:
    return "".join(letter * 3 for letter in word)


DISGUISES: tuple[Disguise, ...] = (
    spelled("leet and spaces", lambda word: " ".join(_LEET(word)), LATIN),
    spelled("leet and full stops", lambda word: ".".join(_LEET(word)), LATIN),
    spelled("leet in braces", lambda word: _BRACED(_LEET(word)), LATIN),
    spelled("leet drawn out", lambda word: _LEET(_drawn_out(word)), LATIN),
    spelled("lookalikes and zero-width", lambda word: "\u200b".join(_LOOKALIKES(word)), LATIN),
    spelled("lookalikes and spaces", lambda word: " ".join(_LOOKALIKES(word)), LATIN),
    spelled("lookalikes and leet", lambda word: _LOOKALIKES(word[:3]) + _LEET(word[3:]), LATIN),
    spelled("bold and spaces", lambda word: " ".join(_BOLD(word)), LATIN),
    spelled("bold and a weight inside", lambda word: inside("1.2::", "::")(_BOLD(word)), LATIN),
    spelled("capitals and hyphens", lambda word: "-".join(word.upper())),
    spelled("spaces in braces", lambda word: f"{{{' '.join(word)}}}"),
    spelled("zero-width in a randomiser", lambda word: f"||{between(chr(0x200B))(word)}|sky||"),
    spelled("drawn out and spaced", lambda word: " ".join(_drawn_out(word)), LATIN),
    spelled("accents and spaces", "\u0301 ".join, LATIN),
    spelled("backwards with zero-width", lambda word: "\u200b".join(word[::-1])),
    spelled("backwards in braces", lambda word: _BRACED(word[::-1])),
    spelled("backwards and leet", lambda word: _LEET(word[::-1]), LATIN),
    spelled("rot13 in capitals", lambda word: codecs.encode(word, "rot13").upper(), LATIN),
    spelled("base64 of hex", lambda word: _base64(word.encode().hex())),
    spelled("base64 of leet", lambda word: _base64(_LEET(word)), LATIN),
    spelled("base64 of letters backwards", lambda word: _base64(word[::-1])),
    spelled("base64 of zero-width", lambda word: _base64("\u200b".join(word))),
    spelled(
        "percent escapes of base64", lambda word: "".join(f"%{ord(c):02x}" for c in _base64(word))
    ),
    spelled("entities with spaces", lambda word: " ".join(f"&#{ord(c)};" for c in word)),
    spelled("hex of capitals", lambda word: word.upper().encode().hex()),
    spelled("artist in camel case", lambda word: f"artist:soft{word.capitalize()}", LATIN),
)
