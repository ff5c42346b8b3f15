"""Shards: closed in time, dropped in time, and not at all while a legal hold stands."""

from uuid import UUID

from audit.entry import STEPS
from pipeline.duties.erasure.dropping import Dropped
from pipeline.duties.erasure.holding import Over
from tests.unit.pipeline.duties.erasure.conftest import Archive
from tests.unit.pipeline.world import TENANT


async def steps(archive: Archive) -> int:
    """Count what the log still says of requests."""
    return sum(each.kind in STEPS for each in await archive.house.leaves())


async def test_what_is_due_goes_once_a_day_after_retention_has_erased_it(archive: Archive) -> None:
    """Upkeep does the three in their order: erase, drop, and nothing is left open."""
    await archive.row("u1")
    before = await steps(archive)
    for days in (183, 2554):
        archive.house.clock.passes(days=days)
        await archive.retaining.run_if_due()
        await archive.dropping.run_if_due()
    assert await steps(archive) == before > 0

    archive.house.clock.passes(days=1)
    await archive.dropping.run_if_due()

    assert await steps(archive) == 0
    assert [each.dropped is not None for each in await archive.dropping.all()] == [True, False]
    assert await archive.house.log.open_submissions() == []
    assert await archive.dropping.run(dry=False) == Dropped(0, 0, held=False)


async def test_nothing_goes_while_a_legal_hold_stands_whatever_it_is_over(
    archive: Archive,
) -> None:
    """Which entries a court will want is not for a calendar to say."""
    await archive.row("u1")
    before = await steps(archive)
    archive.house.clock.passes(days=183)
    await archive.dropping.run(dry=False)
    archive.house.clock.passes(days=2555)
    await archive.retaining.run(dry=False)
    hold = await archive.holding.place(Over(TENANT, None, None), "court 7", "Ada")

    assert await archive.dropping.run(dry=False) == Dropped(1, 0, held=True)
    assert await steps(archive) == before

    await archive.holding.lift(UUID(str(hold.id)), "closed", "Ada")
    assert await archive.dropping.run(dry=True) == Dropped(1, 0, held=False)
    assert (await archive.dropping.run(dry=False)).entries > 0
    assert await steps(archive) == 0
