"""The projection: it follows what happened, never backwards, and the same outcome twice is once."""

import itertools
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from pipeline.errors import ConflictError
from pipeline.items import (
    Cause,
    Cleared,
    Examined,
    Generated,
    Halted,
    Held,
    Marked,
    PublicCode,
    Released,
    Screened,
    Stage,
    Submission,
)
from pipeline.projection import facts, hold_id, ruling_id
from pipeline.store.holds import End
from pipeline.store.pictures import PictureState
from pipeline.store.submissions import State
from tests.unit.pipeline.lookers import CANARY, WHITE, Colour
from tests.unit.pipeline.world import BLOCK, HELD, HOLD_FOR, KEEP_FOR, TENANT, World

Outcome = Screened | Held | Halted | Generated | Examined | Released
Said = tuple[State, PublicCode | None, list[PictureState], int]

COURSES: list[list[Colour]] = [[WHITE], [HELD], [BLOCK], [WHITE, HELD, BLOCK]]
FINAL = [State.RELEASED, State.HELD, State.WITHHELD, State.RELEASED]


async def course(house: World, *colours: Colour) -> tuple[Submission, list[Outcome]]:
    """Return what happens to pictures of these colours, in order; the first two are recorded."""
    generated = await house.generated(*colours)
    submission = generated.outcome.screened.submission
    examined = await house.flow.examine(generated)
    happened: list[Outcome] = [generated.outcome.screened, generated.outcome, examined]
    cleared = [each.picture for each in examined.outcomes if isinstance(each, Cleared)]
    if cleared:
        marked = tuple(Marked(each, b"", each.sha256) for each in cleared)
        happened.append(Released(submission, marked, len(colours) - len(cleared)))
    return submission, happened


async def said(house: World, submission: UUID) -> Said:
    row = await house.row(submission)
    pictures = await house.store.pictures.of(TENANT, submission)
    holds = await house.store.holds.of(TENANT, submission)
    return row.state, row.code, [each.state for each in pictures], len(holds)


async def follow(house: World, submission: Submission, *outcomes: Outcome) -> Said:
    for outcome in outcomes:
        await house.record.projection.follow(submission, outcome)
    return await said(house, submission.id)


@pytest.mark.parametrize(("colours", "final"), [*zip(COURSES, FINAL, strict=True)])
async def test_it_repeats_where_a_submission_stands(
    house: World, colours: list[Colour], final: State
) -> None:
    """Quick questions get the log's answer."""
    submission, happened = await course(house, *colours)

    state, code, pictures, holds = await follow(house, submission, *happened[2:])

    assert state is final
    assert (code is None) is (state is State.RELEASED)
    known = {
        WHITE: PictureState.RELEASED,
        HELD: PictureState.HELD,
        BLOCK: PictureState.WITHHELD,
    }
    assert pictures == [known[colour] for colour in colours]
    assert holds == colours.count(HELD)


@pytest.mark.parametrize("colours", COURSES)
async def test_repeating_an_outcome_changes_nothing(house: World, colours: list[Colour]) -> None:
    """Recovery repeats what a crash may have cut off: it must not fail, nor open a second hold."""
    submission, happened = await course(house, *colours)

    for outcome in happened[1:]:
        once = await follow(house, submission, outcome)
        assert await follow(house, submission, outcome) == once


@pytest.mark.parametrize("colours", COURSES)
async def test_an_earlier_outcome_moves_nothing_back(house: World, colours: list[Colour]) -> None:
    """Whatever comes late, in whatever order: what has ended stays ended."""
    submission, happened = await course(house, *colours)
    final = await follow(house, submission, *happened[2:])

    for late in itertools.permutations(happened):
        assert await follow(house, submission, *late) == final


async def test_a_hold_that_ended_is_not_opened_again(house: World) -> None:
    """A person ruled: a repeat of the old outcome must not ask them once more."""
    submission, happened = await course(house, HELD)
    await follow(house, submission, *happened[2:])
    (hold,) = await house.store.holds.waiting()
    await house.store.holds.close(hold, End.REJECTED, house.clock(), "somebody")
    await house.record.projection.close(await house.row(submission.id), 0, "rejected")

    state, _, pictures, holds = await follow(house, submission, *happened[1:])

    assert (state, pictures, holds) == (State.WITHHELD, [PictureState.WITHHELD], 1)
    assert not await house.store.holds.waiting()


@pytest.mark.parametrize("outcome", [Held, Halted])
async def test_a_request_that_is_held_or_halted_twice_is_so_once(
    house: World, outcome: Any
) -> None:
    """The same for a request that never went upstream."""
    submission = await house.submission()
    judged = (await house.screened()).outcome.judged
    happened: Outcome = (
        Held(
            submission.id,
            Stage.SCREEN,
            Cause.SUSPICION,
            None,
            submission.vault_id,
            house.clock() + HOLD_FOR,
            judged,
        )
        if outcome is Held
        else Halted(submission.id, Stage.SCREEN, PublicCode.CONTENT_NOT_ALLOWED, judged)
    )

    once = await follow(house, submission, happened)

    assert once[0] is (State.HELD if outcome is Held else State.HALTED)
    assert await follow(house, submission, happened) == once


async def test_a_halted_request_is_never_called_upstream(house: World) -> None:
    """The paid call begins once, and never after an end."""
    submission = await house.submission()
    await house.record.calling(submission)
    with pytest.raises(ConflictError):
        await house.record.calling(submission)

    other = await house.submission()
    halted = Halted(other.id, Stage.SCREEN, PublicCode.CONTENT_NOT_ALLOWED, None)
    await follow(house, other, halted)

    for again in (False, True):
        with pytest.raises(ConflictError):
            await house.record.calling(other, again=again)


async def test_another_account_may_be_called_once_the_first_refused(house: World) -> None:
    """It is the one that rests, should this process die now; before a first call there is none."""
    submission = await house.submission()
    with pytest.raises(ConflictError):
        await house.record.calling(submission, "b" * 64, again=True)
    await house.record.calling(submission, "a" * 64)
    await house.record.calling(submission, "b" * 64, again=True)

    assert (await house.row(submission.id)).account == "b" * 64


async def test_pictures_are_kept_for_the_tenants_time(house: World) -> None:
    """A picture's time begins when it is released."""
    submission, happened = await course(house, WHITE)
    house.clock.passes(hours=5)
    await follow(house, submission, *happened[2:])

    (picture,) = await house.store.pictures.of(TENANT, submission.id)

    assert picture.expires_at == house.clock() + KEEP_FOR
    assert timedelta(0) < KEEP_FOR


def test_a_hold_has_one_id_for_each_look() -> None:
    """The same item is not held twice at the same look, and is ruled on once."""
    ids = [
        hold_id(UUID(int=number), index, attempt)
        for number in (1, 2)
        for index in (None, 0, 1)
        for attempt in (0, 1)
    ]

    assert len(set(ids)) == len(ids)
    assert hold_id(UUID(int=1), 0, 0) == ids[2]
    assert len({ruling_id(each) for each in ids} | set(ids)) == 2 * len(ids)


async def test_a_reviewer_sees_rules_codes_and_scores_and_no_content(house: World) -> None:
    """Nobody sees an image they need not see; facts lie in the open in app.db."""
    end = await house.end(f"holdme {CANARY}")

    assert isinstance(end, Held)
    (hold,) = await house.store.holds.waiting()
    told = dict(hold.facts)
    assert told["code"] == "HATE.SYMBOL"
    assert CANARY not in repr(told)
    assert set(told) == {"code", "rules", "scores", "evidence", "unavailable"}


def test_what_nobody_judged_has_a_reason() -> None:
    """A fault held it: there are no scores to show."""
    assert facts(None, "fault_VaultError") == {"reason": "fault_VaultError"}
