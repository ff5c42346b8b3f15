"""Waiting for company: only in a queue, together, and each for itself."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.gathering import Gathering, all_of
from pipeline.items import Halted, PublicCode, Stage
from tests.unit.pipeline.world import World


def queue(pause_seconds: float = 0.01) -> Gathering:
    """Build one before whose gate a queue stands."""
    return Gathering(lambda: True, pause_seconds)


async def test_without_a_queue_nobody_pauses() -> None:
    """Whoever is alone with the machine is not slowed down."""
    await asyncio.wait_for(Gathering(lambda: False, pause_seconds=3600).join(), 1)


async def test_all_who_come_in_one_pause_leave_together() -> None:
    """The last to come does not wait for a pause of its own."""
    waits, left = queue(), list[int]()

    async def come(number: int) -> None:
        await waits.join()
        left.append(number)

    first = asyncio.create_task(come(0))
    await asyncio.sleep(0)
    others = [asyncio.create_task(come(number)) for number in range(1, 5)]
    await first
    await asyncio.sleep(0)

    assert sorted(left) == [0, 1, 2, 3, 4]
    await asyncio.gather(*others)


async def test_who_comes_later_waits_for_the_next() -> None:
    """A pause that is over lets nobody else through."""
    asked = list[int]()

    def busy() -> bool:
        asked.append(1)
        return True

    waits = Gathering(busy, 0.01)
    await waits.join()
    await waits.join()

    assert len(asked) == 2


async def test_one_who_gives_up_leaves_the_others_waiting() -> None:
    """Nor does it fail them."""
    waits = queue()
    gives_up, stays = (asyncio.create_task(waits.join()) for _ in range(2))
    await asyncio.sleep(0)
    gives_up.cancel()

    await asyncio.wait_for(stays, 1)
    with pytest.raises(asyncio.CancelledError):
        await gives_up


async def test_entries_of_a_queue_are_committed_together(house: World, tmp_path: Path) -> None:
    """That is what it is for: one sync for eight requests."""
    record = replace(house.record, gathering=queue(0.05))
    asked = [await house.submission(f"a harbour, {number} boats") for number in range(8)]

    def halted(number: int) -> Halted:
        code = PublicCode.TEMPORARILY_UNAVAILABLE
        return Halted(asked[number].id, Stage.SCREEN, code, None, "detector_sick")

    before = _commits(tmp_path)
    done = await asyncio.gather(*(record.write(asked[n], halted(n)) for n in range(8)))

    assert len({receipt.index for (receipt,) in done}) == 8
    assert _commits(tmp_path) - before == 1


@pytest.mark.parametrize("count", [0, 1, 3])
async def test_all_answer_in_the_order_in_which_they_were_asked(count: int) -> None:
    """However long each takes."""

    async def answer(number: int) -> int:
        await asyncio.sleep(0.001 * (count - number))
        return number

    assert [*await all_of([answer(number) for number in range(count)])] == [*range(count)]


@pytest.mark.parametrize("count", [1, 3])
async def test_the_fault_of_one_is_the_fault_of_all(count: int) -> None:
    """Nobody goes on with the answers of the others."""

    async def answer(number: int) -> int:
        if number == count - 1:
            raise LookupError(str(number))
        return number

    with pytest.raises(LookupError):
        await all_of([answer(number) for number in range(count)])


def _commits(folder: Path) -> int:
    with closing(sqlite3.connect(next(folder.rglob("log.db")))) as log:
        found: tuple[int] = log.execute("SELECT count(*) FROM head").fetchone()
    return found[0]
