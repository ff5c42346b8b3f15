"""Settings as a tree of names, before anybody asked whether they make sense."""

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Never, cast

import yaml

from pipeline.errors import SettingsError

PREFIX = "IMPRIMATUR_"

Tree = Mapping[str, object]


def parse(text: str, name: str) -> Tree:
    """Read YAML: one mapping, every name a text and written once, no aliases.

    Raises:
        SettingsError: it is something else.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if problem := _problem(root):
            raise SettingsError([f"{name}{problem}"])
        tree: object = yaml.safe_load(text)
    except yaml.MarkedYAMLError as fault:
        raise SettingsError([f"{name}{_place(fault.problem_mark)}: not YAML: mend it"]) from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError):
        raise SettingsError([f"{name}: not YAML: mend it"]) from None
    return cast("dict[str, object]", tree)


def overrides(env: Mapping[str, str], but: AbstractSet[str]) -> Tree:
    """Return what the environment sets, `but` for some names, as a tree."""
    tree: dict[str, object] = {}
    for variable in sorted(env.keys() - but):
        if variable.startswith(PREFIX):
            *path, last = variable.removeprefix(PREFIX).lower().split("__")
            branch: Tree = {last: _value(env[variable])}
            for part in reversed(path):
                branch = {part: branch}
            tree = dict(put_over(tree, branch))
    return tree


def put_over(under: Tree, over: Tree) -> Tree:
    """Return `under` with everything that `over` has in its place; mappings are merged."""
    merged = dict(under)
    for name, value in over.items():
        below = under.get(name)
        if isinstance(value, dict) and isinstance(below, dict):
            branch = put_over(cast("Tree", below), cast("Tree", value))
            merged[name] = dict(branch)
        else:
            merged[name] = value
    return merged


def _value(text: str) -> object:
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return text


def _refuse(constant: str) -> Never:
    raise ValueError(constant)


def _problem(root: yaml.Node | None) -> str | None:
    """Say what the parser would pass over; None if there is nothing."""
    if not isinstance(root, yaml.MappingNode):
        return ": expected settings, one `name: value` on each line"
    waiting: list[yaml.Node] = [root]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            return f"{_place(node.start_mark)}: aliases are not allowed: write it out"
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting.extend(node.value)
        elif isinstance(node, yaml.MappingNode):
            names: set[str] = set()
            for key, value in node.value:
                if key.tag != "tag:yaml.org,2002:str" or key.value in names:
                    return f"{_place(key.start_mark)}: expected a name that is written once"
                names.add(key.value)
                waiting.append(value)
    return None


def _place(mark: yaml.Mark | None) -> str:
    return "" if mark is None else f":{mark.line + 1}:{mark.column + 1}"
