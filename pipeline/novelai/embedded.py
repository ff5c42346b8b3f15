"""The metadata that a picture carries: in the file, and in its alpha plane.

novelai-api.md 5.2 and 5.3. Either copy may be missing or damaged without the other.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from classifiers.canonical import Canonical
from pipeline.items import Json
from pipeline.novelai import stealth

# PNG chunks and alpha name it so, EXIF in a WebP so.
_COMMENT = frozenset({"Comment", "UserComment"})
_SOURCE = {"PNG": "Source", "WEBP": "Software"}
# What says nothing of what is drawn.
_IDLE = frozenset(
    {"Title", "DocumentName", "Software", "Source", "Generation time", "Artist", "Copyright"}
)


@dataclass(frozen=True, slots=True)
class Embedded:
    """All that is written into one picture."""

    source: str = field(repr=False)
    comments: tuple[Mapping[str, Json], ...] = field(repr=False)
    """Each distinct copy of the comment, with its keys in their order."""
    texts: tuple[str, ...] = field(repr=False)
    """Whatever else is written there, such as the description."""


def read(picture: Canonical) -> Embedded:
    """Give what `picture` carries; what does not parse as a comment is a text."""
    comments: dict[str, Mapping[str, Json]] = {}
    texts: list[str] = []
    source = ""
    for key, text in _entries(picture):
        if key == _SOURCE.get(picture.format):
            source = source or text
        if key in _COMMENT and (comment := _comment(text)):
            comments[json.dumps(comment)] = comment  # the same in alpha as in the file: once
        elif key not in _IDLE and text:
            texts.append(text)
    return Embedded(source, tuple(comments.values()), tuple(texts))


def _entries(picture: Canonical) -> Iterator[tuple[str, str]]:
    for note in picture.notes:
        yield note.key, note.text
    if picture.alpha is not None:
        for key, value in stealth.read(picture.alpha).items():
            yield key, value if isinstance(value, str) else json.dumps(value)


def _comment(text: str) -> Mapping[str, Json]:
    """Give the comment as an object; a re-saved file may wrap it in another (5.3)."""
    value = _object(text)
    wrapped = value.get("Comment")
    return _object(wrapped) if len(value) == 1 and isinstance(wrapped, str) else value


def _object(text: str) -> dict[str, Json]:
    try:
        value = cast("Json", json.loads(text))
        json.dumps(value)  # as deep as can be read is not always as deep as can be written
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
