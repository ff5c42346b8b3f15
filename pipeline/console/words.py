"""The words of a request as a reviewer sees them: what was found, how they read, what tags mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from classifiers.content import Prompt
from classifiers.normalise import Reading
from classifiers.normalise.reading import FieldReading, Spelling
from pipeline.console.places import Piece, Span, pieces

_GLOSSES = Path(__file__).with_name("glosses.yaml")
_NOISE = frozenset({Spelling.REVERSED, Spelling.ROT13, Spelling.SQUEEZED})
"""Spellings that are tried and say nothing to a reader unless something was found in them."""
MOST_VIEWS = 8


@dataclass(frozen=True, slots=True)
class Said:
    """One text of a request, cut where something was found in it."""

    path: str
    polarity: str
    pieces: Sequence[Piece]
    views: Sequence[tuple[str, str]]
    """How it reads with a disguise undone, by the name of the view."""
    glosses: Sequence[tuple[str, str]]
    """What its tags mean, of those that have a gloss."""


def said_of(prompt: Prompt, reading: Reading, spans: Sequence[Span]) -> Sequence[Said]:
    """Return the texts of a request that are not empty."""
    fields = {path: field for field in reading.fields for path in (field.path, *field.also)}
    return [
        Said(
            text.path,
            text.polarity.value,
            pieces(text.text, [span for span in spans if span.path == text.path]),
            _views(fields.get(text.path)),
            _glossed(fields.get(text.path)),
        )
        for text in prompt.texts
        if text.text.strip()
    ]


def _views(field: FieldReading | None) -> Sequence[tuple[str, str]]:
    """Return what differs from the words as they stand; the same is not shown twice."""
    if field is None:
        return ()
    seen, found = {_bare(field.text)}, list[tuple[str, str]]()
    for view in field.views:
        bare = _bare(view.text)
        if bare and bare not in seen and view.spelling not in _NOISE:
            seen.add(bare)
            found.append((view.name, view.text.strip()))
    return found[:MOST_VIEWS]


def _glossed(field: FieldReading | None) -> Sequence[tuple[str, str]]:
    if field is None:
        return ()
    tags = (_bare(tag) for tag in field.plain.text.split(","))
    return [(tag, glosses()[tag]) for tag in dict.fromkeys(tags) if tag in glosses()]


@cache
def glosses() -> Mapping[str, str]:
    """Return what common tags mean, as the file beside this module has it."""
    read: dict[str, str] = yaml.safe_load(_GLOSSES.read_text(encoding="utf-8"))
    return read


def _bare(text: str) -> str:
    """Return words alone: no marks of weight, no case, single spaces."""
    return " ".join(text.casefold().translate(_MARKS).split())


_MARKS = {ord(mark): " " for mark in "{}[]()_"}
