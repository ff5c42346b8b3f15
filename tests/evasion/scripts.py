"""Disguises that a script of its own has: other kana, jamo, the other Chinese characters."""

import unicodedata

from tests.evasion.disguise import Disguise, spelled
from tests.evasion.words import Script

_KANA = frozenset({Script.HIRAGANA, Script.KATAKANA})
_HANGUL = frozenset({Script.HANGUL})
_HAN = frozenset({Script.HAN})
_INITIAL = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWEL = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINAL = ["", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"]
_TRADITIONAL = str.maketrans("伞风车钢书树叶铁门", "傘風車鋼書樹葉鐵門")
_SIMPLIFIED = str.maketrans("車山道朝", "车山道朝")


def _katakana(word: str) -> str:
    return "".join(chr(ord(sign) + 0x60) if "ぁ" <= sign <= "ゖ" else sign for sign in word)


def _hiragana(word: str) -> str:
    return "".join(chr(ord(sign) - 0x60) if "ァ" <= sign <= "ヶ" else sign for sign in word)


def _other_kana(word: str) -> str:
    return _katakana(word) if word == _hiragana(word) else _hiragana(word)


def _half_width(word: str) -> str:
    """Write katakana in half-width signs, voicing marks apart, as NFKC puts them together."""
    narrow = {unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0xFF66, 0xFF9E)}
    marks = {"\u3099": "\uff9e", "\u309a": "\uff9f"}
    spread = unicodedata.normalize("NFD", _katakana(word))
    return "".join(narrow.get(sign, marks.get(sign, sign)) for sign in spread)


def _compatibility_jamo(word: str) -> str:
    parts: list[str] = []
    for syllable in word:
        code = ord(syllable) - 0xAC00
        parts += [_INITIAL[code // 588], _VOWEL[code // 28 % 21], _FINAL[code % 28]]
    return "".join(parts)


DISGUISES: tuple[Disguise, ...] = (
    spelled("the other kana", _other_kana, _KANA),
    spelled("every other kana", lambda word: _other_kana(word[:1]) + word[1:], _KANA),
    spelled("half-width kana", _half_width, _KANA),
    spelled("kana and voicing apart", lambda word: unicodedata.normalize("NFD", word), _KANA),
    spelled("conjoining jamo", lambda word: unicodedata.normalize("NFD", word), _HANGUL),
    spelled("compatibility jamo", _compatibility_jamo, _HANGUL),
    spelled("traditional characters", lambda word: word.translate(_TRADITIONAL), _HAN),
    spelled("simplified characters", lambda word: word.translate(_SIMPLIFIED), _HAN),
)
