from collections.abc import Sequence

import pytest

from classifiers.classifier import Capability
from classifiers.content import Rendition
from classifiers.signals import Field, Finding, Reason, Signal, SignalName, Unavailable
from policies.condition import (
    AllOf,
    Always,
    AnyOf,
    Condition,
    FactIs,
    Not,
    Possibly,
    RenditionIs,
    SignalIs,
    View,
)
from policies.evidence import Evidence
from policies.facts import Fact, Facts, Moment
from policies.scene import Bound, RenditionScale, subjects_of
from policies.testing import ANYBODY, TEXTS, UPLOAD, harmless, looked_at
from policies.truth import Truth

GORE = SignalName.TEXT_GORE
REQUIRED = frozenset({Capability(GORE)})
SCALE = RenditionScale(photograph=0.9, drawing=0.1)
NO_EVIDENCE = Evidence(SCALE, (), ())


def ask(
    condition: Condition,
    findings: Sequence[Finding],
    facts: Facts = ANYBODY,
    required: frozenset[Capability] = REQUIRED,
) -> Truth:
    subjects = subjects_of(Moment.REQUEST, findings, looked_at(facts, TEXTS), SCALE)
    weight = NO_EVIDENCE.weigh(subjects, required)
    return condition.ask(View(subjects, facts, weight, required)).truth


def gore(score: float, path: str = "input") -> Signal:
    return Signal(GORE, score, Field(path), "model")


def blind(reason: Reason, path: str = "input") -> Unavailable:
    return Unavailable(GORE, Field(path), "other", reason)


BLOODY = SignalIs(GORE, Bound.AT_LEAST, 0.5)


@pytest.mark.parametrize(
    ("findings", "truth"),
    [
        ([gore(0.5)], Truth.TRUE),
        ([gore(0.49)], Truth.FALSE),
        ([], Truth.UNKNOWN),
        ([blind(Reason.FAILED)], Truth.UNKNOWN),
        ([gore(0.1), blind(Reason.FAILED)], Truth.UNKNOWN),
        ([gore(0.9), blind(Reason.FAILED)], Truth.TRUE),
        ([gore(0.1), blind(Reason.NOT_ASSESSED)], Truth.FALSE),
        ([gore(0.1), blind(Reason.NOT_ASSESSED, "other")], Truth.UNKNOWN),
        ([gore(0.1), blind(Reason.NOT_INSTALLED)], Truth.UNKNOWN),
        ([gore(0.1), gore(0.9, "other")], Truth.TRUE),
    ],
)
def test_a_signal_is_reached_is_not_or_is_unknown(findings: list[Finding], truth: Truth) -> None:
    """One source's failure is not made good by another's low score; a high one stands."""
    assert ask(BLOODY, findings) is truth


def test_what_is_not_required_and_not_known_is_not_held_against_anybody() -> None:
    """That is what makes the general rating servable; but what is seen counts all the same."""
    assert ask(BLOODY, [], required=frozenset()) is Truth.FALSE
    assert ask(BLOODY, [gore(0.9)], required=frozenset()) is Truth.TRUE


def test_below_asks_for_any_that_is_low() -> None:
    """One unreadable field among ten is unreadable."""
    low = SignalIs(GORE, Bound.BELOW, 0.5)

    assert ask(low, [gore(1.0), gore(0.2, "other")]) is Truth.TRUE
    assert ask(low, [gore(1.0), gore(0.5, "other")]) is Truth.FALSE
    assert ask(low, [blind(Reason.FAILED)]) is Truth.UNKNOWN


@pytest.mark.parametrize(
    ("findings", "negated", "possible"),
    [
        ([gore(0.9)], Truth.FALSE, Truth.TRUE),
        ([gore(0.1)], Truth.TRUE, Truth.FALSE),
        ([], Truth.UNKNOWN, Truth.TRUE),
    ],
)
def test_not_keeps_unknown_and_possibly_counts_it(
    findings: list[Finding], negated: Truth, possible: Truth
) -> None:
    """The two ways to speak of what is not known."""
    assert ask(Not(BLOODY), findings) is negated
    assert ask(Possibly(BLOODY), findings) is possible


def test_parts_are_put_together_as_kleene_says() -> None:
    """False decides an `all`, true decides an `any`, whatever is unknown beside it."""
    never = Not(Always())

    assert ask(AllOf((BLOODY, never)), []) is Truth.FALSE
    assert ask(AllOf((BLOODY, Always())), []) is Truth.UNKNOWN
    assert ask(AnyOf((BLOODY, Always())), []) is Truth.TRUE
    assert ask(AnyOf((BLOODY, never)), []) is Truth.UNKNOWN


def test_facts_are_always_known() -> None:
    """Who asks is stated, not detected."""
    claimed = Facts(tier_adult=False, age_claim=True)

    assert ask(FactIs(Fact.AGE_CLAIM), [], claimed) is Truth.TRUE
    assert ask(FactIs(Fact.TIER_ADULT), [], claimed) is Truth.FALSE


@pytest.mark.parametrize(
    ("rendition", "truth"),
    [
        (Rendition.PHOTOGRAPH, Truth.TRUE),
        (Rendition.DRAWING, Truth.FALSE),
        (Rendition.UNSURE, Truth.UNKNOWN),
    ],
)
def test_a_rendition_is_known_only_where_it_is_sure(rendition: Rendition, truth: Truth) -> None:
    """In between, a picture is neither."""
    condition = RenditionIs(Rendition.PHOTOGRAPH)

    assert ask(condition, harmless(UPLOAD, rendition)) is truth


def test_an_answer_names_what_made_it() -> None:
    """Who rules on a case sees which score of which source it was."""
    found = [gore(0.2), gore(0.7, "other")]
    subjects = subjects_of(Moment.REQUEST, found, ANYBODY, SCALE)
    view = View(subjects, ANYBODY, NO_EVIDENCE.weigh(subjects, REQUIRED), REQUIRED)

    assert AllOf((BLOODY, Always())).ask(view).because == (found[1],)


def test_silence_is_written_down_as_such() -> None:
    """The log shows which question had no answer."""
    subjects = subjects_of(Moment.REQUEST, [], looked_at(ANYBODY, TEXTS), SCALE)
    view = View(subjects, ANYBODY, NO_EVIDENCE.weigh(subjects, REQUIRED), REQUIRED)

    because = BLOODY.ask(view).because

    assert because == (Unavailable(GORE, Field("*"), "nobody", Reason.NOT_INSTALLED),)
