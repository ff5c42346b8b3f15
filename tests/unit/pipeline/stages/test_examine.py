"""Examine: every picture by itself, unless one of them taints all."""

import io

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from classifiers.signals import SignalName, Unavailable
from pipeline.items import Cause, Cleared, Examined, Halted, Held, PublicCode, Stage
from tests.unit.pipeline.lookers import CANARY, WHITE, Colour, Mood
from tests.unit.pipeline.world import BLOCK, HELD, NEARLY, PRIVATE, TAINTED, World, png


async def examine(house: World, *colours: Colour) -> Examined:
    return await house.flow.examine(await house.generated(*colours))


async def test_each_picture_has_its_own_outcome_in_its_own_place(house: World) -> None:
    """Whoever is withheld, the others keep their index."""
    outcomes = (await examine(house, BLOCK, WHITE, HELD)).outcomes

    assert [type(each) for each in outcomes] == [Halted, Cleared, Held]
    blocked, cleared, held = outcomes
    assert isinstance(blocked, Halted)
    assert isinstance(cleared, Cleared)
    assert isinstance(held, Held)
    assert (blocked.index, cleared.picture.index, held.index) == (0, 1, 2)


@pytest.mark.parametrize("taint", [TAINTED, PRIVATE])
@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_grave_picture_taints_its_batch(house: World, taint: Colour, place: int) -> None:
    """Wherever it stands: siblings are made from the same request."""
    colours = [WHITE, HELD, WHITE]
    colours[place] = taint

    outcomes = (await examine(house, *colours)).outcomes

    assert all(isinstance(each, Halted) for each in outcomes)
    reasons = [each.reason for each in outcomes if isinstance(each, Halted)]
    assert reasons.count("sibling") == 2
    assert [each.index for each in outcomes if isinstance(each, Halted)] == [0, 1, 2]
    assert {each.code for each in outcomes if isinstance(each, Halted)} == {
        PublicCode.CONTENT_NOT_ALLOWED
    }


@pytest.mark.parametrize("other", [BLOCK, NEARLY, HELD])
async def test_what_is_no_grave_block_taints_nobody(house: World, other: Colour) -> None:
    """A suspicion is for a person to settle; another harm stands alone."""
    outcomes = (await examine(house, other, WHITE)).outcomes

    assert not isinstance(outcomes[0], Cleared)
    assert isinstance(outcomes[1], Cleared)


@pytest.mark.parametrize("mood", [Mood.FAILS, Mood.FORGETS, Mood.SILENT])
async def test_what_nobody_could_look_at_waits_for_a_machine(house: World, mood: Mood) -> None:
    """It is paid for, and nobody saw anything against it: no person is asked."""
    generated = await house.generated(WHITE)
    house.viewer.mood = mood

    (outcome,) = (await house.flow.examine(generated)).outcomes

    assert isinstance(outcome, Held)
    assert outcome.cause is Cause.INCAPACITY


@pytest.mark.parametrize("data", [CANARY.encode(), png(WHITE)[:60]], ids=["none", "half"])
async def test_what_is_no_picture_is_held(house: World, data: bytes) -> None:
    """Nobody can look at it, so it does not leave; whoever rules sees nothing of its bytes."""
    (outcome,) = (await house.flow.examine(await house.generated(pictures=[data]))).outcomes

    assert isinstance(outcome, Held)
    assert outcome.stage is Stage.EXAMINE
    assert CANARY not in repr(outcome)


async def test_a_picture_of_another_size_does_not_leave(house: World) -> None:
    """It is not what was asked for."""
    generated = await house.generated(pictures=[png(WHITE, 128, 64)])

    (outcome,) = (await house.flow.examine(generated)).outcomes

    assert not isinstance(outcome, Cleared)


async def test_a_text_in_a_picture_that_nobody_approved_is_read(house: World) -> None:
    """A server that rewrote the prompt shows it: what it wrote is screened like a request."""
    noted = PngInfo()
    noted.add_text("Comment", '{"prompt": "blockme"}')
    out = io.BytesIO()
    Image.new("RGB", (64, 64), WHITE).save(out, "PNG", pnginfo=noted)

    (outcome,) = (
        await house.flow.examine(await house.generated(pictures=[out.getvalue()]))
    ).outcomes

    assert isinstance(outcome, Halted)


async def test_a_picture_without_marks_says_nothing_of_them(house: World) -> None:
    """A mark that is not there is no answer: it is never a zero."""
    (outcome,) = (await examine(house, WHITE)).outcomes

    assert isinstance(outcome, Cleared)
    marks = [
        each
        for each in outcome.judged.findings
        if each.name in {SignalName.IMAGE_MARK_ALTERED, SignalName.IMAGE_MARK_FOREIGN}
    ]
    assert len(marks) == 2
    assert all(isinstance(each, Unavailable) for each in marks)


async def test_what_the_request_said_counts_for_its_pictures(house: World) -> None:
    """Text and picture are judged together: the findings of the request are among those of each."""
    generated = await house.generated(WHITE, prompt="labelme")

    (outcome,) = (await house.flow.examine(generated)).outcomes

    assert isinstance(outcome, Cleared)
    assert set(generated.outcome.screened.judged.findings) <= set(outcome.judged.findings)


async def test_a_tainted_batch_is_tainted_for_a_picture_that_was_unreadable_too(
    house: World,
) -> None:
    """There is nothing judged of it: that is no reason to keep it apart."""
    drawn = [CANARY.encode(), png(TAINTED)]

    outcomes = (await house.flow.examine(await house.generated(pictures=drawn))).outcomes

    assert all(isinstance(each, Halted) for each in outcomes)
