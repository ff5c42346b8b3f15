"""A way to write a word so that a filter misses it and a person, or NovelAI, still reads it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from classifiers.content import Grammar, Polarity, Prompt, Text
from tests.evasion.words import Script

ANY_SCRIPT = frozenset(Script)
LATIN = frozenset({Script.LATIN})
ALPHABETS = frozenset({Script.LATIN, Script.CYRILLIC})


@dataclass(frozen=True, slots=True)
class Disguise:
    """A disguise, and the scripts whose words it can be put on."""

    name: str
    write: Callable[[str], Prompt]
    scripts: frozenset[Script] = ANY_SCRIPT


Spell = Callable[[str], str]


def spelled(name: str, spell: Spell, scripts: frozenset[Script] = ANY_SCRIPT) -> Disguise:
    """Write a word another way, among ordinary tags."""
    return Disguise(name, partial(_among_tags, spell), scripts)


def opening(name: str, spell: Spell, scripts: frozenset[Script] = ANY_SCRIPT) -> Disguise:
    """Write a word another way, where the text begins."""
    return Disguise(name, partial(_first, spell), scripts)


def negative(name: str, spell: Spell, grammar: Grammar = Grammar.V4) -> Disguise:
    """Ask for a word by refusing it in the negative prompt."""
    return Disguise(name, partial(_refused, spell, grammar))


def mixed(name: str, spell: Spell) -> Disguise:
    """Write a word in the prompt language of V3."""
    return Disguise(name, partial(_in_v3, spell))


def over_fields(name: str, *paths: str) -> Disguise:
    """Let a word begin in one field and end in the next."""
    return Disguise(name, partial(_over_fields, paths))


def one_by_one(spell: Spell) -> Spell:
    """Spell each character by itself."""
    return lambda word: "".join(map(spell, word))


def between(mark: str) -> Spell:
    """Put `mark` between all characters."""
    return mark.join


def inside(mark: str, end: str = "") -> Spell:
    """Put `mark` in the middle of a word, and `end` behind it."""
    return lambda word: f"{word[: len(word) // 2]}{mark}{word[len(word) // 2 :]}{end}"


def alphabet(letters: str) -> dict[int, str]:
    """Give the table that writes a to z as `letters`; where there is none stands a space."""
    latin = "abcdefghijklmnopqrstuvwxyz"
    pairs = zip(latin, letters, strict=True)
    return {ord(plain): other for plain, other in pairs if other != " "}


def alphabet_from(first: int) -> dict[int, str]:
    """Give the table that writes a to z as 26 neighbours in Unicode."""
    return alphabet("".join(chr(first + at) for at in range(26)))


def translated(table: dict[int, str]) -> Spell:
    """Write characters as `table` has them."""
    return lambda word: word.translate(table)


def _among_tags(spell: Spell, word: str) -> Prompt:
    return _prompt(Text("input", f"masterpiece, {spell(word)}, soft light"))


def _first(spell: Spell, word: str) -> Prompt:
    return _prompt(Text("input", f"{spell(word)}, soft light"))


def _refused(spell: Spell, grammar: Grammar, word: str) -> Prompt:
    text = Text("parameters.negative_prompt", f"lowres, {spell(word)}", Polarity.NEGATIVE)
    return _prompt(Text("input", "masterpiece, soft light"), text, grammar=grammar)


def _in_v3(spell: Spell, word: str) -> Prompt:
    return _prompt(Text("input", spell(word)), grammar=Grammar.V3)


def _over_fields(paths: tuple[str, ...], word: str) -> Prompt:
    half = len(word) // 2
    first, second = f"masterpiece, {word[:half]}", f"{word[half:]}, soft light"
    return _prompt(Text(paths[0], first), Text(paths[1], second))


def _prompt(*texts: Text, grammar: Grammar = Grammar.V4) -> Prompt:
    return Prompt(texts, grammar)
