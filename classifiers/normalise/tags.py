"""Tags that mean something to NovelAI by their form: who drew it, its rating, who does what."""

import re
from collections.abc import Iterator

from classifiers.normalise.reading import Tag, TagKind

_VALUE = r"[^,|{}\[\]\n:]{1,64}"
_TAG = re.compile(
    rf"(?<![^\W_])(?:(?P<colon>artist|rating|year)[ ]?:[ ]?|(?P<action>source|target|mutual)#)"
    rf"(?P<value>{_VALUE})|@\[(?P<chunk>[^\]\n]{{1,64}})\]|(?<![^\W_])year (?P<year>\d{{4}})(?!\d)",
    re.IGNORECASE,
)
_MARKS = ("artist", "rating", "year", "source#", "target#", "mutual#", "@[")
_DATASET = re.compile(r"\s*(?P<value>fur|background) dataset(?=\s*(?:,|$))", re.IGNORECASE)


def tags(text: str) -> tuple[Tag, ...]:
    """Return each tag of a known form in `text`, in order. A dataset switch can only begin it."""
    lower = text.lower()
    switch = _DATASET.match(text)
    found = [] if switch is None else [_tag(TagKind.DATASET, switch, "value")]
    if any(mark in lower for mark in _MARKS):
        found += _others(text)
    return tuple(found)


def _others(text: str) -> Iterator[Tag]:
    for match in _TAG.finditer(text):
        if match["chunk"]:
            yield _tag(TagKind.CHUNK, match, "chunk")
        elif match["year"]:
            yield _tag(TagKind.YEAR, match, "year")
        else:
            kind = TagKind((match["colon"] or match["action"]).lower())
            yield _tag(kind, match, "value")


def _tag(kind: TagKind, match: re.Match[str], value: str) -> Tag:
    return Tag(kind, match.span(), match.span(value))
