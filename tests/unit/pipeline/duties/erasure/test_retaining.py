"""Retention: each class for as long as it says, and nothing that is held or in custody."""

import pytest

from audit.entry import Entry, Kind
from pipeline.duties.erasure.holding import Over
from pipeline.duties.erasure.keeping import Kept
from pipeline.duties.erasure.retaining import Class, Counted
from tests.unit.pipeline.duties.erasure.conftest import Archive
from tests.unit.pipeline.world import TENANT

NOTHING = Counted(0, {})


async def erasures(archive: Archive) -> list[tuple[object, object]]:
    """What was erased by the calendar: the class, and how much."""
    leaves = await archive.house.leaves()
    done = [each.public for each in leaves if each.kind is Kind.ERASE]
    assert all(each["reason"] == "retention" for each in done)
    return [(each["class"], each["count"]) for each in done]


async def test_each_class_goes_at_its_time(archive: Archive) -> None:
    """What an appeal needs stays longer than what nobody will ask about."""
    house = archive.house
    allowed, refused = await archive.row("u1"), await archive.row("u1", "blockme")
    await archive.tried("u1", "a harbour")
    for kind in (Kind.RULING, Kind.ACCESS):
        public = {"tenant": TENANT}
        entry = Entry(house.gate.new_id(), kind, house.clock(), public, {"person": "Ada"})
        await house.log.append(entry)
    left = await archive.left(refused)

    found = []
    for days in (89, 2, 178, 2, 823, 2, 1458, 2):
        house.clock.passes(days=days)
        dry = await archive.retaining.run(dry=True)
        assert await archive.retaining.run(dry=False) == dry
        found.append({name: each.due for name, each in dry.items() if each != NOTHING})

    assert found == [
        {},
        {Class.ALLOWED: 5},
        {},
        {Class.REFUSED: left},
        {},
        {Class.DECISIONS: 1},
        {},
        {Class.RECORDS: 1},
    ]
    assert await archive.left(allowed) == await archive.left(refused) == 0
    assert await erasures(archive) == [
        ("allowed", 5), ("refused", left), ("decisions", 1), ("records", 1)
    ]  # fmt: skip


async def test_a_dry_run_does_nothing(archive: Archive) -> None:
    """It is asked by somebody who is not sure."""
    row = await archive.row("u1")
    archive.house.clock.passes(days=100)
    entries = len(await archive.house.leaves())

    for _ in range(2):
        found = await archive.retaining.run(dry=True)
        assert found[Class.ALLOWED] == Counted(4, {})

    assert await archive.left(row) == 4
    assert len(await archive.house.leaves()) == entries
    assert await archive.house.store.erasures.marks() == {}


@pytest.mark.parametrize("whole", [True, False])
async def test_a_hold_beats_retention_until_it_is_lifted(archive: Archive, whole: bool) -> None:
    """And what came after it goes on time."""
    held, other = await archive.row("u1"), await archive.row("u2")
    over = Over(TENANT) if whole else Over(TENANT, subject="u1")
    hold = await archive.holding.place(over, "court 7", "Ada")
    archive.house.clock.passes(days=100)

    found = (await archive.retaining.run(dry=False))[Class.ALLOWED]
    assert found == Counted(0 if whole else 4, {Kept.LEGAL_HOLD: 8 if whole else 4})
    assert await archive.left(held) == 4
    assert await archive.left(other) == (4 if whole else 0)

    await archive.holding.lift(hold.id, "closed", "Ada")
    found = (await archive.retaining.run(dry=False))[Class.ALLOWED]
    assert found == Counted(8 if whole else 4, {})
    assert (await archive.left(held), await archive.left(other)) == (0, 0)


async def test_what_is_in_custody_is_never_erased_by_the_calendar(archive: Archive) -> None:
    """However old: it is evidence, and somebody else's to destroy."""
    row = await archive.row("u1", "graveword")
    await archive.house.upkeep.round()
    left = await archive.left(row)
    assert left
    archive.house.clock.passes(days=10_000)

    found = await archive.retaining.run(dry=False)

    assert found[Class.REFUSED] == Counted(0, {Kept.CUSTODY: left})
    assert await archive.left(row) == left
    assert (await archive.retaining.run(dry=False))[Class.REFUSED] == NOTHING  # not walked again


async def test_it_runs_once_a_day(archive: Archive) -> None:
    """Upkeep asks every ten minutes."""
    await archive.row("u1")
    archive.house.clock.passes(days=89)
    await archive.retaining.run_if_due()
    archive.house.clock.passes(hours=23)
    await archive.retaining.run_if_due()
    assert await erasures(archive) == []
    archive.house.clock.passes(hours=2)
    await archive.retaining.run_if_due()
    assert await erasures(archive) == [("allowed", 4)]
