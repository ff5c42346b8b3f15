from collections.abc import Sequence
from pathlib import Path

import pytest

import policies
from policies.errors import PolicyError

SETS = Path(policies.__file__).parent / "sets"
RULES = """
rules:
  - rule: gore
    on: [text]
    when: {signal: text.gore, at_least: 0.5}
    action: block
    code: VIO.GORE
"""
REQUIRING = "requires: {general: [text.gore]}"


def shipped(name: str) -> policies.PolicySet:
    return policies.load((SETS / f"{name}.yaml").read_text("utf-8"), name)


def own(name: str, layer: str, more: str = REQUIRING, rules: str = RULES) -> policies.PolicySet:
    return policies.load(f"set: {name}\nlayer: {layer}\n{more}\n{rules}", name)


def told(sets: Sequence[policies.PolicySet]) -> str:
    with pytest.raises(PolicyError) as caught:
        policies.compose(sets)
    return str(caught.value)


def test_layers_lie_in_their_order() -> None:
    """Floor, default, jurisdiction, and any number of a tenant's."""
    sets = [
        shipped("floor"),
        shipped("default"),
        own("utah", "jurisdiction"),
        own("mine", "tenant"),
        own("also-mine", "tenant"),
    ]

    assert policies.compose(sets).sets == tuple(sets)


def test_a_policy_needs_its_floor_first() -> None:
    """Without one nothing would be sure; one that lies above others is a mistake."""
    assert "expected the floor first" in told([])
    assert "expected the floor first" in told([shipped("default")])
    assert "expected the floor first" in told([shipped("default"), shipped("floor")])


def test_there_is_one_floor() -> None:
    """Two would be two owners of the same thresholds."""
    assert "expected one floor, got another" in told([shipped("floor"), shipped("floor")])


def test_layers_out_of_order_are_refused() -> None:
    """The digest is of the order: it must be one order."""
    message = told([shipped("floor"), own("mine", "tenant"), shipped("default")])

    assert "a set of layer 'default' lies on 'mine' of layer 'tenant'" in message


def test_two_sets_of_one_name_are_refused() -> None:
    """A verdict names its set."""
    message = told([shipped("floor"), own("mine", "tenant"), own("mine", "tenant")])

    assert "mine: two sets have this name" in message


def test_a_question_that_no_rule_reads_is_refused() -> None:
    """It would be looked at in vain, and its silence would lead to nothing."""
    message = told([shipped("floor"), own("mine", "tenant", "requires: {mature: [text.hate]}")])

    assert "mine: requires 'text.gore'" not in message
    assert "mine: requires 'text.hate', which no rule reads" in message


def test_a_hold_for_an_unknown_that_is_tolerated_is_refused() -> None:
    """Its author would believe in a net that is not there."""
    message = told([shipped("floor"), own("mine", "tenant", "")])

    assert "rule 'gore' would hold where 'text.gore' is unknown" in message


def test_it_may_be_tolerated_on_purpose() -> None:
    """Then the rule says so."""
    rules = f"{RULES.rstrip()}\n    unknown: allow\n"

    assert policies.compose([shipped("floor"), own("mine", "tenant", "", rules)]).sets
