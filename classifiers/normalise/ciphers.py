"""Texts in signs that stand for letters: Morse, spelling words, pig Latin, tags nobody sees."""

import re

from classifiers.normalise.encoding import Encoding, is_foreign, readable

_SIGNS = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- "
    "-..- -.-- --.. ----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----."
)
_MORSE: dict[str, str] = dict(
    zip(re.findall(r"\S+", _SIGNS), "abcdefghijklmnopqrstuvwxyz0123456789", strict=True)
)
_SIGN = r"[.\-\u00b7\u2022\u2212\u2013\u2014_]"
_MORSE_TEXT = re.compile(rf"{_SIGN}{{1,5}}(?:[ /|]{{1,3}}{_SIGN}{{1,5}}){{2,}}(?!{_SIGN})")
_MORSE_SIGNS = str.maketrans("\u00b7\u2022\u2212\u2013\u2014_/|", "..----  ")
_NATO = re.findall(
    r"\w+",
    "alfa alpha bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike "
    "november oscar papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu",
)
_SPELT = re.compile(rf"(?:\b(?:{'|'.join(_NATO)}|x-ray)\b[\s,.-]{{0,3}}){{3,}}", re.IGNORECASE)
_DIFFERENT = 2
_WORD = re.compile(r"[A-Za-z]+")
_PIG = re.compile(r"[A-Za-z](?<!\w.)[A-Za-z]{2,23}ay\b")
_AY = re.compile(r"ay\b")
_PIG_ONSET = re.compile(r"[^aeiou]{1,3}$")
_LOWER, _UPPER = "a-z\u0430-\u044f\u0451", "A-Z\u0410-\u042f\u0401"
_HUMP = re.compile(f"([{_LOWER}]{{2}})([{_UPPER}])(?=[{_LOWER}]{{2}})")
_HUMPED = re.compile(rf"[{_LOWER}{_UPPER}](?<![^\W_].)[{_LOWER}{_UPPER}]{{4,47}}+(?![^\W_]|[+/=])")
_OVERRIDE = re.compile("\u202e[^\u202a-\u202e\n]{2,}")
_TAGS = re.compile("[\U000e0020-\U000e007e]+")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{3,}")
_TAG_BLOCK, _FIRST_SELECTOR, _LATER_SELECTOR = 0xE0000, 0xFE00, 0xE0100


def _from_morse(token: str) -> str | None:
    signs = token.translate(_MORSE_SIGNS).split()
    letters = [_MORSE.get(sign, "") for sign in signs]
    return None if "" in letters else "".join(letters)


def _may_spell(text: str) -> bool:
    words = text.lower()
    return sum(word in words for word in _NATO) >= _DIFFERENT


def _from_nato(token: str) -> str:
    return "".join(word[0] for word in _WORD.findall(token.replace("-", ""))).lower()


def _from_pig_latin(token: str) -> str | None:
    """Put the end of a word back to its start; a word with `w` or `y` before it had no onset."""
    stem = token[:-2].lower()
    onset = _PIG_ONSET.search(stem)
    if onset is None:
        return stem
    words = [stem[at:] + stem[:at] for at in range(onset.start(), len(stem))]
    return " ".join([*words, stem, stem.rstrip("wy")])


def _may_have_humps(text: str) -> bool:
    return not text.islower() and _HUMP.search(text) is not None


def _from_humps(word: str) -> str | None:
    words, count = _HUMP.subn(r"\1 \2", word)
    return words if count else None


def _from_tags(token: str) -> str:
    return "".join(chr(ord(letter) - _TAG_BLOCK) for letter in token)


def _from_selectors(token: str) -> str | None:
    """Read variation selectors as the bytes they number."""
    codes = map(ord, token)
    return readable(
        bytes(
            code - _LATER_SELECTOR + 16 if code >= _LATER_SELECTOR else code - _FIRST_SELECTOR
            for code in codes
        )
    )


def _from_override(token: str) -> str:
    """Read what is shown from right to left as it is shown."""
    return token[:0:-1]


CIPHERS = (
    Encoding("bidi override", _OVERRIDE, _from_override, is_foreign, in_place=True),
    Encoding("camel case", _HUMPED, _from_humps, _may_have_humps, guess=True),
    Encoding("morse", _MORSE_TEXT, _from_morse),
    Encoding("spelling words", _SPELT, _from_nato, _may_spell),
    Encoding("pig latin", _PIG, _from_pig_latin, _AY.search, guess=True),
    Encoding("tags", _TAGS, _from_tags, is_foreign, layered=True),
    Encoding("selectors", _SELECTORS, _from_selectors, is_foreign, layered=True),
)
