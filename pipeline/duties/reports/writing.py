"""Writes documents as XML, and walks through them in the order in which they are written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from html import escape
from typing import TypeAlias, cast

from pipeline.duties.reports.document import FileDetails, Part, Report, tag_of

Value: TypeAlias = "str | int | datetime | Part | frozenset[StrEnum]"

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot carry; prompts do."""
_ROOTS = {Report: "report", FileDetails: "fileDetails"}


@dataclass(frozen=True, slots=True)
class Written:
    """A document as it is sent."""

    xml: bytes = field(repr=False)
    replaced: int
    """How many characters became U+FFFD because XML cannot carry them (R8)."""


def write(document: Report | FileDetails) -> Written:
    """Write a document. It MUST keep every rule of `rules`."""
    out = _Out()
    out.element(_ROOTS[type(document)], document)
    body = "".join(out.parts)
    return Written(f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode(), out.replaced)


def values(part: Part) -> Iterator[tuple[str, Value]]:
    """Yield what a part says, field by field; what is repeated, each time."""
    for each in fields(part):
        value: object = getattr(part, each.name)
        for one in cast("tuple[Value, ...]", value) if isinstance(value, tuple) else (value,):
            if one is not None and one != frozenset():
                yield each.name, cast("Value", one)


def parts(part: Part) -> Iterator[Part]:
    """Yield a part and all the parts within it."""
    yield part
    for _, value in values(part):
        if isinstance(value, Part):
            yield from parts(value)


def tags(part: Part) -> Iterator[str]:
    """Yield every element within a part, and every flag."""
    for name, value in values(part):
        if name != "text" and name not in part.ATTRIBUTES:
            yield tag_of(name)
        if isinstance(value, Part):
            yield from tags(value)
        elif isinstance(value, frozenset):
            yield from (each.value for each in value)


@dataclass(slots=True)
class _Out:
    parts: list[str] = field(default_factory=list[str])
    replaced: int = 0

    def element(self, tag: str, value: Value) -> None:
        if isinstance(value, frozenset):
            flags = "".join(f"<{each.value}/>" for each in sorted(value))
            self.parts.append(f"<{tag}>{flags}</{tag}>")
            return
        if not isinstance(value, Part):
            self.parts.append(f"<{tag}>{self._text(value)}</{tag}>")
            return
        said = [*values(value)]
        attributes = "".join(
            f' {tag_of(name)}="{self._text(each)}"'
            for name, each in said
            if name in value.ATTRIBUTES and not isinstance(each, Part | frozenset)
        )
        self.parts.append(f"<{tag}{attributes}>")
        for name, each in said:
            if name == "text" and not isinstance(each, Part | frozenset):
                self.parts.append(self._text(each))
            elif name not in value.ATTRIBUTES:
                self.element(tag_of(name), each)
        self.parts.append(f"</{tag}>")

    def _text(self, value: str | int | datetime) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, datetime):
            return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        clean, count = _ILLEGAL.subn("\ufffd", str(value))
        self.replaced += count
        return escape(clean)
