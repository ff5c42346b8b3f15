"""Reads rules, and what follows from them."""

import yaml

from policies.decision import Action
from policies.facts import Moment, Surface
from policies.labels import HarmCode
from policies.layers import Layer
from policies.read_condition import read_condition
from policies.reading import Reader
from policies.rule import HOLD_UNKNOWN, Reaction, Rule


def read_rules(reader: Reader, node: yaml.Node | None, layer: Layer) -> tuple[Rule, ...]:
    """Read a list of rules, no two of one name."""
    rules: dict[str, Rule] = {}
    for item in reader.items(node, "rules"):
        rule = read_rule(reader, item, layer)
        if rule.name and rule.name in rules:
            reader.wrong(item, f"another rule is called '{rule.name}'", "give it its own name")
        rules[rule.name] = rule
    return tuple(rules.values())


def read_rule(reader: Reader, node: yaml.Node, layer: Layer) -> Rule:
    """Read one rule. The floor's says what unknown means, and is never in shadow."""
    required = ("rule", "on", "when", "action", "code")
    if layer is Layer.FLOOR:
        fields = reader.fields(node, (*required, "unknown"), ("at",))
    else:
        fields = reader.fields(node, required, ("unknown", "at", "shadow"))
    surfaces = frozenset(
        reader.word(item, Surface, "surface") for item in reader.items(fields.get("on"), "surfaces")
    )
    moments = frozenset(
        reader.word(item, Moment, "moment") for item in reader.items(fields.get("at"), "moments")
    )
    return Rule(
        reader.name(fields.get("rule")),
        surfaces,
        moments or frozenset(Moment),
        read_condition(reader, fields.get("when"), surfaces),
        Reaction(_action(reader, fields.get("action")), _code(reader, fields.get("code"))),
        read_reaction(reader, fields["unknown"]) if "unknown" in fields else HOLD_UNKNOWN,
        reader.flag(fields.get("shadow")),
    )


def read_reaction(reader: Reader, node: yaml.Node | None) -> Reaction:
    """Read what unknown means: an action, or an action with a code of its own."""
    if isinstance(node, yaml.MappingNode):
        fields = reader.fields(node, ("action", "code"))
        return Reaction(
            reader.word(fields.get("action"), Action, "action"), _code(reader, fields.get("code"))
        )
    return Reaction(reader.word(node, Action, "action"), HarmCode.UNKNOWN)


def _action(reader: Reader, node: yaml.Node | None) -> Action:
    action = reader.word(node, Action, "action")
    if isinstance(node, yaml.ScalarNode) and node.value == Action.ALLOW:
        reader.wrong(node, "a rule cannot allow: it can only add to what others say", "remove it")
    return action


def _code(reader: Reader, node: yaml.Node | None) -> HarmCode:
    return reader.word(node, HarmCode, "code")
