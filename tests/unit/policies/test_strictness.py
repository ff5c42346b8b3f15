"""What is said to be nowhere milder is nowhere milder: one person may go back to it alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import policies
from classifiers.signals import Finding
from policies.facts import Facts, Moment
from policies.policy import Policy
from policies.strictness import surely_as_strict
from policies.testing import QUALIFIED
from tests.unit.policies.test_floor_holds import FLOOR, findings, tenant_sets

OLD = """
set: tenant
layer: tenant
rules:
  - rule: gore
    on: [text]
    when: {signal: text.gore, at_least: 0.9}
    action: hold
    code: VIO.GORE
    unknown: allow
"""
MORE = """
  - rule: hate
    on: [text]
    when: {signal: text.hate, at_least: 0.9}
    action: block
    code: HATE.SYMBOL
    unknown: allow
"""
EXEMPT = """
exemptions:
  - exemption: gore
    rule: gore
    evidence: [term:any]
    reason: because
    owner: somebody
    expires: 2026-12-31
"""


def loaded(text: str) -> policies.PolicySet:
    return policies.load(text, "tenant.yaml")


@pytest.mark.parametrize(
    ("new", "is_sure"),
    [
        (OLD, True),
        (OLD + MORE, True),
        (OLD.replace("action: hold", "action: block"), True),
        (OLD.replace("unknown: allow", "unknown: label"), True),
        (OLD.replace("on: [text]", "on: [text, whole]"), True),
        (OLD.replace("action: hold", "action: label"), False),
        (OLD.replace("0.9", "0.5"), False),
        (OLD.replace("VIO.GORE", "HATE.SYMBOL"), False),
        (OLD.replace("rule: gore", "rule: other"), False),
        (OLD.replace("unknown: allow", "unknown: allow\n    shadow: true"), False),
        (OLD + EXEMPT, False),
        (OLD.replace("rules:", "requires: {general: [text.gore]}\nrules:"), False),
        (OLD.replace("layer: tenant", "layer: jurisdiction"), False),
    ],
)
def test_only_what_is_added_to_is_sure(new: str, is_sure: bool) -> None:
    """Another condition may be stricter: nobody can see it at a glance, so two people look."""
    assert surely_as_strict(loaded(new), loaded(OLD)) is is_sure


def test_to_take_an_exemption_away_is_sure() -> None:
    """And to take it back is not."""
    assert surely_as_strict(loaded(OLD), loaded(OLD + EXEMPT))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[policies.PolicySet, policies.PolicySet]:
    """A set, and one that was made of it by a change here and there."""
    text = draw(tenant_sets())
    changed = text
    for old, new in (
        ("shadow: true", "shadow: false"),
        ("shadow: false", "shadow: true"),
        ("unknown: allow", "unknown: label"),
        ("action: hold", "action: block"),
        ("action: block\n", "action: hold\n"),
        ("rule: rule.1", "rule: another"),
        ("at_least: 0.5", "at_least: 0.2"),
    ):
        if draw(st.booleans()):
            changed = changed.replace(old, new, 1)
    return loaded(text), loaded(changed)


@settings(max_examples=60, deadline=None)
@given(pairs(), findings(), st.builds(Facts, st.booleans(), st.booleans()), st.sampled_from(Moment))
def test_what_is_sure_is_so(
    pair: tuple[policies.PolicySet, policies.PolicySet],
    found: tuple[Finding, ...],
    facts: Facts,
    moment: Moment,
) -> None:
    """Over whatever was found."""

    def severity(policy: Policy) -> int:
        return policy.decide(moment, found, facts, QUALIFIED).action.severity

    first, second = pair
    for new, old in ((first, second), (second, first)):
        if surely_as_strict(new, old):
            stricter, before = policies.compose([FLOOR, new]), policies.compose([FLOOR, old])
            assert severity(stricter) >= severity(before)
