"""Reads the conditions of rules."""

from collections.abc import Callable, Mapping

import yaml

from classifiers.content import Rendition
from classifiers.signals import SignalName
from policies.condition import (
    AllOf,
    Always,
    AnyOf,
    Condition,
    FactIs,
    MinorIs,
    Not,
    Possibly,
    RenditionIs,
    SexualIs,
    SignalIs,
)
from policies.facts import Fact, Surface
from policies.levels import Minor, Sexual
from policies.reading import Reader
from policies.scene import Bound, bears

Surfaces = frozenset[Surface]

_PICTURES = frozenset({Surface.UPLOAD, Surface.OUTPUT})


def read_condition(reader: Reader, node: yaml.Node | None, surfaces: Surfaces) -> Condition:
    """Read a condition of a rule on `surfaces`: a mapping whose first word says which kind."""
    if node is None:
        return Always()
    if not isinstance(node, yaml.MappingNode) or not node.value:
        reader.wrong(node, "expected a condition", f"a mapping with one of {', '.join(_KINDS)}")
        return Always()
    words = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
    present = [word for word in words if word in _KINDS]
    if len(present) != 1:
        got = ", ".join(present) if present else "none of them"
        reader.wrong(
            node, f"expected one kind of condition, got {got}", f"one of {', '.join(_KINDS)}"
        )
        return Always()
    return _KINDS[present[0]](reader, node, surfaces)


def _always(reader: Reader, node: yaml.Node, _surfaces: Surfaces) -> Condition:
    value = reader.fields(node, ("always",)).get("always")
    if value is not None and not reader.flag(value):
        reader.wrong(value, "expected true: a rule that never holds is no rule")
    return Always()


def _signal(reader: Reader, node: yaml.Node, surfaces: Surfaces) -> Condition:
    fields = reader.fields(node, ("signal",), tuple(Bound))
    name = reader.word(fields.get("signal"), SignalName, "signal")
    bounds = [bound for bound in Bound if bound in fields]
    if "signal" in fields and len(bounds) != 1:
        reader.wrong(node, "expected either 'at_least' or 'below'", "for example `at_least: 0.5`")
    deaf = sorted(surface for surface in surfaces if not bears(surface, name))
    if "signal" in fields and deaf:
        reader.wrong(
            fields["signal"],
            f"'{name}' is never reported of {', '.join(deaf)}",
            "change `on`, or use `on: [whole]` to ask of everything at once",
        )
    bound = bounds[0] if bounds else Bound.AT_LEAST
    return SignalIs(name, bound, reader.number(fields.get(bound)))


def _fact(reader: Reader, node: yaml.Node, _surfaces: Surfaces) -> Condition:
    return FactIs(reader.word(reader.fields(node, ("fact",)).get("fact"), Fact, "fact"))


def _minor(reader: Reader, node: yaml.Node, _surfaces: Surfaces) -> Condition:
    value = reader.fields(node, ("minor",)).get("minor")
    level = reader.word(value, Minor, "evidence of a minor")
    if value is not None and level is Minor.NONE:
        reader.wrong(value, "'none' or above is always so", "use `not: {minor: weak}`")
    return MinorIs(level)


def _sexual(reader: Reader, node: yaml.Node, _surfaces: Surfaces) -> Condition:
    value = reader.fields(node, ("sexual",)).get("sexual")
    level = reader.word(value, Sexual, "sexual level")
    if value is not None and level is Sexual.NONE:
        reader.wrong(value, "'none' or above is always so", "use `not: {sexual: suggestive}`")
    return SexualIs(level)


def _rendition(reader: Reader, node: yaml.Node, surfaces: Surfaces) -> Condition:
    value = reader.fields(node, ("rendition",)).get("rendition")
    rendition = reader.word(value, Rendition, "rendition")
    if value is not None and rendition is Rendition.UNSURE:
        reader.wrong(value, "'unsure' is no rendition", "use `possibly: {rendition: photograph}`")
    if value is not None and surfaces - _PICTURES:
        reader.wrong(value, "only pictures have a rendition", "use `on: [upload]` or `[output]`")
    return RenditionIs(rendition)


def _all(reader: Reader, node: yaml.Node, surfaces: Surfaces) -> Condition:
    parts = reader.items(reader.fields(node, ("all",)).get("all"), "conditions")
    return AllOf(tuple(read_condition(reader, part, surfaces) for part in parts))


def _any(reader: Reader, node: yaml.Node, surfaces: Surfaces) -> Condition:
    parts = reader.items(reader.fields(node, ("any",)).get("any"), "conditions")
    return AnyOf(tuple(read_condition(reader, part, surfaces) for part in parts))


def _not(reader: Reader, node: yaml.Node, surfaces: Surfaces) -> Condition:
    return Not(read_condition(reader, reader.fields(node, ("not",)).get("not"), surfaces))


def _possibly(reader: Reader, node: yaml.Node, surfaces: Surfaces) -> Condition:
    part = reader.fields(node, ("possibly",)).get("possibly")
    return Possibly(read_condition(reader, part, surfaces))


_KINDS: Mapping[str, Callable[[Reader, yaml.Node, Surfaces], Condition]] = {
    "always": _always,
    "signal": _signal,
    "fact": _fact,
    "minor": _minor,
    "sexual": _sexual,
    "rendition": _rendition,
    "all": _all,
    "any": _any,
    "not": _not,
    "possibly": _possibly,
}
