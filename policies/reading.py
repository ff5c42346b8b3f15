"""Reads YAML strictly, keeps where everything stands, and collects all that is wrong.

A reader does not stop at the first problem: it notes it, returns any value of the right type and
reads on. What it returned MUST NOT be used before `done` was called.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

import yaml

from policies.errors import PolicyError, Problem
from policies.plain_yaml import parse, place

T = TypeVar("T")
Word = TypeVar("Word", bound=StrEnum)

_NAME = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")
_NUMBER = re.compile(r"[01](\.[0-9]{1,6})?")


class Reader:
    """One text, and what is wrong with it."""

    def __init__(self, text: str, name: str) -> None:
        self._name = name
        self._lines = text.splitlines()
        self._problems: list[Problem] = []
        self.root = parse(text, name)

    def done(self) -> None:
        """Raise everything that was noted.

        Raises:
            PolicyError: something was.
        """
        if self._problems:
            raise PolicyError(sorted(self._problems, key=lambda each: (each.line, each.column)))

    def wrong(self, node: yaml.Node, message: str, hint: str = "") -> None:
        """Note that something is wrong with `node`."""
        line, column = place(node.start_mark)
        source = self._lines[line] if line < len(self._lines) else ""
        self._problems.append(Problem(self._name, line + 1, column + 1, message, source, hint))

    def canonical(self) -> str:
        """Everything the text says, without comments and layout."""
        return json.dumps(_plain(self.root), sort_keys=True, ensure_ascii=True)

    def fields(
        self, node: yaml.Node | None, required: Sequence[str], optional: Sequence[str] = ()
    ) -> Mapping[str, yaml.Node]:
        """Read a mapping that has all `required` keys and no others than those and `optional`."""
        if node is None:
            return {}
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, f"expected a mapping with {_listed(required)}, got {_kind(node)}")
            return {}
        fields: dict[str, yaml.Node] = {}
        for key, value in node.value:
            self._field(key, value, fields, (*required, *optional))
        for name in required:
            if name not in fields:
                self.wrong(node, f"'{name}' is missing", f"write `{name}: ...` here")
        return fields

    def _field(
        self,
        key: yaml.Node,
        value: yaml.Node,
        fields: dict[str, yaml.Node],
        names: Sequence[str],
    ) -> None:
        name = key.value if isinstance(key, yaml.ScalarNode) else _kind(key)
        if name in fields:
            self.wrong(key, f"'{name}' stands here twice", "keep one of them")
        elif name not in names:
            self.wrong(key, f"unknown key '{name}'", _nearest(name, names))
        else:
            fields[name] = value

    def items(self, node: yaml.Node | None, what: str) -> Sequence[yaml.Node]:
        """Read a list of `what`, of which there is at least one."""
        if node is None:
            return ()
        if not isinstance(node, yaml.SequenceNode):
            self.wrong(node, f"expected a list of {what}, got {_kind(node)}")
            return ()
        if not node.value:
            self.wrong(node, f"expected at least one of {what}, got an empty list")
        return tuple(node.value)

    def word(self, node: yaml.Node | None, kind: type[Word], what: str) -> Word:
        """Read one of the words of `kind`."""
        return self.choice(node, {str(member): member for member in kind}, what)

    def choice(self, node: yaml.Node | None, words: Mapping[str, T], what: str) -> T:
        """Read one of `words`, and return what it stands for."""
        anything = next(iter(words.values()))
        if node is None:
            return anything
        if not isinstance(node, yaml.ScalarNode):
            self.wrong(node, f"expected one {what}, got {_kind(node)}")
        elif node.value not in words:
            self.wrong(node, f"unknown {what} '{node.value}'", _nearest(node.value, tuple(words)))
        else:
            return words[node.value]
        return anything

    def name(self, node: yaml.Node | None) -> str:
        """Read a name: lower-case letters and digits, joined by dots, dashes or underscores."""
        if node is None:
            return ""
        if not isinstance(node, yaml.ScalarNode) or not _NAME.fullmatch(node.value):
            self.wrong(node, "expected a name", "lower-case letters and digits, joined by . - or _")
            return ""
        return str(node.value)

    def phrase(self, node: yaml.Node | None) -> str:
        """Read a text in words, which says something."""
        if node is None:
            return ""
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            self.wrong(node, f"expected a text, got {_kind(node)}")
            return ""
        return str(node.value)

    def day(self, node: yaml.Node | None) -> date:
        """Read a day, as `2026-12-31`."""
        if node is None:
            return date.min
        try:
            return date.fromisoformat(node.value if isinstance(node, yaml.ScalarNode) else "")
        except ValueError:
            self.wrong(node, f"expected a day, got {_kind(node)}", "for example 2026-12-31")
            return date.min

    def number(self, node: yaml.Node | None) -> float:
        """Read a score from 0 to 1."""
        if node is None:
            return 0.0
        plain = isinstance(node, yaml.ScalarNode) and not node.style
        if not plain or not _NUMBER.fullmatch(node.value) or float(node.value) > 1:
            got = f"'{node.value}'" if isinstance(node, yaml.ScalarNode) else _kind(node)
            self.wrong(node, f"expected a score from 0 to 1, got {got}", "for example 0.5")
            return 0.0
        return float(node.value)

    def flag(self, node: yaml.Node | None) -> bool:
        """Read `true` or `false`, and none of YAML's other words for them."""
        if node is None:
            return False
        if not isinstance(node, yaml.ScalarNode) or node.value not in {"true", "false"}:
            self.wrong(node, "expected true or false")
            return False
        return bool(node.value == "true")


def _plain(node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    return node.value


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    return "a list" if isinstance(node, yaml.SequenceNode) else f"'{node.value}'"


def _nearest(word: str, words: Sequence[str]) -> str:
    near = get_close_matches(word, words, n=1)
    return f"did you mean '{near[0]}'?" if near else f"one of {_listed(words)}"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)
