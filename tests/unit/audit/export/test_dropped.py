"""Exports of a log of which a shard was dropped."""

import asyncio
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from audit.entry import Entry, Kind
from audit.export.check import verify_export
from audit.export.profile import WITH_TILES, Profile
from audit.sharding import LEAST_DAYS, Sharding
from tests.tamper.exporting import MADE, World, exported, opened_log, order_of
from tests.unit.audit.export.second_verifier import open_second
from tests.unit.audit.export.world import BOBS, made, scope, step

HALF_A_YEAR = timedelta(days=183)
LATER = MADE + HALF_A_YEAR + timedelta(days=LEAST_DAYS)


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a log whose first shard was dropped, but for a submission that went on."""
    world = made(tmp_path_factory.mktemp("dropped"))
    asyncio.run(_dropped(world))
    return world


async def _dropped(world: World) -> None:
    log, now = await opened_log(world), MADE + HALF_A_YEAR
    sharding = Sharding(log, lambda: now, HALF_A_YEAR, LEAST_DAYS)
    assert await sharding.close_if_due()
    await log.append(step(BOBS, Kind.WITHHOLD, "harbour", None))
    living = [str(each.entry_id) async for page in log.living() for each in page]
    await log.append(Entry(UUID(int=900), Kind.ERASE, now, {"entries": living}))
    now = LATER
    assert await sharding.drop_due()
    await log.close()


@pytest.mark.parametrize("profile", Profile)
def test_an_export_of_what_is_left_holds_for_both_verifiers(
    profile: Profile, old: World, tmp_path: Path
) -> None:
    """Hashes stand for what went, so that it is provably all there was; and it is counted."""
    export = exported(old, tmp_path / "export", order_of(scope(profile)))

    report = verify_export(export, old.vkey)
    manifest = open_second(export, old.vkey)

    assert report.ok, report.problems
    assert manifest["disclosed"] == report.disclosed
    assert ("dropped" in report.withheld) == (profile in WITH_TILES)
    assert report.withheld.get("dropped", 33) == 33
