"""Letters that look like another, brought to the Latin letter they look like.

From Unicode's confusables (UTS 39), after folding; one character for one, so that places hold.
"""

# ruff: noqa: RUF001 (letters that look like others are what this file is about)

_TABLE = {
    # Cyrillic
    "а": "a", "в": "b", "е": "e", "є": "e", "һ": "h", "н": "h", "і": "i", "ӏ": "l", "ј": "j",
    "к": "k", "м": "m", "о": "o", "р": "p", "с": "c", "ѕ": "s", "т": "t", "у": "y", "ү": "y",
    "х": "x", "ԁ": "d", "ԛ": "q", "ԝ": "w", "ѵ": "v", "г": "r", "п": "n", "ь": "b", "ө": "o",
    # Greek
    "α": "a", "β": "b", "γ": "y", "δ": "d", "ε": "e", "η": "n", "ι": "i", "κ": "k", "μ": "m",
    "ν": "v", "ο": "o", "ρ": "p", "σ": "o", "ς": "s", "τ": "t", "υ": "u", "χ": "x", "ω": "w",
    "ϲ": "c", "ϳ": "j",
    # Armenian and Cherokee
    "օ": "o", "ո": "n", "ս": "u", "հ": "h", "ց": "g", "զ": "q", "լ": "l", "ք": "p", "ա": "w",
    # Latin with a stroke, phonetic letters and small capitals
    "ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "ɑ": "a", "ɡ": "g", "ɩ": "i",
    "ɪ": "i", "ʟ": "l", "ɴ": "n", "ʀ": "r", "ʏ": "y", "ɢ": "g", "ʜ": "h", "ʙ": "b", "ᴀ": "a",
    "ᴄ": "c", "ᴅ": "d", "ᴇ": "e", "ᴊ": "j", "ᴋ": "k", "ᴍ": "m", "ᴏ": "o", "ᴘ": "p", "ᴛ": "t",
    "ᴜ": "u", "ᴠ": "v", "ᴡ": "w", "ᴢ": "z", "ꜱ": "s", "ꜰ": "f", "ɛ": "e", "ɔ": "c", "ə": "e",
    "ʋ": "v", "ƙ": "k", "ɗ": "d", "ɓ": "b", "ɦ": "h", "ɨ": "i", "ʂ": "s", "ʑ": "z", "ɫ": "l",
}  # fmt: skip
_DRESSED = (0x1F150, 0x1F170, 0x1F1E6)
"""Where alphabets begin that have no compatibility form: black circles, squares, flags."""

_LOOKS_LIKE = str.maketrans(
    _TABLE | {chr(first + at): chr(ord("a") + at) for first in _DRESSED for at in range(26)}
)


def latin_lookalikes(text: str) -> str:
    """Return folded `text` with every lookalike replaced; the length stays."""
    return text if text.isascii() else text.translate(_LOOKS_LIKE)
