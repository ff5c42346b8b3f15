"""Screen: what is read, what is refused before it is paid for, and what waits for a person."""

import pytest

from pipeline.items import Cause, Halted, Held, PublicCode, Screened, Stage, Subject, Tier
from tests.unit.pipeline.lookers import Mood
from tests.unit.pipeline.world import HOLD_FOR, TENANT, World


async def test_a_harmless_request_is_screened(house: World) -> None:
    """With everything that was found, for the looks that follow."""
    outcome = await house.flow.screen(await house.submission())

    assert isinstance(outcome, Screened)
    assert outcome.judged.findings
    assert outcome.ruling is None


@pytest.mark.parametrize("prompt", ["blockme", "graveword"])
async def test_what_is_blocked_is_halted_with_a_coarse_code(house: World, prompt: str) -> None:
    """Both look alike from outside."""
    outcome = await house.flow.screen(await house.submission(prompt))

    assert isinstance(outcome, Halted)
    assert (outcome.stage, outcome.code) == (Stage.SCREEN, PublicCode.CONTENT_NOT_ALLOWED)
    assert (outcome.reason, outcome.retry_after_seconds) == ("refused", None)


async def test_a_suspicion_waits_for_a_person(house: World) -> None:
    """It is sealed already, and expires."""
    submission = await house.submission("holdme")

    outcome = await house.flow.screen(submission)

    assert isinstance(outcome, Held)
    assert (outcome.cause, outcome.index) == (Cause.SUSPICION, None)
    assert outcome.vault_id == submission.vault_id
    assert outcome.expires_at == house.clock() + HOLD_FOR


@pytest.mark.parametrize("mood", [Mood.FAILS, Mood.FORGETS, Mood.SILENT, Mood.ADDS])
async def test_what_nobody_could_read_is_refused(house: World, mood: Mood) -> None:
    """No person can answer for a reader that is down."""
    house.reader.mood = mood

    outcome = await house.flow.screen(await house.submission())

    assert isinstance(outcome, Halted)
    assert outcome.code in {PublicCode.TEMPORARILY_UNAVAILABLE, PublicCode.UNREADABLE}


async def test_a_sick_viewer_refuses_before_the_paid_call(house: World) -> None:
    """The pictures would only be held: nothing is paid for only to be held."""
    house.viewer.mood = Mood.FAILS
    await house.end()
    calls = len(house.upstream.calls)

    outcome = await house.flow.screen(await house.submission())

    assert isinstance(outcome, Halted)
    assert (outcome.code, outcome.reason) == (
        PublicCode.TEMPORARILY_UNAVAILABLE,
        "detector_sick",
    )
    assert outcome.retry_after_seconds
    assert len(house.upstream.calls) == calls


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        (Subject(TENANT), PublicCode.AGE_CLAIM_REQUIRED),
        (Subject(TENANT, "u1", Tier.ADULT), PublicCode.AGE_CLAIM_REQUIRED),
        (Subject(TENANT, "u1", age_claim="c1"), PublicCode.AGE_CLAIM_REQUIRED),
        (Subject(TENANT, "u1", Tier.ADULT, age_claim="c1"), None),
    ],
)
async def test_sexual_content_needs_both_the_adult_tier_and_a_claim(
    house: World, subject: Subject, code: PublicCode | None
) -> None:
    """The request is judged for whom it is made."""
    outcome = await house.flow.screen(await house.submission("suggestive", subject))

    if code is None:
        assert isinstance(outcome, Screened)
    else:
        assert isinstance(outcome, Halted)
        assert outcome.code is code
