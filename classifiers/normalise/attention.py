"""The prompt language of self-hosted engines, read only as far as moderation needs it.

`(x:1.2)`, `((x))` and `[x]` weigh, `[a:b:0.5]` and `[a|b]` put one text in the place of another
while a picture is drawn, `BREAK` and `AND` part, `<lora:x:1>` adds a network and leaves no text.
None of it hides a word. No weight makes a wanted word unwanted: those engines level what they
weighed, so that a prompt all below zero asks for what it says. In a negative field, what may be
below zero asks for the whole field.
"""

import re
from collections.abc import Iterator

from classifiers.content import Polarity
from classifiers.normalise.reading import Run, Span

_MARKS = re.compile(r"[\\()<>]|:\s*+[+-]?[.\d]++\s*+(?=[)\]>])|\b(?:BREAK|AND)\b")
"""What weighs, schedules, escapes or parts; possessive, so that no text is read twice."""
_WEIGHTS = re.compile(r"[\\()]|:\s*+[+-]?[.\d]++\s*+(?=\))")
_BELOW_ZERO = re.compile(r"-\s*+[.\d]")
_GROUP = re.compile(r"[\[<]([^\[\]<>]*+)[\]>]")
"""What holds no other of its kind: emphasis, a schedule, alternatives or a network."""
_BETWEEN = re.compile(r"[:|]")
WORD = re.compile(r"[\w{}]{1,32}")
"""What a schedule may add letters to, in a text without weights."""

Piece = tuple[str, int]
"""A text and where it stands."""


def spans(text: str) -> list[Span]:
    """Return where marks stand: no words, and nothing between the letters beside them."""
    return [match.span() for match in _MARKS.finditer(text)]


def weights(text: str) -> list[Span]:
    """Return where weights and escapes stand: what is left spells what schedules spell."""
    return [match.span() for match in _WEIGHTS.finditer(text)]


def runs(text: str, polarity: Polarity) -> tuple[Run, ...]:
    """Return the text as one stretch: wanted, unless it is a negative field beyond doubt."""
    if not text:
        return ()
    turned = polarity is Polarity.NEGATIVE and _may_turn(text)
    return (Run(0, len(text), -1.0 if turned else 1.0, Polarity.POSITIVE if turned else polarity),)


def _may_turn(text: str) -> bool:
    """Whether a weight below zero may stand here, also one that a schedule puts together."""
    if "-" not in text or ":" not in text:
        return False
    return _BELOW_ZERO.search(text) is not None or _inside(text) is not None


def _inside(text: str) -> str | None:
    """Return what stands between the first `[` and the last `]`, if that may be a schedule."""
    inside = text[text.find("[") + 1 : text.rfind("]")] if "[" in text else ""
    return inside if _BETWEEN.search(inside) else None


def is_nested(text: str) -> bool:
    """Whether a schedule may stand in another: what these spell is not spelt out."""
    inside = _inside(text)
    if inside is None:
        return False
    depth = 0
    for mark in re.finditer(r"[\[\]]", text):
        depth = depth + 1 if mark[0] == "[" else max(depth - 1, 0)
        if depth > 1:
            return True
    return False


def groups(text: str) -> Iterator[tuple[int, int, list[Piece]]]:
    """Give each schedule and each network, with what may stand in its place, nothing included."""
    for match in _GROUP.finditer(text):
        at, found = match.start(1), []
        for piece in _BETWEEN.split(match[1]):
            found.append((piece, at))
            at += len(piece) + 1
        if len(found) > 1:
            found.append(("", match.start()))
        yield match.start(), match.end(), found
