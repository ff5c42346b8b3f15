"""Parses the plain part of YAML: mappings, lists and words, one document, one meaning.

Anchors, aliases and tags are refused, and so is bottomless nesting: no text becomes an object, and
no short text becomes a long one.
"""

from collections.abc import Iterable
from typing import Final, Protocol

import yaml

from policies.errors import PolicyError, Problem

_LOADER: Final = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
"""The one in C takes a tenth of the time; only what it says of what is no YAML differs."""

DEEPEST = 24
"""How deep a text may nest; no honest one comes near."""


class Mark(Protocol):
    """Where something stands in a text, counted from 0."""

    line: int
    column: int


def parse(text: str, name: str) -> yaml.Node:
    """Return the root of the only document in `text`.

    Raises:
        PolicyError: it is not one document of plain YAML.
    """
    lines = text.splitlines()
    problems: list[Problem] = []

    def note(mark: Mark | None, message: str, hint: str = "") -> None:
        line, column = place(mark)
        source = lines[line] if line < len(lines) else ""
        problems.append(Problem(name, line + 1, column + 1, message, source, hint))

    try:
        for event, message, hint in _tricks(text):
            note(event.start_mark, message, hint)
        root = None if problems else yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as fault:
        note(fault.problem_mark or fault.context_mark, f"not YAML: {fault.problem}")
    except (yaml.YAMLError, ValueError, OverflowError):
        # PyYAML lets chr() and int() fail on absurd escapes and versions
        note(None, "not YAML: a character or an escape that it does not allow")
    else:
        if root is not None:
            return root
        if not problems:
            note(None, "expected a policy set, got an empty text")
    raise PolicyError(problems)


def place(mark: Mark | None) -> tuple[int, int]:
    """Return line and column, from 0; the very beginning where there is no mark."""
    return (0, 0) if mark is None else (mark.line, mark.column)


def _tricks(text: str) -> Iterable[tuple[yaml.Event, str, str]]:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            yield event, "anchors and aliases are not allowed", "write it out"
        if getattr(event, "tag", None) is not None:
            yield event, "tags are not allowed", "remove the word after `!`"
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            yield event, f"nested deeper than {DEEPEST} levels", "nest less"
            return
