"""Redaction: takes content and secrets out of a log line before anything else sees it.

It errs towards hiding. A name that speaks of content or secrets loses its value; so does any
value of a type that nobody declared harmless; and whatever looks like a bearer is masked in every
text, under every name.
"""

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from enum import Enum
from pathlib import Path
from typing import cast
from uuid import UUID

from structlog.typing import EventDict, WrappedLogger

HIDDEN = "[hidden]"
LONGEST_TEXT = 300
"""No line of ours needs more; prompts and encoded pictures often have more."""
MOST_ITEMS = 20

_SENSITIVE = frozenset(
    {
        "auth",
        "authorization",
        "bearer",
        "body",
        "bytes",
        "caption",
        "captions",
        "claim",
        "content",
        "cookie",
        "cookies",
        "credential",
        "credentials",
        "data",
        "email",
        "header",
        "headers",
        "image",
        "images",
        "input",
        "key",
        "keys",
        "mask",
        "message",
        "password",
        "payload",
        "picture",
        "pictures",
        "prompt",
        "prompts",
        "pseudonym",
        "query",
        "secret",
        "secrets",
        "subject",
        "text",
        "texts",
        "token",
        "tokens",
        "uri",
        "url",
    }
)
_IDENTIFIES = frozenset({"bytes", "count", "digest", "id", "index", "sha256", "status"})
"""A name that ends so holds no content, if its value is a number or one plain word."""
_PLAIN = re.compile(r"[A-Za-z0-9_.:-]{1,80}", re.ASCII)
_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_BEARER = re.compile(
    r"pst-[\w-]*"  # NovelAI's persistent tokens, and our own
    r"|\beyJ[\w-]+(?:\.[\w-]*)*"  # web tokens
    r"|(?:bearer|basic)\s+\S+",  # whatever stood in an Authorization header
    re.IGNORECASE,
)
_LEFT_ALONE = frozenset({"exc_info"})
"""The next processor tells an exception by its type and its place only."""


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Return the event without content and secrets. MUST be the first processor."""
    return {
        name: value if name in _LEFT_ALONE else _named(name, value) for name, value in event.items()
    }


def _named(name: str, value: object) -> object:
    words = [word.lower() for word in _WORD.findall(name)]
    if not _SENSITIVE.intersection(words):
        return _harmless(value)
    if words[-1] not in _IDENTIFIES:
        return HIDDEN
    told = _harmless(value)
    is_number = isinstance(told, int | float) or told is None
    return told if is_number or (isinstance(told, str) and _PLAIN.fullmatch(told)) else HIDDEN


def _harmless(value: object) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case str() | Enum() | UUID() | date() | timedelta() | Path():
            return _masked(str(value))
        case Mapping():
            items = cast("Mapping[object, object]", value).items()
            return {_masked(str(key)): _named(str(key), inner) for key, inner in items}
        case list() | tuple() | AbstractSet():
            return _items(cast("Iterable[object]", value))
        case _:
            return f"<{type(value).__name__}>"


def _items(values: Iterable[object]) -> list[object]:
    told = [_harmless(value) for value in values]
    left_out = len(told) - MOST_ITEMS
    return told if left_out <= 0 else [*told[:MOST_ITEMS], f"and {left_out} more"]


def _masked(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        return f"[{len(text)} characters hidden]"
    return _BEARER.sub(HIDDEN, text)
