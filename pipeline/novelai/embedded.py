"""The metadata that a picture carries: in the file, and in its alpha plane.

novelai-api.md 5.2 and 5.3. Either copy may be missing or damaged without the other.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from classifiers.canonical import Canonical
from classifiers.content import Polarity, Text
from pipeline.items import Json
from pipeline.novelai import stealth

# PNG chunks and alpha name it so, EXIF in a WebP so.
_COMMENT = frozenset({"Comment", "UserComment"})
_SOURCE = {"PNG": "Source", "WEBP": "Software"}
# What says nothing of what is drawn.
_IDLE = frozenset(
    {"Title", "DocumentName", "Software", "Source", "Generation time", "Artist", "Copyright"}
)
_PROMPTS = frozenset({"prompt", "uc", "v4_prompt", "v4_negative_prompt", "actual_prompts"})
# What else the comment says that is a name and no text.
_NAMES = frozenset(
    {"signed_hash", "sampler", "noise_schedule", "request_type", "req_type", "model_name"}
    | {"model_hash", "controlnet_model", "stream"}
)
_NEGATIVE = frozenset({"uc", "v4_negative_prompt", "negative_prompt"})


@dataclass(frozen=True, slots=True)
class Embedded:
    """All that is written into one picture."""

    source: str = field(repr=False)
    comments: tuple[Mapping[str, Json], ...] = field(repr=False)
    """Each distinct copy of the comment, with its keys in their order."""
    texts: tuple[str, ...] = field(repr=False)
    """Whatever else is written there, such as the description."""

    def prompts(self, path: str) -> tuple[Text, ...]:
        """Give every prompt that a comment holds, as texts at `path`."""
        return tuple(
            text
            for comment in self.comments
            for name, value in comment.items()
            if name in _PROMPTS
            for text in _strings(path, name, value)
        )

    def others(self, path: str) -> tuple[Text, ...]:
        """Give every other text, but what is only a name."""
        return (
            *(Text(path, text) for text in self.texts),
            *(
                text
                for comment in self.comments
                for name, value in comment.items()
                if name not in _PROMPTS and name not in _NAMES
                for text in _strings(path, name, value)
            ),
        )


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


def _strings(path: str, name: str, value: Json) -> Iterator[Text]:
    """Give every text below `value`; below a negative prompt all of them are negative.

    By a list and not by recursion: whoever made the picture chose the depth.
    """
    waiting: list[tuple[str, Json]] = [(name, value)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, str) and value.strip():
            yield Text(path, value, Polarity.NEGATIVE if name in _NEGATIVE else Polarity.POSITIVE)
        elif isinstance(value, list):
            waiting.extend((name, item) for item in reversed(value))
        elif isinstance(value, dict):
            below = [(name if name in _NEGATIVE else key, item) for key, item in value.items()]
            waiting.extend(reversed(below))
