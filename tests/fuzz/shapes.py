"""Texts that are made to be slow to read, each of about 16,000 characters."""

import base64
import random

LENGTH = 16_000


def _filled(piece: str) -> str:
    return (piece * (LENGTH // len(piece) + 1))[:LENGTH]


def _chance(first: int, last: int) -> str:
    chance = random.Random(first)  # noqa: S311 - a sample, no secret
    return "".join(chr(chance.randrange(first, last)) for _ in range(LENGTH))


HOSTILE = {
    "deep braces": _filled("{"),
    "letters in braces": _filled("{a}"),
    "weights": _filled("1::"),
    "negative weights": _filled("-1::a"),
    "colons": _filled(":"),
    "minus signs": _filled("-"),
    "bars": _filled("|"),
    "mixing": _filled("a|b:0.3"),
    "branches": "||" + "|".join("a" for _ in range(LENGTH // 2 - 2)) + "||",
    "randomisers": _filled("a||b|c"),
    "randomisers in words": _filled("a||b|c||"),
    "chunks": _filled("@["),
    "weights in brackets": _filled("((((a"),
    "schedules": _filled("[a:b:0.5]"),
    "networks": _filled("<lora:x:1>"),
    "lettering": _filled("text: "),
    "quotes": _filled('"a" '),
    "marks only": _filled("\u0301"),
    "letters under marks": _filled("a\u0301\u0302\u0336"),
    "jamo": _filled("\u314e\u314f\u3134"),
    "half-width kana": _filled("\uff8a\uff9e"),
    "ligatures": _filled("\ufdfa"),
    "ideographs": _chance(0x4E00, 0x9FFF),
    "mathematical letters": _filled("\U0001d4f5\U0001d4ea"),
    "lookalikes": _filled("\u03ba\u03b9\u03b4 "),
    "flags": _filled("\U0001f1f1\U0001f1e6"),
    "emoji": _filled("\U0001f476\U0001f3fd"),
    "tag characters": _filled("\U000e0061"),
    "bidi overrides": _filled("\u202ea"),
    "lone surrogates": _filled("\udc80"),
    "NUL": _filled("\0"),
    "upside down": _filled("u\u0279\u01dd\u0265 "),
    "base64": base64.b64encode(b"a lighthouse at dawn " * 600).decode()[:LENGTH],
    "words in base64": _filled("bGlnaHRob3VzZQ== "),
    "hexadecimal": _filled("6c69 "),
    "binary": _filled("01100011"),
    "Morse": _filled(".-.. .- -. "),
    "percent escapes": _filled("%61"),
    "escaped escapes": _filled("%2561"),
    "entities of entities": _filled("&amp;#99;"),
    "unicode escapes": _filled("\\u0061"),
    "single letters": _filled("a "),
    "letters and full stops": _filled("a."),
    "letters twice": _filled("llaanntteerrnn "),
    "figures in words": _filled("l4mp "),
    "one letter": _filled("a"),
    "digits": _filled("1"),
    "spaces": _filled(" "),
    "tags": _filled("lowres, artistic error, "),
    "chance ASCII": _chance(0x20, 0x7F),
    "chance letters": _chance(0x20, 0xD800),
}
"""By name; each may be the prompt of somebody who wants the gate to be busy."""
