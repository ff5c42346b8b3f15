"""Writes a text as NovelAI's users and their evaders do: weights, braces, spellings, tag order.

It changes one text at a time and never joins two. What it adds is of one short list of words that
say nothing (`_PADDING`). All kinds of text are changed alike, so that a disguise tells nothing.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

_PADDING: Final = (
    "best quality",
    "amazing quality",
    "very aesthetic",
    "absurdres",
    "masterpiece",
    "highres",
    "no text",
    "incredibly absurdres",
    "detailed",
    "year 2024",
    "location",
    "-0.8::feet::",
)
_LEET: Final = {"a": "4@", "e": "3", "i": "1!", "o": "0", "s": "5$", "t": "7", "l": "1", "b": "8"}
_ROUND: Final = str.maketrans(
    {"a": "\u0430", "e": "\u0435", "o": "\u043e", "c": "\u0441", "p": "\u0440"}
)
_NEAR: Final = "qwertyuiop|asdfghjkl|zxcvbnm"


def augmented(text: str, tags: Sequence[str], random: Random) -> str:
    """Return `text`, or `tags` in another order, written otherwise."""
    if tags:
        order = list(tags)
        if random.random() < _SHUFFLED:
            random.shuffle(order)
        parts = [_tag(tag, random) for tag in order]
        changed = random.choice((", ", ", ", ", ", ",", " , ", "\n")).join(parts)
    else:
        changed = text if random.random() < _LEFT_ALONE else _prose(text, random)
    if random.random() < _DISGUISED:
        changed = random.choice(_DISGUISES)(changed, random)
    if random.random() < _PADDED:
        padding = ", ".join(random.sample(_PADDING, random.randint(1, 4)))
        changed = f"{padding}, {changed}" if random.random() < _EVEN else f"{changed}, {padding}"
    return changed


_SHUFFLED: Final = 0.5
_LEFT_ALONE: Final = 0.7
_DISGUISED: Final = 0.15
_PADDED: Final = 0.25
_EVEN: Final = 0.5
_WEIGHTED: Final = 0.12
_UNDERSCORED: Final = 0.15


def _tag(tag: str, random: Random) -> str:
    """Write one tag, perhaps weighted."""
    written = tag.replace(" ", "_") if random.random() < _UNDERSCORED else tag
    if random.random() >= _WEIGHTED:
        return written
    count = random.randint(1, 4)
    shapes = (
        f"{'{' * count}{written}{'}' * count}",
        f"{'[' * count}{written}{']' * count}",
        f"{random.randint(5, 30) / 10}::{written}::",
        f"({written}:{random.randint(8, 15) / 10})",
        f"(({written}))",
    )
    return random.choice(shapes)


def _prose(text: str, random: Random) -> str:
    """Write one caption as part of a prompt."""
    shapes: tuple[Callable[[str], str], ...] = (
        str.upper,
        str.lower,
        lambda one: one.rstrip(". "),
        lambda one: f"{{{one}}}",
        lambda one: f"1.2::{one}::",
        lambda one: ", ".join(one.rstrip(". ").split(" with ")),
    )
    return random.choice(shapes)(text)


def _typing_errors(text: str, random: Random) -> str:
    """Change, double, drop or swap letters of some words."""
    letters = list(text)
    for at in range(1, len(letters) - 1):
        if not letters[at].isalpha() or random.random() >= 0.04:  # noqa: PLR2004  # one of 25
            continue
        match random.randint(0, 3):
            case 0:
                letters[at] *= 2
            case 1:
                letters[at] = ""
            case 2:
                letters[at], letters[at - 1] = letters[at - 1], letters[at]
            case _:
                letters[at] = random.choice(_NEAR.replace("|", ""))
    return "".join(letters)


def _leet(text: str, random: Random) -> str:
    share = random.choice((0.2, 0.5, 0.9))
    changed = [
        random.choice(_LEET[letter]) if letter in _LEET and random.random() < share else letter
        for letter in text
    ]
    return "".join(changed)


def _spaced(text: str, random: Random) -> str:
    """Put a mark between the letters of a word here and there."""
    mark = random.choice((" ", ".", "-", "_", "*"))
    words = text.split(" ")
    return " ".join([mark.join(word) if random.random() < 0.3 else word for word in words])  # noqa: PLR2004


def _lookalike(text: str, _: Random) -> str:
    return text.translate(_ROUND)


def _weight_inside(text: str, random: Random) -> str:
    """Put a weight into the middle of a word here and there."""
    words = text.split(" ")
    for at, word in enumerate(words):
        if len(word) > 4 and random.random() < 0.3:  # noqa: PLR2004
            cut = random.randint(2, len(word) - 2)
            words[at] = f"{word[:cut]}{{{word[cut:]}}}"
    return " ".join(words)


def _together(text: str, random: Random) -> str:
    """Leave out spaces here and there."""
    return "".join([" " if one == " " and random.random() < _EVEN else one.strip() for one in text])


_DISGUISES: Final = (
    _typing_errors,
    _typing_errors,
    _leet,
    _spaced,
    _lookalike,
    _weight_inside,
    _together,
)
