"""Loads policy sets from text. Whatever can be known to be wrong is an error here."""

import yaml

from classifiers.classifier import Capability
from classifiers.content import Rendition
from classifiers.signals import SignalName
from policies.condition import Condition
from policies.exemption import read_exemptions
from policies.facts import Rating, Surface
from policies.layers import Layer, PolicySet
from policies.read_condition import read_condition
from policies.read_floor import read_floor
from policies.read_rule import read_rules
from policies.reading import Reader
from policies.requirement import Requirement


def load(text: str, name: str) -> PolicySet:
    """Read one policy set; `name` stands before every message, as a file's name would.

    Raises:
        PolicyError: it is not a policy set; it says all that is wrong, and where.
    """
    reader = Reader(text, name)
    required = ("set", "layer", "rules")
    blocks = ("evidence", "matrix")
    fields = reader.fields(
        reader.root, required, ("requires", "mature_when", "exemptions", *blocks)
    )
    layer = reader.word(fields.get("layer"), Layer, "layer")
    rules = read_rules(reader, fields.get("rules"), layer)
    loaded = PolicySet(
        reader.name(fields.get("set")),
        layer,
        _requirement(reader, fields.get("requires")),
        _mature_when(reader, fields.get("mature_when")),
        rules,
        read_floor(reader, fields.get("evidence"), fields.get("matrix"))
        if layer is Layer.FLOOR
        else None,
        read_exemptions(reader, fields.get("exemptions"), rules),
        reader.canonical(),
        text,
    )
    for block in blocks:
        if "layer" in fields and layer is Layer.FLOOR and block not in fields:
            reader.wrong(reader.root, f"'{block}' is missing", "the floor says it for all layers")
        if layer is not Layer.FLOOR and block in fields:
            reader.wrong(fields[block], f"only the floor has '{block}'", "remove it")
    if layer is Layer.FLOOR and "exemptions" in fields:
        reader.wrong(fields["exemptions"], "nobody is exempt from the floor", "remove it")
    reader.done()
    return loaded


def _mature_when(reader: Reader, node: yaml.Node | None) -> Condition | None:
    return None if node is None else read_condition(reader, node, frozenset({Surface.WHOLE}))


def _requirement(reader: Reader, node: yaml.Node | None) -> Requirement:
    fields = reader.fields(node, (), tuple(Rating))
    return Requirement(
        _capabilities(reader, fields.get(Rating.GENERAL)),
        _capabilities(reader, fields.get(Rating.MATURE)),
    )


def _capabilities(reader: Reader, node: yaml.Node | None) -> frozenset[Capability]:
    items = reader.items(node, "capabilities")
    return frozenset(_capability(reader, item) for item in items)


def _capability(reader: Reader, node: yaml.Node) -> Capability:
    """Read `signal` or `signal@rendition`, as `Capability` writes itself."""
    known = {
        str(capability): capability
        for name in SignalName
        for capability in (
            Capability(name),
            Capability(name, Rendition.PHOTOGRAPH),
            Capability(name, Rendition.DRAWING),
        )
        if capability.rendition is None or name.startswith("image.")
    }
    return reader.choice(node, known, "capability")
