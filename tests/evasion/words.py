"""The words that are disguised: harmless ones, listed as if they were not, and others unlisted."""

from dataclasses import dataclass
from enum import StrEnum


class Script(StrEnum):
    """In what a word is written: most disguises suit few scripts."""

    LATIN = "latin"
    CYRILLIC = "cyrillic"
    HAN = "han"
    HIRAGANA = "hiragana"
    KATAKANA = "katakana"
    HANGUL = "hangul"


@dataclass(frozen=True, slots=True)
class Word:
    """A word and what it is written in."""

    text: str
    script: Script
    language: str

    @property
    def mode(self) -> str:
        """How the lists that ship match words of its language."""
        return {"ja": "substring", "zh": "substring", "ko": "prefix"}.get(self.language, "word")


def _words(script: Script, language: str, words: str) -> tuple[Word, ...]:
    return tuple(Word(text, script, language) for text in words.split())


LISTED = (
    *_words(
        Script.LATIN,
        "en",
        "lighthouse umbrella lantern pebble marmalade teapot cactus walrus violin saddle compass"
        " meadow kettle puffin anchor biscuit thimble glacier windmill fern",
    ),
    *_words(Script.HAN, "ja", "灯台 水車"),
    *_words(Script.HIRAGANA, "ja", "ひまわり かたつむり"),
    *_words(Script.KATAKANA, "ja", "ガラス ランプ サボテン"),
    *_words(Script.HAN, "zh", "雨伞 风车 钢琴"),
    *_words(Script.HANGUL, "ko", "등대 우산 선인장"),
    *_words(Script.CYRILLIC, "ru", "маяк зонтик фонарь"),
)
"""What the vocabulary of these tests holds, and nothing else."""

UNLISTED = (
    *_words(
        Script.LATIN,
        "en",
        "rooftop basket candle bridge orchard window blanket pepper harvest garden button feather"
        " tunnel mirror pillow ladder copper branch ribbon dune",
    ),
    *_words(Script.HAN, "ja", "山道 朝日"),
    *_words(Script.HIRAGANA, "ja", "たんぽぽ ひつじ"),
    *_words(Script.KATAKANA, "ja", "ドア テーブル スプーン"),
    *_words(Script.HAN, "zh", "书桌 树叶 铁门"),
    *_words(Script.HANGUL, "ko", "구름 바다 자전거"),
    *_words(Script.CYRILLIC, "ru", "ветка облако корзина"),
)
"""What nobody looks for: the same disguises on these MUST raise nothing."""
