"""Upkeep: what has to happen without anybody asking, and never a release by default."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from audit.entry import Kind
from pipeline.items import Examined, Held
from pipeline.store.pictures import PictureState
from pipeline.store.submissions import SubmissionRow
from tests.unit.pipeline.lookers import Mood
from tests.unit.pipeline.world import HELD, HOLD_FOR, KEEP_FOR, TENANT, World


async def unseen(house: World) -> SubmissionRow:
    """A paid picture that nobody could look at."""
    house.upstream.before_answer = lambda: setattr(house.viewer, "mood", Mood.FAILS)
    submission = await house.submission()
    end = await house.flow.run(submission, lambda: False)
    assert isinstance(end.outcome, Examined)
    house.viewer.mood = Mood.WELL
    await house.judge.recover()
    return await house.row(submission.id)


async def states(house: World, row: SubmissionRow) -> list[PictureState]:
    return [each.state for each in await house.store.pictures.of(TENANT, row.id)]


async def test_what_waits_for_a_machine_is_looked_at_again(house: World) -> None:
    """Nobody asks a person about what a machine can answer."""
    row = await unseen(house)
    house.clock.passes(minutes=1)

    await house.upkeep.round()

    assert await states(house, row) == [PictureState.RELEASED]
    assert not await house.store.holds.waiting()


async def test_a_sick_classifier_is_tried_first_and_keeps_pictures_waiting(house: World) -> None:
    """While it is sick a look would be in vain."""
    row = await unseen(house)
    house.viewer.mood = Mood.FAILS
    await house.end()
    house.clock.passes(minutes=1)

    await house.upkeep.round()
    assert await states(house, row) == [PictureState.HELD]

    house.viewer.mood = Mood.WELL
    await house.upkeep.round()
    assert await states(house, row) == [PictureState.RELEASED]


async def test_looks_are_spaced(house: World) -> None:
    """A picture that no model can answer for is not looked at for ever in a row."""
    await unseen(house)
    looks = house.viewer.looks

    for _ in range(3):
        await house.upkeep.round()

    assert house.viewer.looks == looks


async def test_what_waits_for_a_person_is_not_looked_at_by_a_machine(house: World) -> None:
    """Waiting longer makes nothing harmless."""
    house.upstream.colours = [HELD]
    await house.end()
    house.clock.passes(hours=1)

    await house.upkeep.round()

    (hold,) = await house.store.holds.waiting()
    assert hold.end is None


@pytest.mark.parametrize("prompt", ["holdme", "a harbour"])
async def test_a_hold_expires_to_withheld(house: World, prompt: str) -> None:
    """Never to released: nobody ruled, so nobody approved."""
    house.upstream.colours = [HELD]
    outcome = await house.end(prompt)
    known_as = outcome.submission if isinstance(outcome, Held) else None
    house.clock.passes(seconds=HOLD_FOR.total_seconds())

    await house.upkeep.round()

    assert not await house.store.holds.waiting()
    leaves = await house.leaves(known_as)
    assert leaves[-1].public["reason"] == "expired"
    assert Kind.RELEASE not in {leaf.kind for leaf in leaves}
    assert not await house.log.open_submissions()


async def test_one_hold_that_fails_keeps_no_other_from_its_turn(house: World) -> None:
    """A lost object is told; the rest of the round is done."""
    lost, good = await unseen(house), await unseen(house)
    await house.vault.destroy(lost.vault_id)
    house.clock.passes(minutes=1)

    with capture_logs() as said:
        await house.upkeep.round()

    assert await states(house, good) == [PictureState.RELEASED]
    assert await states(house, lost) == [PictureState.HELD]
    assert any(line["log_level"] == "error" for line in said)


async def test_what_is_out_of_time_is_destroyed(house: World) -> None:
    """Released pictures are kept for as long as was said."""
    outcome = await house.end()
    (sealed,) = await house.store.pictures.of(TENANT, outcome.submission.id)
    house.clock.passes(seconds=KEEP_FOR.total_seconds() - 1)
    await house.upkeep.round()
    assert await house.vault.look(sealed.vault_id)

    house.clock.passes(seconds=1)
    await house.upkeep.round()

    (picture,) = await house.store.pictures.of(TENANT, outcome.submission.id)
    assert picture.state is PictureState.DESTROYED
    assert not (house.folder / "vault" / sealed.vault_id[:2] / sealed.vault_id).exists()


async def test_a_held_picture_is_kept_until_it_is_ruled_on(house: World) -> None:
    """Whatever the time for released ones."""
    house.upstream.colours = [HELD]
    outcome = await house.end()
    (picture,) = outcome.generated.pictures
    house.clock.passes(seconds=(KEEP_FOR + timedelta(hours=1)).total_seconds())

    await house.upkeep.round()

    assert await house.vault.look(picture.vault_id)


async def test_a_look_that_cannot_be_written_down_is_made_again(house: World) -> None:
    """The picture still waits: a log that failed once loses no paid picture."""
    row = await unseen(house)
    house.clock.passes(minutes=1)
    house.log.refuses = frozenset({Kind.EXAMINED})
    await house.upkeep.round()
    assert await states(house, row) == [PictureState.HELD]

    house.log.refuses = frozenset()
    await house.upkeep.round()

    assert await states(house, row) == [PictureState.RELEASED]
    assert not await house.store.holds.waiting()


async def test_rounds_go_on_after_one_that_failed(house: World) -> None:
    """Upkeep does not stop for good because the disk was full once."""
    await unseen(house)
    house.log.refuses = frozenset({Kind.WITHHOLD})
    house.clock.passes(seconds=HOLD_FOR.total_seconds())

    with capture_logs() as said:
        running = asyncio.create_task(house.upkeep.run(0.01))
        await asyncio.sleep(0.2)
        house.log.refuses = frozenset()
        await asyncio.sleep(0.2)
        assert not running.done()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    assert any(line["log_level"] == "error" for line in said)
    assert not await house.store.holds.waiting()
