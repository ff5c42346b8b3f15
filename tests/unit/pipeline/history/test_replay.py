"""Deciding again: what turns is counted by rule and code, and what cannot be decided is told."""

from collections.abc import Sequence
from typing import Any

import policies
from classifiers.signals import Field, Finding, Picture, Signal, SignalName, Unavailable
from pipeline.cli.policy_sets import stacked
from pipeline.history.replay import MOST_SHOWN, Replay, Tally
from policies.facts import Facts, Moment, Rating
from policies.policy import Policy
from policies.testing import harmless
from tests.unit.pipeline.cli.conftest import STRICTER

TEXT = Field("*")
TODAY = stacked([])
OTHER = stacked([policies.load(STRICTER, "stricter.yaml")])
INSTALLED = OTHER.required(Rating.MATURE)


def told(finding: Finding) -> dict[str, Any]:
    """Write a finding as the detail of an entry has it."""
    where = finding.where
    place = where.path if isinstance(where, Field) else f"{where.carrier}/{where.index}"
    said = {"name": finding.name, "where": place, "source": finding.source}
    if isinstance(finding, Signal):
        return {**said, "score": finding.score, "evidence": finding.evidence}
    assert isinstance(finding, Unavailable)
    return {**said, "unavailable": finding.reason}


def decision(
    *others: Finding, by: Policy = TODAY, tier_adult: bool = False, **more: Any
) -> dict[str, Any]:
    """What a policy decided over a harmless text in which this was found besides."""
    found: Sequence[Finding] = [
        *(each for each in harmless(TEXT) if each.name not in {other.name for other in others}),
        *others,
    ]
    facts = Facts(tier_adult, tier_adult, frozenset({TEXT}))
    made = by.decide(Moment.REQUEST, found, facts, INSTALLED)
    return {
        "entry": "e-1",
        "moment": "request",
        "tenant": "harbour",
        "policy_digest": by.digest,
        "action": made.action,
        "code": made.code,
        "facts": {"tier_adult": tier_adult, "age_claim": tier_adult},
        "findings": [told(each) for each in found],
        **more,
    }


def suggestive(score: float = 0.9) -> Signal:
    """A text that is suggestive, as a rule of `STRICTER` blocks it."""
    return Signal(SignalName.TEXT_SEXUAL_SUGGESTIVE, score, TEXT, "prompt_terms@1")


def replayed(*decisions: dict[str, Any], to: Policy = OTHER) -> Replay:
    """Decide again by another policy."""
    trial = Replay(lambda _: TODAY, lambda _: to, INSTALLED)
    trial.take(decisions)
    return trial


def test_what_a_stricter_set_would_block_turns() -> None:
    """By the new rule, stricter; and what it does not speak of stays."""
    tally = replayed(decision(suggestive(), tier_adult=True), decision()).tally

    assert (tally.decided, tally.turned) == (2, 1)
    assert dict(tally.turns) == {("request", "label", "block"): 1}
    assert ("suggestive", "stricter") in tally.rules
    assert dict(tally.codes) == {("SEX.SUGGESTIVE", "SEX.SUGGESTIVE"): 1}
    (shown,) = tally.shown
    assert shown["entry"] == "e-1"


def test_what_a_milder_set_would_allow_turns_by_the_rule_that_stopped_it() -> None:
    """Seen from the other side: the stricter set was in force then."""
    trial = Replay(lambda _: OTHER, lambda _: TODAY, INSTALLED)
    trial.take([decision(suggestive(), by=OTHER, tier_adult=True)])

    assert dict(trial.tally.turns) == {("request", "block", "label"): 1}
    assert dict(trial.tally.rules) == {("suggestive", "milder"): 1}


def test_holds_are_counted_both_ways() -> None:
    """More of them need more people."""
    tally = Tally()
    tally.turns.update({("request", "allow", "hold"): 5, ("output", "hold", "block"): 2})

    assert tally.holds() == 3


def test_what_changed_before_today_is_no_flip_of_the_new_set() -> None:
    """An older policy blocked it, today's does not, and the new one says what today's says."""
    older = decision(policy_digest="0" * 64, action="block", code="SEX.SUGGESTIVE")
    tally = replayed(older, to=TODAY).tally

    assert (tally.decided, tally.turned, tally.drifted, tally.unproven) == (1, 0, 1, 1)


def test_what_is_not_all_that_was_decided_over_proves_nothing() -> None:
    """Today's policy, which decided it, decides otherwise now: no flip is made of that."""
    tally = replayed(decision(suggestive(), tier_adult=True, action="block")).tally

    assert (tally.decided, tally.turned, dict(tally.closed)) == (0, 0, {"unlike": 1})


def test_what_cannot_be_opened_is_counted_by_why() -> None:
    """Never as one that did not turn."""
    tally = replayed({"closed": "erased"}, {"closed": "erased"}, {"closed": "untrusted"}).tally

    assert (tally.decided, dict(tally.closed)) == (0, {"erased": 2, "untrusted": 1})


def test_only_the_first_are_shown_one_by_one() -> None:
    """A million flips are a number."""
    many = [decision(suggestive(), tier_adult=True) for _ in range(MOST_SHOWN + 5)]
    tally = replayed(*many).tally

    assert (tally.turned, len(tally.shown)) == (MOST_SHOWN + 5, MOST_SHOWN)


def test_a_mask_is_judged_as_the_mask_that_it_was() -> None:
    """A picture in a mask's place is not looked at for content."""
    place = Picture("parameters.mask", 0)
    mask = Signal(SignalName.IMAGE_MASK, 1.0, place, "mask@1")
    hashes = [each for each in harmless(place) if each.name.startswith("hash.")]
    found = [*harmless(TEXT), mask, *hashes]
    facts = Facts(False, False, frozenset({TEXT, place}), frozenset({place}))  # noqa: FBT003 - nobody named
    made = TODAY.decide(Moment.REQUEST, found, facts, INSTALLED)
    again = decision(action=made.action, code=made.code, findings=[told(each) for each in found])

    assert dict(replayed(again, to=TODAY).tally.closed) == {}
