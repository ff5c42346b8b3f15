"""Minutes in which something could not be served: noted once each, and told."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from pipeline.gateway.health import readiness
from pipeline.jobs.closing import REMEMBERED, Closing
from pipeline.store.store import Store
from tests.unit.pipeline.lookers import Mood
from tests.unit.pipeline.world import World


def closing(house: World) -> Closing:
    async def ready() -> Mapping[str, object]:
        return await readiness(house.gate)

    return Closing(house.store, ready, house.clock)


async def minutes(house: World) -> object:
    return (await readiness(house.gate))["closed_minutes"]


async def test_minutes_that_are_closed_are_counted_once(house: World) -> None:
    """Looked at twice a minute, it is one; well again, it counts no more."""
    own = closing(house)
    await own.look()
    assert await minutes(house) == {"24 hours": 0, "30 days": 0}
    house.viewer.mood = Mood.FAILS
    await house.end()
    for seconds in (0, 20, 20, 20):
        house.clock.passes(seconds=seconds)
        await own.look()
    assert await minutes(house) == {"24 hours": 2, "30 days": 2}
    house.viewer.mood = Mood.WELL
    await house.judge.recover()
    house.clock.passes(days=2)
    await own.look()

    assert await minutes(house) == {"24 hours": 0, "30 days": 2}


async def test_what_was_long_ago_is_forgotten(house: World) -> None:
    """And where the store does not answer nobody says nought."""
    own = closing(house)
    house.viewer.mood = Mood.FAILS
    await house.end()
    await own.look()
    house.viewer.mood = Mood.WELL
    await house.judge.recover()
    house.clock.passes(seconds=(REMEMBERED + timedelta(days=1)).total_seconds())
    await own.look()
    assert await house.store.closed_minutes.since(house.clock() - 2 * REMEMBERED) == [0]

    closed = Store.open(house.folder / "other.db")
    await closed.close()
    report = await readiness(replace(house.gate, store=closed))
    assert report["closed_minutes"] is None
