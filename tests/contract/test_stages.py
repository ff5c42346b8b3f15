"""Every stage answers the same questions: where it stands, what it returns, what it changes."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.items import Examined, Generated, Halted, Held, Recorded, Released, Screened, Stage
from pipeline.stages.stage import Step
from tests.unit.pipeline.lookers import CANARY, WHITE, Mood
from tests.unit.pipeline.world import World, open_world

PROMPT = f"a harbour {CANARY}"
STAGES = [Stage.SCREEN, Stage.GENERATE, Stage.EXAMINE, Stage.RELEASE]
RETURNS: Mapping[Stage, tuple[type, ...]] = {
    Stage.SCREEN: (Screened, Held, Halted),
    Stage.GENERATE: (Generated, Halted),
    Stage.EXAMINE: (Examined,),
    Stage.RELEASE: (Released,),
}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[World]:
    """A whole house for one test."""
    async with open_world(tmp_path) as opened:
        yield opened


def step(house: World, stage: Stage) -> Step[Any, Any]:
    """The stage as the flow has it."""
    own: Step[Any, Any] = getattr(house.flow, stage.value)
    return own


async def item(house: World, stage: Stage) -> Any:
    """What the stage takes: the state before it, recorded."""
    made: Mapping[Stage, Callable[[], Awaitable[Any]]] = {
        Stage.SCREEN: lambda: house.submission(PROMPT),
        Stage.GENERATE: lambda: house.screened(PROMPT),
        Stage.EXAMINE: lambda: house.generated(WHITE, WHITE, prompt=PROMPT),
        Stage.RELEASE: lambda: _examined(house),
    }
    return await made[stage]()


async def _examined(house: World) -> Recorded[Examined]:
    generated = await house.generated(WHITE, WHITE, prompt=PROMPT)
    examined = await house.flow.examine(generated)
    receipts = await house.record.write(generated.outcome.screened.submission, examined)
    return Recorded(examined, receipts)


@pytest.mark.parametrize("stage", STAGES)
class TestEach:
    async def test_says_where_it_stands(self, house: World, stage: Stage) -> None:
        """A fault is told, and written down, by the name of its stage."""
        assert step(house, stage).stage is stage

    async def test_returns_its_own_kinds_of_outcome(self, house: World, stage: Stage) -> None:
        """What the next stage takes, or an end; nothing else can be written down."""
        outcome = await step(house, stage)(await item(house, stage))

        assert isinstance(outcome, RETURNS[stage])

    async def test_changes_nothing_that_it_was_given(self, house: World, stage: Stage) -> None:
        """A state is what happened; nobody rewrites it."""
        given = await item(house, stage)
        before = repr(given)

        await step(house, stage)(given)

        assert repr(given) == before

    async def test_writes_no_entry_by_itself(self, house: World, stage: Stage) -> None:
        """Only the seam writes: a stage cannot let anything happen by itself."""
        given = await item(house, stage)
        before = len(await house.leaves())

        await step(house, stage)(given)

        assert len(await house.leaves()) == before

    async def test_shows_no_content_in_what_it_returns(self, house: World, stage: Stage) -> None:
        """Outcomes are logged by their repr sooner or later."""
        outcome = await step(house, stage)(await item(house, stage))

        assert CANARY not in repr(outcome)


@pytest.mark.parametrize("mood", [Mood.FAILS, Mood.SILENT, Mood.FORGETS])
@pytest.mark.parametrize("stage", [Stage.SCREEN, Stage.EXAMINE])
async def test_a_stage_that_looks_lets_nothing_pass_unseen(
    house: World, stage: Stage, mood: Mood
) -> None:
    """With every classifier down no request goes upstream, and no picture is cleared."""
    given = await item(house, stage)
    house.reader.mood = house.viewer.mood = mood

    outcome = await step(house, stage)(given)

    assert not isinstance(outcome, Screened)
    ends = outcome.outcomes if isinstance(outcome, Examined) else (outcome,)
    assert all(isinstance(each, Held | Halted) for each in ends)
