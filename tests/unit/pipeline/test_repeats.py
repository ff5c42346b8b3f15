"""Prompts whose pictures showed the worst are known again, for a month, by each tenant's own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pipeline.items import Cause, Examined, Held, Released, Stage
from pipeline.repeats import REMEMBERED, TAINTED
from tests.unit.pipeline.lookers import WHITE
from tests.unit.pipeline.world import HELD, PRIVATE, TENANT, World, open_world
from tests.unit.pipeline.world import TAINTED as WORST

WORDS = "a harbour at dawn with three ships and a lighthouse on the far cliff"
NEARLY = "a harbour at dawn with three ships and the lighthouse on a far cliff"
OTHER = "forty bicycles beneath the railway bridge, drawn in ink"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[World]:
    """A whole house."""
    async with open_world(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("colour", [WORST, PRIVATE])
async def test_a_near_repeat_of_a_tainted_prompt_is_held_before_it_is_paid(
    house: World, colour: tuple[int, int, int]
) -> None:
    """Every gate let the first one pass: only its pictures told."""
    house.upstream.colours = [colour]
    await house.end(WORDS)
    house.upstream.colours = [WHITE]

    again, other = await house.end(NEARLY), await house.end(OTHER)

    assert isinstance(again, Held)
    assert (again.stage, again.cause, again.reason) == (Stage.SCREEN, Cause.SUSPICION, TAINTED)
    assert isinstance(other, Released)
    assert len(house.upstream.calls) == 2


async def test_it_is_forgotten_after_a_month(house: World) -> None:
    """By then the rules and the models are others."""
    house.upstream.colours = [WORST]
    await house.end(WORDS)
    house.upstream.colours = [WHITE]
    house.clock.passes(seconds=REMEMBERED.total_seconds() + 1)

    assert isinstance(await house.end(NEARLY), Released)
    assert await house.store.taints.purge(house.clock() - REMEMBERED) == 1
    assert await house.store.taints.of(TENANT, house.clock() - 2 * REMEMBERED) == frozenset()


async def test_pictures_that_are_only_held_taint_nothing(house: World) -> None:
    """What a person may still release is no reason to hold others."""
    house.upstream.colours = [HELD]
    assert isinstance(await house.end(WORDS), Examined)
    house.upstream.colours = [WHITE]

    assert isinstance(await house.end(NEARLY), Released)
