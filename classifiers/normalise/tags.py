"""Tags that mean something to NovelAI by their form: who drew it, its rating, who does what."""

import re

from classifiers.normalise.reading import Tag, TagKind

_VALUE = r"(?P<value>[^,|{}\[\]\n:]{1,64})"
_BEGINS = r"(?<![^\W_])"


def _form(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_FORMS = (
    *((one, one, _form(rf"{_BEGINS}{one} ?: ?{_VALUE}")) for one in ("artist", "rating", "year")),
    *((one, one, _form(rf"{_BEGINS}{one}#{_VALUE}")) for one in ("source", "target", "mutual")),
    ("year", "year ", _form(rf"{_BEGINS}year (?P<value>[0-9]{{4}})(?![0-9])")),
    ("chunk", "@[", _form(r"@\[(?P<value>[^\]\n]{1,64})\]")),
)
"""Of each form its kind, what a text must hold that has any, and where it stands."""
_DATASET = re.compile(r"\s*(?P<value>fur|background) dataset(?=\s*(?:,|$))", re.IGNORECASE)


def tags(text: str) -> tuple[Tag, ...]:
    """Return each tag of a known form in `text`, in order. A dataset switch can only begin it."""
    lower = text.lower()
    switch = _DATASET.match(text)
    found = [] if switch is None else [_tag(TagKind.DATASET, switch)]
    for kind, needs, form in _FORMS:
        if needs in lower:
            found += (_tag(TagKind(kind), match) for match in form.finditer(text))
    return tuple(sorted(found, key=lambda tag: tag.span))


def _tag(kind: TagKind, match: re.Match[str]) -> Tag:
    return Tag(kind, match.span(), match.span("value"))
