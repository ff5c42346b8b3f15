"""Finds stated ages: `12yo`, `aged twelve`, `十二歳`, `12세`, `13 лет`."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from classifiers.errors import TermsError
from classifiers.normalise import Span

ADULT_AT = 18
"""Years from which an age is an adult's."""

_UNITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
    "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ENGLISH = (
    {word: at + 1 for at, word in enumerate(_UNITS)}
    | {word: at + 10 for at, word in enumerate(_TEENS)}
    | {word: at * 10 + 20 for at, word in enumerate(_TENS)}
)
_FIRST_TENS = 20
_LAST_UNIT = 9
_LAST_UNIT_OF = {"fr": 19}
"""Soixante dix sept."""
_HAN_DIGITS = {digit: at for at, digit in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2}
_HAN = "[〇零一二两三四五六七八九十百]{1,5}"
_DIGITS = r"(?<![\d.,])\d{1,5}"
REACH = 128
"""Letters on each side of what a pattern needs: no age, with what must not stand beside it, is so
long. `find` looks no further, because to try every letter of a long text takes a millisecond."""


@dataclass(frozen=True, slots=True)
class StatedAge:
    """An age, where it stands in a view's text, and the id of the pattern that found it."""

    id: str
    start: int
    end: int
    is_minor: bool


@dataclass(frozen=True, slots=True)
class _Numbers:
    """How a language writes them: what each is, and the pattern of all."""

    values: Mapping[str, int]
    pattern: str


@dataclass(frozen=True, slots=True)
class _Pattern:
    id: str
    needs: tuple[str, ...]
    pattern: re.Pattern[str]
    words: Mapping[str, int]
    months: bool


class Ages:
    """The patterns of `terms/ages.yaml`."""

    def __init__(self, data: Mapping[str, object]) -> None:
        """Compile them.

        Raises:
            TermsError: one does not parse.
        """
        try:
            self._patterns = tuple(_patterns(data))
            self._ascii = tuple(
                one for one in self._patterns if any(need.isascii() for need in one.needs)
            )
        except (KeyError, TypeError, re.error) as error:
            message = f"ages.yaml: expected patterns, got {error!r}"
            raise TermsError(message) from error

    def find(self, text: str) -> Iterator[StatedAge]:
        """Give each age that the folded `text` states."""
        for one in self._ascii if text.isascii() else self._patterns:
            needed = [need for need in one.needs if need in text]
            for stretch in _around(needed, text):
                for match in one.pattern.finditer(text, *stretch):
                    number = _number(match["n"], one.words)
                    is_minor = one.months or number < ADULT_AT
                    yield StatedAge(one.id, *match.span(), is_minor)


def _around(needed: Sequence[str], text: str) -> Sequence[Span]:
    """Return what of `text` is within reach of any of `needed`, in order, nothing of it twice."""
    spans: list[Span] = []
    for need in needed:
        first = text.find(need)
        while first >= 0:
            last = text.rfind(need, first, first + REACH)
            spans.append((max(0, first - REACH), last + REACH))
            first = text.find(need, last + 1)
    stretches: list[Span] = []
    for first, last in sorted(spans):
        if stretches and first <= stretches[-1][1]:
            stretches[-1] = stretches[-1][0], max(stretches[-1][1], last)
        else:
            stretches.append((first, last))
    return stretches


def _patterns(data: Mapping[str, object]) -> Iterator[_Pattern]:
    numbers = _numbers(data)
    things = "|".join(cast("list[str]", data["things"]))
    for row in cast("list[Mapping[str, str]]", data["patterns"]):
        words = numbers[row["language"]]
        pattern = row["pattern"].replace("{n}", f"(?P<n>{words.pattern})")
        pattern = pattern.replace("{thing}", rf"(?! (?:{things})\b)")
        needs = tuple(cast("list[str]", row["needs"]))
        compiled = re.compile(pattern)
        yield _Pattern(row["id"], needs, compiled, words.values, row.get("unit") == "months")


def _numbers(data: Mapping[str, object]) -> Mapping[str, _Numbers]:
    """Return how numbers are written in each language."""
    listed = cast("Mapping[str, Mapping[str, int]]", data["numbers"])
    joined = cast("Mapping[str, list[str]]", data["joined"])
    han = _Numbers({}, f"{_DIGITS}|{_HAN}")
    spelt = {
        language: _spelt(words, joined.get(language, ()), _LAST_UNIT_OF.get(language, _LAST_UNIT))
        for language, words in listed.items()
    }
    return spelt | {"en": _spelt(_ENGLISH, (" ",), _LAST_UNIT), "ja": han, "zh": han}


def _spelt(words: Mapping[str, int], joints: Sequence[str], last_unit: int) -> _Numbers:
    """Put tens before units by `joints`: in the pattern by its parts, which compiles quickly."""
    tens = [word for word, number in words.items() if number >= _FIRST_TENS and number % 10 == 0]
    units = [word for word, number in words.items() if 0 < number <= last_unit]
    composed = {
        f"{ten}{joint}{unit}": words[ten] + words[unit]
        for joint in joints
        for ten in tens
        for unit in units
    }
    parts = "".join(map(_any_of, (tens, joints, units))) + "|" if joints else ""
    return _Numbers(composed | dict(words), rf"{_DIGITS}|(?<![^\W\d_])(?:{parts}{_any_of(words)})")


def _any_of(texts: Iterable[str]) -> str:
    return f"(?:{'|'.join(sorted(texts, key=len, reverse=True))})"


def _number(text: str, words: Mapping[str, int]) -> int:
    if text.isdecimal():
        return int(text)
    return words[text] if text in words else _han_number(text)


def _han_number(text: str) -> int:
    """Read 十二 as 12, 二十 as 20, 一二 as 12."""
    total, digit = 0, 0
    for letter in text:
        if letter in "十百":
            total += (digit or 1) * (10 if letter == "十" else 100)
            digit = 0
        else:
            digit = digit * 10 + _HAN_DIGITS[letter]
    return total + digit
