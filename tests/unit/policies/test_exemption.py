from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

import policies
from classifiers.signals import Finding, Reason, Signal, SignalName
from policies.decision import Action
from policies.errors import PolicyError
from policies.facts import Facts, Moment
from policies.policy import Policy
from policies.testing import ADULT, QUALIFIED, TEXTS, failing, harmless, saying
from tests.unit.policies.conftest import read_set

LAST = date(2026, 12, 31)
SET = """
set: museum
layer: tenant
requires: {general: [text.gore]}
rules:
  - rule: gore
    on: [text]
    when: {signal: text.gore, at_least: 0.5}
    action: block
    code: VIO.GORE
exemptions:
  - exemption: anatomy
    rule: gore
    evidence: [term:gore.en.1, term:gore.en.2]
    reason: prints of old anatomical atlases
    owner: the museum's curator
    expires: 2026-12-31
"""


def museum() -> Policy:
    return policies.compose([read_set("floor"), policies.load(SET, "museum.yaml")])


def gory(*terms: str) -> Sequence[Finding]:
    calm = [each for each in harmless(TEXTS) if each.name is not SignalName.TEXT_GORE]
    seen = [Signal(SignalName.TEXT_GORE, 0.9, TEXTS, "test", f"term:{term}") for term in terms]
    return (*calm, *seen)


def on(day: date | None) -> Facts:
    return replace(ADULT, today=day)


def decided(findings: Sequence[Finding], day: date | None = LAST) -> Action:
    return museum().decide(Moment.REQUEST, findings, on(day), QUALIFIED).action


def test_what_is_exempt_does_not_stop_anything() -> None:
    """A museum may ask for its own atlas."""
    assert decided(gory("gore.en.1", "gore.en.2")) is Action.ALLOW


def test_it_is_written_down_all_the_same() -> None:
    """Who reads the log sees what was passed over."""
    decision = museum().decide(Moment.REQUEST, gory("gore.en.1"), on(LAST), QUALIFIED)

    (verdict,) = [each for each in decision.verdicts if each.rule == "gore"]
    assert verdict.shadow


def test_anything_else_beside_it_counts() -> None:
    """Its scope is exact: another word is another matter."""
    assert decided(gory("gore.en.1", "gore.en.3")) is Action.BLOCK
    assert decided(saying(harmless(TEXTS), TEXTS, {SignalName.TEXT_GORE: 0.9})) is Action.BLOCK


@pytest.mark.parametrize("day", [LAST + timedelta(days=1), None])
def test_it_ends(day: date | None) -> None:
    """On its day; and where nobody knows the day, it has ended."""
    assert decided(gory("gore.en.1"), day) is Action.BLOCK


def test_what_nobody_could_look_at_is_never_exempt() -> None:
    """Not knowing is no evidence of atlases."""
    findings = failing(harmless(TEXTS), SignalName.TEXT_GORE, Reason.FAILED)

    assert decided(findings) is Action.HOLD


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rule: gore\n    evidence", "rule: matrix\n    evidence"),
        ("evidence: [term:gore.en.1, term:gore.en.2]", "evidence: []"),
        ("    reason: prints of old anatomical atlases\n", ""),
        ("reason: prints of old anatomical atlases", "reason: ''"),
        ("    owner: the museum's curator\n", ""),
        ("    expires: 2026-12-31\n", ""),
        ("2026-12-31", "never"),
    ],
)
def test_one_without_its_rule_scope_reason_owner_or_end_is_refused(old: str, new: str) -> None:
    """An exemption that nobody answers for would stay for ever."""
    assert old in SET

    with pytest.raises(PolicyError):
        policies.load(SET.replace(old, new), "museum.yaml")


def test_nobody_is_exempt_from_the_floor() -> None:
    """It would be no floor."""
    with pytest.raises(PolicyError, match="exempt from the floor"):
        policies.load(SET.replace("layer: tenant", "layer: floor"), "museum.yaml")
