"""Where a finding stands, as entries of the log write it: `path[a, b]` or `carrier/index[box]`."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

_IN_TEXT = re.compile(r"(?P<path>.+?)(?:\[(?P<start>\d{1,9}), (?P<end>\d{1,9})\])?", re.DOTALL)
_IN_PICTURE = re.compile(r"(?P<carrier>.+)/(?P<index>\d{1,9})\[(?P<box>\d{1,9}(?:, \d{1,9}){3})\]")
MOST_BOXES = 20
NOTABLE = 0.5
"""From this score on a finding is pointed out in a text."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one text, in characters, and what was found there."""

    path: str
    start: int
    end: int
    name: str


@dataclass(frozen=True, slots=True)
class Box:
    """A place in a picture, in its pixels, and what was found there."""

    name: str
    score: float
    carrier: str
    index: int
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text as it is drawn; `names` is empty where nothing was found."""

    text: str
    names: tuple[str, ...]


def span_of(finding: object) -> Span | None:
    """Return where in a text a finding of an entry's detail stands, if it is worth a look there."""
    if not isinstance(finding, Mapping):
        return None
    said = cast("Mapping[object, object]", finding)
    where, name, score = said.get("where"), said.get("name"), said.get("score")
    if not isinstance(where, str) or not isinstance(name, str):
        return None
    if not isinstance(score, int | float) or score < NOTABLE:
        return None
    found = _IN_TEXT.fullmatch(where)
    if found is None or found["start"] is None:
        return None
    return Span(found["path"], int(found["start"]), int(found["end"]), name)


def box_of(finding: object) -> Box | None:
    """Return where in a picture a finding of an entry's detail stands, if it says so."""
    if not isinstance(finding, Mapping):
        return None
    said = cast("Mapping[object, object]", finding)
    where, name, score = said.get("where"), said.get("name"), said.get("score")
    if not isinstance(where, str) or not isinstance(name, str):
        return None
    if not isinstance(score, int | float) or score <= 0:
        return None
    found = _IN_PICTURE.fullmatch(where)
    if found is None:
        return None
    left, top, width, height = map(int, found["box"].split(", "))
    return Box(name, score, found["carrier"], int(found["index"]), left, top, width, height)


def pieces(text: str, spans: Iterable[Span]) -> Sequence[Piece]:
    """Cut a text wherever a span begins or ends; together the pieces are the text."""
    inside = [
        Span(each.path, start, end, each.name)
        for each in spans
        if (start := min(each.start, len(text))) < (end := min(each.end, len(text)))
    ]
    cuts = sorted({0, len(text), *(e.start for e in inside), *(e.end for e in inside)})
    return [
        Piece(
            text[start:end],
            tuple(sorted({e.name for e in inside if e.start <= start and end <= e.end})),
        )
        for start, end in pairwise(cuts)
    ]
