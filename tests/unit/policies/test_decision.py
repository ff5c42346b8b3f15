from itertools import permutations

import pytest

from policies.decision import Action, Decision, Verdict
from policies.labels import HarmCode
from policies.truth import Truth


def verdict(
    action: Action,
    code: HarmCode = HarmCode.VIO_GORE,
    truth: Truth = Truth.TRUE,
    *,
    shadow: bool = False,
) -> Verdict:
    return Verdict("rule", "layer", action, code, truth, shadow)


def decide(*verdicts: Verdict) -> Decision:
    return Decision.strictest(verdicts, frozenset(), frozenset(), "digest")


def test_nobody_judged_is_a_block() -> None:
    """A policy that says nothing must not let everything through."""
    decision = decide()

    assert (decision.action, decision.code) == (Action.BLOCK, HarmCode.UNKNOWN)
    assert decision.incapable


def test_verdicts_in_shadow_alone_are_nobody() -> None:
    """A rule that is only tried out cannot stand for one that counts."""
    assert decide(verdict(Action.ALLOW, shadow=True)).action is Action.BLOCK


@pytest.mark.parametrize("actions", list(permutations(Action, 2)))
def test_the_strictest_counts_in_any_order(actions: tuple[Action, Action]) -> None:
    """Order of layers must not decide; severity does."""
    assert decide(*map(verdict, actions)).action is max(actions, key=list(Action).index)


def test_a_shadow_is_recorded_and_decides_nothing() -> None:
    """That is what it is for: to see what a rule would do."""
    decision = decide(verdict(Action.BLOCK, shadow=True), verdict(Action.LABEL))

    assert decision.action is Action.LABEL
    assert decision.verdicts[0].shadow


def test_of_one_action_the_worst_code_is_primary() -> None:
    """The code decides who may look and who may release."""
    decision = decide(
        verdict(Action.BLOCK, HarmCode.AGE_CLAIM), verdict(Action.BLOCK, HarmCode.CSE_TEXT)
    )

    assert decision.code is HarmCode.CSE_TEXT
    assert decision.codes == {HarmCode.AGE_CLAIM, HarmCode.CSE_TEXT}


@pytest.mark.parametrize("action", Action)
def test_only_allow_and_label_go_on(action: Action) -> None:
    """Everything else stops, whatever its name."""
    assert decide(verdict(action)).allows is (action in {Action.ALLOW, Action.LABEL})


def test_incapable_means_that_nothing_was_seen() -> None:
    """Only then may a machine look again; a suspicion waits for a person."""
    unknown = verdict(Action.HOLD, HarmCode.UNKNOWN, Truth.UNKNOWN)
    seen = verdict(Action.HOLD)

    assert decide(unknown, verdict(Action.LABEL)).incapable
    assert not decide(unknown, seen).incapable
    assert not decide(verdict(Action.BLOCK), unknown).incapable
    assert not decide(verdict(Action.LABEL, truth=Truth.UNKNOWN)).incapable
