"""Where a prompt asks for letters to be drawn: `text:` clauses and quoted strings."""

import re
from collections.abc import Iterator

from classifiers.normalise.reading import Span

_TEXT = re.compile(r"[Tt][Ee][Xx][Tt]:(?!:)")
_MAY_STAND_BEFORE = frozenset(",.:[]{}\u3001\u3002")
_CLAUSE_END = re.compile(r"\n\s*\n")
_QUOTED = re.compile(
    '"[^"]+"|\u300c[^\u300c\u300d]+\u300d|\u300e[^\u300e\u300f]+\u300f'
    "|\u201c[^\u201c\u201d]+\u201d|\u2018[^\u2018\u2019]+\u2019|\uff02[^\uff02]+\uff02"
)


def drawn(text: str) -> tuple[Span, ...]:
    """Return where lettering is asked for: first each `text:` clause, then each quoted string.

    A clause goes on to a blank line or the end, whatever stands in it.
    """
    return (*_clauses(text), *(match.span() for match in _QUOTED.finditer(text)))


def _clauses(text: str) -> Iterator[Span]:
    reach = 0
    for clause in _TEXT.finditer(text):
        start, end = clause.span()
        if start < reach or not _may_begin(text, start):
            continue
        blank = _CLAUSE_END.search(text, end)
        reach = len(text) if blank is None else blank.start()
        yield end, reach


def _may_begin(text: str, start: int) -> bool:
    before = text[start - 1 : start]
    return not before or before.isspace() or before in _MAY_STAND_BEFORE
