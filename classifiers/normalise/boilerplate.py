"""What NovelAI's clients write by themselves: quality tags and presets of undesired content.

Whoever judges what a person typed may leave it out. It is found only where that is harmless: the
exact text, in the field and place where those clients put it, asking for what it asks for alone.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import cast

from classifiers.content import Grammar, Polarity, Text
from classifiers.normalise.grammar import runs, weights
from classifiers.normalise.reading import Run, Span
from classifiers.yaml_data import parse

_OF_A_CHARACTER = "char"
"""In the path of a character's captions, to which clients add nothing."""
_RATED = "nsfw, "
"""What the official client puts before a preset, unless a model or a prompt makes it needless."""
_BETWEEN = ", "
_LETTERING = re.compile(r"text:$", re.IGNORECASE)


def _load() -> dict[str, list[str]]:
    text = files("classifiers.normalise").joinpath("boilerplate.yaml").read_text(encoding="utf-8")
    texts = cast("dict[str, list[str]]", parse(text))
    return {field: sorted(listed, key=len, reverse=True) for field, listed in texts.items()}


_LISTED = _load()
_QUALITY = tuple(_LISTED["quality"])
_UNDESIRED = (*(_RATED + text for text in _LISTED["undesired"]), *_LISTED["undesired"])


def boilerplate(
    field: Text, found: Sequence[Run], drawn: Sequence[Span], grammar: Grammar
) -> tuple[Span, ...]:
    """Return what clients wrote in `field`, whose runs are `found` and whose lettering is `drawn`.

    Quality tags begin a prompt, or end its base: the part before any `|` and any lettering.
    """
    text = field.text
    if _OF_A_CHARACTER in field.path.lower():
        return ()
    if field.polarity is Polarity.NEGATIVE:
        spans = _at_the_start(text, _UNDESIRED)
    else:
        base = _LETTERING.sub("", text[: _end_of_base(text, drawn)]).rstrip(" ,.\n")
        spans = (*_at_the_start(text, _QUALITY), *_at_the_end(base, _QUALITY))
    return tuple(
        (start, end)
        for start, end in dict.fromkeys(spans)
        if _asks(found, start, end) == _alone(text[start:end], field.polarity, grammar)
    )


def _end_of_base(text: str, drawn: Sequence[Span]) -> int:
    clauses = (start for start, _ in drawn if text[start - 1] == ":")
    end = min(clauses, default=len(text))
    bar = text.find("|", 0, end)
    return end if bar < 0 else bar


def _at_the_start(text: str, listed: Sequence[str]) -> tuple[Span, ...]:
    for one in listed:
        if text.startswith(one) and text[len(one) :].lstrip()[:1] in ("", ","):
            return ((0, len(one)),)
    return ()


def _at_the_end(base: str, listed: Sequence[str]) -> tuple[Span, ...]:
    for one in listed:
        if base.endswith(_BETWEEN + one):
            return ((len(base) - len(one), len(base)),)
    return ()


@lru_cache(1024)
def _alone(text: str, polarity: Polarity, grammar: Grammar) -> tuple[tuple[int, Polarity], ...]:
    return _asks(runs(text, weights(text), polarity, grammar), 0, len(text))


def _asks(found: Sequence[Run], start: int, end: int) -> tuple[tuple[int, Polarity], ...]:
    """Say what each part of `[start, end)` asks for in effect, wherever that changes."""
    parts: list[tuple[int, Polarity]] = []
    for run in found:
        if run.start < end and run.end > start and not (parts and parts[-1][1] is run.polarity):
            parts.append((max(run.start - start, 0), run.polarity))
    return tuple(parts)
