"""The states of an item: what must not happen cannot be written."""

import dataclasses
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.content import Grammar, Polarity, Prompt, Text
from pipeline.items import (
    Cleared,
    Judged,
    Marked,
    Operation,
    PublicCode,
    Sealed,
    Subject,
    Tier,
    Work,
    again,
    may_go_on,
    public_code,
    seed_of,
)
from policies.decision import Action, Decision, Verdict
from policies.labels import HarmCode
from policies.truth import Truth
from tests.unit.pipeline.lookers import CANARY, WHITE
from tests.unit.pipeline.world import World

RULING = UUID(int=1)
PICTURE = Sealed("f" * 32, 0, "0" * 64)
VERDICTS = st.builds(
    Verdict,
    st.just("rule"),
    st.just("floor"),
    st.sampled_from(Action),
    st.sampled_from(HarmCode),
    st.sampled_from([Truth.TRUE, Truth.UNKNOWN]),
    st.booleans(),
)


def judged(*verdicts: Verdict) -> Judged:
    return Judged((), Decision.strictest(verdicts, frozenset(), frozenset(), "d" * 64), 1)


def verdict(action: Action, code: HarmCode = HarmCode.OK) -> Verdict:
    return Verdict("rule", "floor", action, code, Truth.TRUE)


def builds(what: Judged, ruling: UUID | None) -> bool:
    try:
        Cleared(PICTURE, what, ruling)
    except ValueError:
        return False
    return True


@given(st.lists(VERDICTS, max_size=4), st.booleans())
def test_a_picture_is_cleared_by_an_allowing_decision_or_a_ruling_on_a_hold(
    verdicts: list[Verdict], ruled: bool
) -> None:
    """Nothing else opens the vault: no shadow verdict, no empty list, no ruling on a block."""
    what = judged(*verdicts)
    binding = [each for each in verdicts if not each.shadow]
    worst = max((each.action.severity for each in binding), default=Action.BLOCK.severity)
    grave = any(each.code.value.startswith("CSE.") for each in binding)
    allowed = worst <= Action.LABEL.severity
    unknown = any(
        each.truth is not Truth.TRUE and each.action.severity >= Action.HOLD.severity
        for each in binding
    )
    released = ruled and worst == Action.HOLD.severity and not grave and not unknown

    assert builds(what, RULING if ruled else None) is (allowed or released)


@pytest.mark.parametrize("action", [Action.BLOCK, Action.BLOCK_AND_ESCALATE])
@pytest.mark.parametrize("code", HarmCode)
def test_no_ruling_opens_what_is_blocked(action: Action, code: HarmCode) -> None:
    """People rule on holds; what is blocked is not theirs to open."""
    assert not may_go_on(judged(verdict(action, code)).decision, RULING)


@pytest.mark.parametrize("code", [code for code in HarmCode if code.family == "CSE"])
def test_nobody_releases_a_cse_item(code: HarmCode) -> None:
    """Also where that is not the primary code: a worse hold beside it does not hide it."""
    decision = judged(verdict(Action.HOLD), verdict(Action.LABEL, code)).decision

    assert not may_go_on(decision, RULING)
    with pytest.raises(ValueError, match="expected a decision or a ruling that allows"):
        Cleared(PICTURE, judged(verdict(Action.HOLD, code)), RULING)


def test_nobody_judged_is_not_cleared() -> None:
    """No verdict at all blocks, even with a ruling."""
    assert not builds(judged(), RULING)


async def test_a_blocked_request_cannot_be_screened(house: World) -> None:
    """The same rule for requests: what must not go upstream cannot be built."""
    screened = (await house.screened()).outcome

    with pytest.raises(ValueError, match="screened: expected a decision or a ruling"):
        dataclasses.replace(screened, judged=judged(verdict(Action.BLOCK)), ruling=RULING)
    with pytest.raises(ValueError, match="screened: expected a decision or a ruling"):
        dataclasses.replace(screened, judged=judged(verdict(Action.HOLD)))


async def test_looking_again_is_another_look_at_the_same_pictures(house: World) -> None:
    """Each look has entries of its own, so that the second is not taken for the first."""
    generated = (await house.generated(WHITE, WHITE)).outcome

    once_more = again(again(generated))

    assert once_more.screened.submission.attempt == 2
    assert once_more.pictures == generated.pictures
    assert generated.screened.submission.attempt == 0


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (HarmCode.CSE_TEXT, PublicCode.CONTENT_NOT_ALLOWED),
        (HarmCode.ABUSE_EVASION, PublicCode.CONTENT_NOT_ALLOWED),
        (HarmCode.AGE_CLAIM, PublicCode.AGE_CLAIM_REQUIRED),
        (HarmCode.CAPABILITY, PublicCode.CAPABILITY_MISSING),
        (HarmCode.TEXT_UNREADABLE, PublicCode.UNREADABLE),
        (HarmCode.UNKNOWN, PublicCode.TEMPORARILY_UNAVAILABLE),
    ],
)
def test_a_caller_is_told_a_coarse_code(code: HarmCode, said: PublicCode) -> None:
    """Which harm it was stays inside: whoever probes learns one word for all of them."""
    assert public_code(judged(verdict(Action.BLOCK, code)).decision) is said


@pytest.mark.parametrize("code", HarmCode)
def test_no_public_code_repeats_a_harm_code(code: HarmCode) -> None:
    """A new harm code must not leak by being passed on as it is."""
    said = public_code(judged(verdict(Action.BLOCK, code)).decision)

    assert said != code.value


def work(parameters: object) -> Work:
    prompt = Prompt((Text("input", CANARY, Polarity.POSITIVE),), Grammar.V4)
    body = {"parameters": parameters, "input": CANARY}
    return Work(Operation.GENERATE, "m", prompt, 64, 64, 1, body)  # type: ignore[arg-type]  # any JSON


@pytest.mark.parametrize(
    ("parameters", "seed"), [({"seed": 7}, 7), ({}, 0), (None, 0), ({"seed": None}, 0)]
)
def test_a_request_without_a_seed_has_the_seed_nought(parameters: object, seed: int) -> None:
    """Only NovelAI knows which one it chose."""
    assert seed_of(work(parameters)) == seed


def test_who_names_nobody_is_the_general_audience() -> None:
    """The mildest tier is the default, and blanket assurance is an age claim."""
    assert not Subject("harbour").facts.tier_adult
    assert not Subject("harbour").facts.age_claim
    assert Subject("harbour", assured=True).facts.age_claim
    assert Subject("harbour", "u", Tier.ADULT, age_claim="c").facts.tier_adult


async def test_no_state_shows_content_or_names_in_its_repr(house: World) -> None:
    """Reprs end up in tracebacks, and tracebacks in logs."""
    subject = Subject("harbour", CANARY, age_claim=CANARY)
    end = await house.screened(f"a harbour, {CANARY}", subject=subject)
    submission = end.outcome.submission
    sealed = Sealed("f" * 32, 0, CANARY)
    shown = [end, submission, submission.work, sealed, Marked(sealed, CANARY.encode(), CANARY)]

    for each in shown:
        assert CANARY not in repr(each)
    assert submission.body_sha256 not in repr(submission)
