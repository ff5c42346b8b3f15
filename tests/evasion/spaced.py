"""Disguises that draw a word out or take it apart."""

from tests.evasion.disguise import (
    ALPHABETS,
    LATIN,
    Disguise,
    between,
    inside,
    one_by_one,
    opening,
    spelled,
)


def _alternating(word: str) -> str:
    return "".join(letter.upper() if at % 2 else letter for at, letter in enumerate(word))


def _pairs(word: str) -> str:
    return " ".join(word[at : at + 2] for at in range(0, len(word), 2))


def _many_signs(word: str) -> str:
    signs = ".-*~_ "
    return "".join(letter + signs[at % len(signs)] for at, letter in enumerate(word))[:-1]


DISGUISES: tuple[Disguise, ...] = (
    spelled("letters three times", one_by_one(lambda letter: letter * 3), ALPHABETS),
    spelled("letters twice", one_by_one(lambda letter: letter * 2), ALPHABETS),
    spelled("a last letter held", lambda word: word + word[-1] * 6, ALPHABETS),
    spelled("a letter in the middle held", lambda word: word[:2] + word[1] * 5 + word[2:], LATIN),
    spelled("spaces", between(" ")),
    opening("spaces at the start", between(" ")),
    spelled("two spaces", between("  ")),
    spelled("full stops", between(".")),
    spelled("hyphens", between("-")),
    spelled("underscores", between("_")),
    spelled("commas", between(", ")),
    spelled("asterisks", between("*")),
    spelled("slashes", between("/")),
    spelled("vertical bars", between("|")),
    spelled("plus signs", between("+")),
    spelled("middle dots", between("·")),
    spelled("new lines", between("\n")),
    opening("new lines at the start", between("\r\n")),
    spelled("ideographic spaces", between("\u3000")),
    spelled("no-break spaces", between("\u00a0")),
    spelled("emoji between", between("🌸")),
    spelled("dots with spaces", between(" . ")),
    spelled("many signs", _many_signs),
    spelled("pairs of letters", _pairs),
    spelled("one space inside", inside(" ")),
    spelled("one hyphen inside", inside("-")),
    spelled("one full stop inside", inside(".")),
    spelled("one new line inside", inside("\n")),
    spelled("one apostrophe inside", inside("'")),
    spelled("one tab inside", inside("\t")),
    spelled("alternating case", _alternating, ALPHABETS),
    spelled("camel case", lambda word: f"soft{word.capitalize()}View", ALPHABETS),
    spelled("snake case", lambda word: f"soft_{word}_view"),
    spelled("kebab case", lambda word: f"soft-{word}-view"),
    spelled("figures around", lambda word: f"2{word}7"),
)
