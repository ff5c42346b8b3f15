"""Disguises that put in a word what nobody sees, or cover its letters."""

from tests.evasion.disguise import ALPHABETS, LATIN, Disguise, Spell, between, inside, spelled


def _tags(word: str) -> str:
    return "".join(chr(0xE0000 + ord(letter)) for letter in word)


def _after_each(mark: str) -> Spell:
    return lambda word: "".join(letter + mark for letter in word)


DISGUISES: tuple[Disguise, ...] = (
    spelled("zero-width space", between("\u200b")),
    spelled("zero-width joiner", between("\u200d")),
    spelled("zero-width non-joiner", inside("\u200c")),
    spelled("word joiner", between("\u2060")),
    spelled("byte order mark", between("\ufeff")),
    spelled("soft hyphen", between("\u00ad")),
    spelled("grapheme joiner", between("\u034f")),
    spelled("invisible times", between("\u2062")),
    spelled("Hangul filler", between("\u3164")),
    spelled("Mongolian vowel separator", between("\u180e")),
    spelled("variation selector", _after_each("\ufe0f")),
    spelled("variation selector supplement", _after_each("\U000e0101")),
    spelled("bidi marks", between("\u200e")),
    spelled("bidi isolates", lambda word: "".join(f"\u2068{letter}\u2069" for letter in word)),
    spelled("bidi override", lambda word: f"\u202e{word[::-1]}\u202c"),
    spelled("tag characters between", between("\U000e0041")),
    spelled("tag characters only", _tags, LATIN),
    spelled("NUL between", between("\0")),
    spelled("control characters between", between("\x1b")),
    spelled("blank braille between", between("\u2800")),
    spelled("accents", _after_each("\u0301"), ALPHABETS),
    spelled("piled accents", _after_each("\u0315\u0321\u0336\u0347\u035d"), ALPHABETS),
    spelled("strike-through", _after_each("\u0336")),
    spelled("underlined", _after_each("\u0332")),
    spelled("enclosing circle", _after_each("\u20dd")),
    spelled("keycap", _after_each("\ufe0f\u20e3")),
)
