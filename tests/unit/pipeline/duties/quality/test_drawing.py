"""Drawing from a whole house: what is drawn, what never, and that all is counted once."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import delete

from audit.entry import Entry, Json, Kind
from pipeline.access.permissions import Permission, Person
from pipeline.duties.quality.drawing import KEPT, Drawing
from pipeline.jobs.rulings import Ruling
from pipeline.store.samples import Checked, Frame, Opinion, opinions, samples
from pipeline.store.tallies import followed, tallies
from pipeline.store.writer import changing
from tests.unit.pipeline.world import BLOCK, HELD, NOON, TAINTED, TENANT, World

REVIEWER = Person("person-1", frozenset({Permission.REVIEW_RULE}))


def drawing(house: World, share: float = 1.0) -> Drawing:
    return Drawing(house.store, house.log, b"k" * 32, share, house.tenancy.policy_of, house.clock)


async def drawn(house: World) -> tuple[Checked, ...]:
    return await house.store.samples.drawn(NOON, NOON + timedelta(days=500))


async def counts(house: World) -> dict[tuple[str, str], int]:
    day = NOON.date()
    found = await house.store.tallies.between(day, day + timedelta(days=1), frozenset({TENANT}))
    total: dict[tuple[str, str], int] = {}
    for cell, count in found.items():
        key = cell.stage, cell.action
        total[key] = total.get(key, 0) + count
    return total


async def test_what_was_let_go_or_held_is_drawn_once(house: World) -> None:
    """With what each classifier said of it, and nothing of what it was."""
    await house.end("a harbour")
    house.upstream.colours = [HELD]
    await house.end("a mill")
    await house.end("holdme")
    own = drawing(house)
    await own.follow()
    await own.follow()

    found = await drawn(house)
    assert sorted(
        (each.sample.frame, each.sample.index) for each in found if each.sample.index is not None
    ) == [
        (Frame.HELD, 0),
        (Frame.RELEASED, 0),
    ]
    (words,) = [each.sample for each in found if each.sample.index is None]
    assert words.frame is Frame.HELD
    held = next(each.sample for each in found if each.sample.index == 0 and each.sample.hold)
    assert any(seen["flagged"] for seen in held.seen.values())
    assert any(seen["scores"] for seen in held.seen.values())
    assert any(seen["families"] for seen in held.seen.values())
    assert "harbour" not in repr([each.sample.seen for each in found])
    assert await counts(house) == {
        ("screen", "allow"): 2,
        ("screen", "hold"): 1,
        ("examine", "allow"): 1,
        ("examine", "hold"): 1,
    }


async def test_the_worst_and_what_was_refused_are_never_drawn(house: World) -> None:
    """Nobody looks at it for the sake of figures; what was refused is kept by nobody."""
    for colour, prompt in ((TAINTED, "a lake"), (BLOCK, "a quay"), (HELD, "graveword")):
        house.upstream.colours = [colour]
        await house.end(prompt)
    await house.end("blockme")
    await drawing(house).follow()

    assert await drawn(house) == ()


async def test_what_a_person_released_is_not_drawn_as_let_go(house: World) -> None:
    """It was drawn when it was held: a second time would count it twice."""
    house.upstream.colours = [HELD]
    await house.end("a mill")
    (hold,) = await house.store.holds.waiting()
    await house.rulings.rule(hold, Ruling(REVIEWER, approves=True, reason="a mill"))
    await drawing(house).follow()

    (found,) = await drawn(house)
    assert found.sample.frame is Frame.HELD
    assert found.ruled is not None
    assert (found.ruled.person, found.ruled.approved) == ("person-1", True)


async def test_a_share_is_drawn_and_nobody_can_tell_which(house: World) -> None:
    """By the key alone; as much as was said; none of it at nought."""
    ids = [uuid4() for _ in range(2_000)]
    own = drawing(house, 0.2)
    other = replace(own, key=b"o" * 32)

    chosen = [each for each in ids if own.draws(each)]
    assert 300 < len(chosen) < 500
    assert chosen == [each for each in ids if drawing(house, 0.2).draws(each)]
    assert chosen != [each for each in ids if other.draws(each)]
    assert not any(drawing(house, 0.0).draws(each) for each in ids)


async def test_after_its_loss_the_log_tells_everything_again(house: World) -> None:
    """app.db is a projection: samples, opinions and counts come back from the entries."""
    await house.end("a harbour")
    await drawing(house).follow()
    ((found,), before) = (await drawn(house), await counts(house))
    said = {"event": "check.given", "object": str(found.sample.id), "outcome": "block"}
    public: dict[str, Json] = {**said, "code": "VIO.GORE", "role": "reviewer", "automated": False}
    entry = Entry(uuid4(), Kind.CASE, house.clock(), public, {"person": "person-2"})
    await house.log.append(entry)
    for table in (samples, opinions, tallies, followed):
        await house.store.writer(changing(delete(table)))
    await drawing(house).follow()

    (again,) = await drawn(house)
    assert again.sample == found.sample
    assert [(each.person, each.code) for each in again.opinions] == [("person-2", "VIO.GORE")]
    assert await counts(house) == before


async def test_what_is_old_or_erased_is_forgotten(house: World) -> None:
    """Figures stay a year; of whoever is erased nothing stays."""
    await house.end("a harbour")
    await house.end("a mill")
    own = drawing(house)
    await own.follow()
    first, second = await drawn(house)
    await house.store.forgetting.submission(first.sample.submission)
    assert [each.sample for each in await drawn(house)] == [second.sample]
    await house.store.samples.give(Opinion(second.sample.id, "person-1", "OK", house.clock()))
    house.clock.passes(seconds=(KEPT + timedelta(days=2)).total_seconds())
    await own.follow()

    assert (await drawn(house), await counts(house)) == ((), {})


def test_nothing_here_can_reach_the_quarantine() -> None:
    """By type: what draws, keeps and measures does not even import what could open it."""
    script = (
        "import sys\n"
        "import pipeline.duties.quality.drawing, pipeline.duties.quality.measuring\n"
        "import pipeline.duties.quality.golden, pipeline.store.samples\n"
        "print('pipeline.quarantine' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
