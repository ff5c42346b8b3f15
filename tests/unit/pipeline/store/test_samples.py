"""Samples, tallies and figures on either database: what waits, what was said, what is counted."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from pipeline.items import Cause, Stage
from pipeline.store.figures import Seen
from pipeline.store.holds import End, Hold
from pipeline.store.pictures import Picture, PictureState
from pipeline.store.samples import Frame, Opinion, Sample
from pipeline.store.store import Store
from pipeline.store.submissions import SubmissionRow
from pipeline.store.tallies import Cell, Day
from tests.unit.pipeline.store.conftest import NOON

DAY = timedelta(days=1)
RELEASED = Sample(
    UUID(int=1), UUID(int=11), "harbour", UUID(int=100), 0, Frame.RELEASED, "OK", None, NOON
)
HOLD = Hold(
    UUID(int=7),
    "harbour",
    UUID(int=100),
    Stage.EXAMINE,
    1,
    Cause.SUSPICION,
    "v1",
    NOON,
    NOON + DAY,
    code="SEX.NUDITY",
)
HELD = replace(RELEASED, id=UUID(int=2), index=1, frame=Frame.HELD, hold=HOLD.id)


@pytest.fixture
async def kept(store: Store, row: SubmissionRow) -> Store:
    """A picture that was released, and one that is held, both drawn."""
    await store.admission.admit(row)
    until = NOON + DAY
    await store.pictures.add(
        [
            Picture("harbour", row.id, 0, "v0", "s", PictureState.RELEASED, until),
            Picture("harbour", row.id, 1, "v1", "s", PictureState.HELD, until),
        ]
    )
    await store.holds.open(HOLD)
    await store.samples.add([RELEASED, HELD])
    await store.samples.add([replace(RELEASED, code="other")])
    return store


async def waiting(store: Store, person: str = "ana", days: float = 0, *tenants: str) -> list[UUID]:
    found = await store.samples.waiting(frozenset(tenants), person, NOON + days * DAY)
    return [each.id for each in found]


async def test_a_sample_waits_as_long_as_what_it_is_of_is_kept(kept: Store) -> None:
    """For two people, whose it is to see; and drawn twice it is drawn once."""
    assert await waiting(kept) == [RELEASED.id, HELD.id]
    assert await waiting(kept, "ana", 0, "meadow") == []
    assert await waiting(kept, "ana", 2) == []
    assert await kept.samples.get(RELEASED.id) == RELEASED
    for person in ("ana", "ben"):
        assert await kept.samples.give(Opinion(RELEASED.id, person, "OK", NOON))
        assert not await kept.samples.give(Opinion(RELEASED.id, person, "VIO.GORE", NOON))
    assert await waiting(kept, "cleo") == [HELD.id]
    await kept.holds.close(HOLD, End.REJECTED, NOON, "dora", "no")
    assert await waiting(kept, "cleo") == []


async def test_what_was_said_is_told_with_the_ruling(kept: Store) -> None:
    """As it was by the end of the time that is asked for."""
    later = NOON + timedelta(hours=1)
    await kept.samples.give(Opinion(HELD.id, "ana", "OK", later))
    await kept.holds.close(HOLD, End.APPROVED, later, "dora", "yes")
    before = await kept.samples.drawn(NOON, later)
    after = {each.sample.id: each for each in await kept.samples.drawn(NOON, NOON + DAY)}

    assert [each.opinions for each in before] == [(), ()]
    ruled = after[HELD.id].ruled
    assert ruled is not None
    assert (ruled.person, ruled.approved) == ("dora", True)
    assert [each.code for each in after[HELD.id].opinions] == ["OK"]
    assert await kept.samples.drawn(NOON, NOON + DAY, frozenset({"meadow"})) == ()
    assert await kept.samples.purge(NOON + DAY) == 3
    assert await kept.samples.get(HELD.id) is None


async def test_counts_add_up_by_day_and_tenant(store: Store) -> None:
    """And somebody goes on reading where they stopped."""
    today, cell = NOON.date(), Cell("screen", "block", "SELF.HARM")
    for tenant, count in (("harbour", 2), ("harbour", 3), ("meadow", 4)):
        await store.tallies.add({(Day(today, tenant), cell): count})
    await store.tallies.add({})
    await store.tallies.add({(Day(today - DAY, "harbour"), cell): 9})
    assert await store.tallies.between(today, today + DAY) == {cell: 9}
    own = frozenset({"harbour"})
    assert await store.tallies.between(today - DAY, today + DAY, own) == {cell: 14}
    assert await store.tallies.purge(today) == 1
    assert await store.tallies.next("quality") == 0
    for until in (5, 9):
        await store.tallies.read("quality", until)
    assert await store.tallies.next("quality") == 9


async def test_figures_are_counted_for_whom_they_are(kept: Store) -> None:
    """Cases by age, and pictures by person."""
    young = await kept.figures.ages(Seen(), NOON + timedelta(minutes=5))
    old = await kept.figures.ages(Seen(frozenset({"harbour"})), NOON + timedelta(hours=5))
    other = await kept.figures.ages(Seen(frozenset({"meadow"})), NOON)

    assert (young["under 1 h"], old["4 to 24 h"]) == (1, 1)
    assert [sum(each.values()) for each in (young, old, other)] == [1, 1, 0]
    await kept.exposures.begin(UUID(int=5), "ana", NOON)
    await kept.exposures.end(UUID(int=5), timedelta(seconds=3))
    assert await kept.figures.exposure(NOON, NOON + DAY) == [("ana", 1, timedelta(seconds=3))]
    assert await kept.figures.exposure(NOON + DAY, NOON + 2 * DAY) == []
    assert await kept.figures.appeals(Seen(), NOON, NOON + DAY) == []


async def test_closed_minutes_are_counted_once(store: Store) -> None:
    """Each is there once, however often it was seen."""
    for seconds in (0, 20, 70):
        await store.closed_minutes.add(NOON + timedelta(seconds=seconds))
    assert await store.closed_minutes.since(NOON, NOON + timedelta(minutes=1), NOON + DAY) == [
        2,
        1,
        0,
    ]
    assert await store.closed_minutes.purge(NOON + timedelta(minutes=1)) == 1
