"""Nothing that is laid on the floor makes a decision milder than the floor's alone."""

from datetime import date
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import policies
from classifiers.classifier import Capability
from classifiers.signals import Finding, Reason, Signal, SignalName, Unavailable, Where
from policies.decision import Action
from policies.facts import Fact, Facts, Moment, Surface
from policies.labels import HarmCode
from policies.levels import Minor, Sexual
from policies.testing import EMBEDDED, OUTPUT, QUALIFIED, TEXTS, UPLOAD, harmless, silent
from policies.truth import Truth

FLOOR = policies.load(
    (Path(policies.__file__).parent / "sets" / "floor.yaml").read_text("utf-8"), "floor.yaml"
)
ALONE = policies.compose([FLOOR])

EVIDENCE = "term:any"
PLACES: list[Where] = [TEXTS, UPLOAD, OUTPUT]

scores = st.sampled_from(["0.0", "0.05", "0.2", "0.35", "0.5", "0.9", "1.0"])
leaves = st.one_of(
    st.builds(
        "{{signal: {}, {}: {}}}".format,
        st.sampled_from(list(SignalName)),
        st.sampled_from(["at_least", "below"]),
        scores,
    ),
    st.builds("{{minor: {}}}".format, st.sampled_from(list(Minor)[1:])),
    st.builds("{{sexual: {}}}".format, st.sampled_from(list(Sexual)[1:])),
    st.builds("{{fact: {}}}".format, st.sampled_from(list(Fact))),
    st.just("{always: true}"),
)
conditions = st.recursive(
    leaves,
    lambda parts: st.one_of(
        st.builds("{{not: {}}}".format, parts),
        st.builds("{{possibly: {}}}".format, parts),
        st.builds("{{all: [{}, {}]}}".format, parts, parts),
        st.builds("{{any: [{}, {}]}}".format, parts, parts),
    ),
    max_leaves=4,
)
capabilities = st.sampled_from(
    [str(question) for question in sorted(QUALIFIED, key=str) if question.name in FLOOR.reads()]
)


@st.composite
def tenant_sets(draw: st.DrawFn) -> str:
    lines = ["set: tenant", "layer: tenant"]
    required = draw(st.lists(capabilities, max_size=3, unique=True))
    if required:
        lines.append(f"requires: {{general: [{', '.join(required)}]}}")
    if draw(st.booleans()):
        lines.append(f"mature_when: {draw(conditions)}")
    lines.append("rules:")
    for number in range(draw(st.integers(1, 3))):
        action = draw(st.sampled_from([a for a in Action if a is not Action.ALLOW]))
        lines += [
            f"  - rule: rule.{number}",
            f"    on: [{Surface.WHOLE}]",
            f"    when: {draw(conditions)}",
            f"    action: {action}",
            f"    code: {draw(st.sampled_from(list(HarmCode)))}",
            f"    unknown: {draw(st.sampled_from(['allow', 'label']))}",
            f"    shadow: {draw(st.sampled_from(['true', 'false']))}",
        ]
    if draw(st.booleans()):
        lines += [
            "exemptions:",
            "  - exemption: anything",
            "    rule: rule.0",
            f"    evidence: [{EVIDENCE}]",
            "    reason: because",
            "    owner: somebody",
            "    expires: 2026-12-31",
        ]
    return "\n".join(lines)


@st.composite
def findings(draw: st.DrawFn) -> tuple[Finding, ...]:
    """Anything may be said of anything, any number of times, or not at all."""
    found: list[Finding] = []
    for place in draw(st.lists(st.sampled_from(PLACES), max_size=3, unique=True)):
        names = [name for name in SignalName if name.startswith("text.") is (place == TEXTS)]
        for name in names:
            score = draw(st.sampled_from([0.0, 0.0, 0.25, 0.4, 0.6, 0.99]))
            what = draw(st.integers(0, 9))
            if what == 0:
                found.append(Unavailable(name, place, "one", draw(st.sampled_from(Reason))))
            if what > 1:
                found.append(Signal(name, score, place, "another", EVIDENCE))
    return tuple(found)


@settings(deadline=None)  # the machine is shared: a slow moment is no failure
@given(
    tenant_sets(),
    findings(),
    st.builds(Facts, st.booleans(), st.booleans(), today=st.sampled_from([None, date.min])),
    st.sampled_from(Moment),
    st.sampled_from([EMBEDDED, QUALIFIED, None]),
)
def test_whatever_a_tenant_says_the_floor_decides_at_least(
    text: str,
    found: tuple[Finding, ...],
    facts: Facts,
    moment: Moment,
    installed: frozenset[Capability] | None,
) -> None:
    """Sets, thresholds, shadows, failures and silence: the promise of the whole house."""
    both = policies.compose([FLOOR, policies.load(text, "tenant.yaml")])

    alone = ALONE.decide(moment, found, facts, installed)
    decision = both.decide(moment, found, facts, installed)

    assert decision.action.severity >= alone.action.severity
    assert decision.missing >= alone.missing
    assert {v for v in alone.verdicts if v.rule != "required"} <= set(decision.verdicts)


@settings(deadline=None)  # the machine is shared: a slow moment is no failure
@given(findings(), st.sampled_from(Moment))
def test_a_failure_never_turns_a_stop_into_a_plain_allow(
    found: tuple[Finding, ...], moment: Moment
) -> None:
    """Every detector down at once is the strictest test: nothing goes on."""
    facts = Facts(tier_adult=True, age_claim=True)
    down = tuple(Unavailable(f.name, f.where, "down", Reason.FAILED) for f in found)

    assert not ALONE.decide(moment, down, facts, QUALIFIED).allows


ODD_RULE = """
  - rule: odd
    on: [text]
    when: {not: {signal: text.hate, at_least: 0.5}}
    action: block
    code: HATE.SYMBOL
    unknown: allow
"""
ASKING = """
set: asking
layer: tenant
requires: {general: [text.hate]}
rules:
  - rule: hate
    on: [text]
    when: {signal: text.hate, at_least: 0.5}
    action: block
    code: HATE.SYMBOL
    unknown: allow
"""


def test_asking_for_more_cannot_turn_a_no_into_an_unknown() -> None:
    """Under a `not`, "unknown" is milder than "no": so the floor is judged alone as well."""
    text = (Path(policies.__file__).parent / "sets" / "floor.yaml").read_text("utf-8")
    odd = policies.load(text.rstrip() + ODD_RULE, "odd.yaml")
    both = policies.compose([odd, policies.load(ASKING, "asking.yaml")])
    found = silent(harmless(TEXTS), SignalName.TEXT_HATE)

    rules = {each.rule: each.answer.truth for each in both.account(*about(found)).judgements}

    assert rules["odd"] is Truth.UNKNOWN
    assert policies.compose([odd]).decide(*about(found), QUALIFIED).action is Action.BLOCK
    assert both.decide(*about(found), QUALIFIED).action is Action.BLOCK


def about(found: tuple[Finding, ...]) -> tuple[Moment, tuple[Finding, ...], Facts]:
    return Moment.REQUEST, found, Facts(tier_adult=False, age_claim=False)
