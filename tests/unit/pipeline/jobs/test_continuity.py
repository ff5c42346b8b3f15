"""Continuity: a lost file is not taken for a first start."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from audit.entry import Kind
from pipeline.errors import LostFileError
from pipeline.jobs.continuity import is_store_lost
from pipeline.jobs.recovery import Recovery
from pipeline.store.store import Store
from tests.unit.pipeline.lookers import WHITE
from tests.unit.pipeline.world import HELD, World, open_world


@asynccontextmanager
async def reopened(folder: Path, *gone: str) -> AsyncGenerator[World]:
    """The same folder, without some of its files: they are made anew."""
    remove(folder, gone)
    async with open_world(folder) as house:
        yield house


def remove(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        for path in folder.glob(f"{name}*"):
            path.unlink()


def sealed(folder: Path) -> frozenset[Path]:
    return frozenset(path for path in (folder / "vault").rglob("*") if path.is_file())


def accepting(house: World) -> Recovery:
    return replace(house.recovery, goes_on_without=True)


async def served(folder: Path) -> None:
    """Release a picture, hold another, and leave a paid one in flight."""
    async with open_world(folder) as house:
        await house.end()
        house.upstream.colours = [HELD]
        await house.end()
        await house.generated(WHITE)


async def test_a_first_start_finds_nothing_amiss(house: World) -> None:
    """Neither file knows anything."""
    assert await house.recovery.run() == 0


async def test_a_lost_app_db_refuses_to_start(tmp_path: Path) -> None:
    """One line says what to do; nothing is closed, and nothing in the vault is touched."""
    await served(tmp_path)
    before = sealed(tmp_path)

    async with reopened(tmp_path, "app.db") as house:
        size = len(await house.leaves())
        with pytest.raises(LostFileError) as refused:
            await house.recovery.run()
        with pytest.raises(LostFileError):
            await house.recovery.run()

        assert len(await house.leaves()) == size
    assert sealed(tmp_path) == before
    assert "restore app.db" in str(refused.value)
    assert "\n" not in str(refused.value)


async def test_a_loss_that_is_known_is_on_record_and_ends_what_was_open(tmp_path: Path) -> None:
    """And is asked about once: the new app.db may be empty for a while."""
    await served(tmp_path)

    async with reopened(tmp_path, "app.db") as house:
        assert await accepting(house).run() == 2
        assert not await house.log.open_submissions()
        last = (await house.leaves())[-1]
        assert await house.recovery.run() == 0

    assert (last.kind, last.public["event"]) == (Kind.ERROR, "store.lost")


async def test_a_second_loss_is_refused_again(tmp_path: Path) -> None:
    """What was accepted is the first one."""
    await served(tmp_path)
    async with reopened(tmp_path, "app.db") as house:
        await accepting(house).run()
        await house.end()

    async with reopened(tmp_path, "app.db") as again:
        with pytest.raises(LostFileError):
            await again.recovery.run()


async def test_nothing_is_lost_where_nothing_was_asked_for(tmp_path: Path) -> None:
    """A log that names no submission is no history of an app.db."""
    async with open_world(tmp_path) as house, house.client() as client:
        await client.post("/v1/moderate/prompt", json={"prompt": "a harbour"})

    async with reopened(tmp_path, "app.db") as again:
        assert await again.recovery.run() == 0


async def test_a_lost_log_refuses_to_start(tmp_path: Path, house: World) -> None:
    """Else whoever deletes the history gets a clean one, without a word."""
    old = tmp_path / "old"
    old.mkdir()
    await served(old)
    store = Store.open(old / "app.db")

    with pytest.raises(LostFileError, match=r"log\.db"):
        await is_store_lost(house.log, store)
    await store.close()


async def test_a_log_that_could_never_be_written_is_not_lost(house: World) -> None:
    """The very first request was admitted, and then the disk was full: the next start closes it."""
    await house.submission()

    assert await house.recovery.run() == 1
