"""The gateway with its log and its store in PostgreSQL, as a platform and its operator meet it."""

import asyncio
from pathlib import Path

import pytest

from audit.entry import Kind
from audit.leaf import Leaf
from pipeline.app import open_house
from pipeline.errors import SettingsError
from pipeline.gateway.troubles import SHARED_FOR
from pipeline.sandbox.settings import SandboxSettings
from pipeline.settings import load
from pipeline.store.submissions import State
from tests.e2e.asking import v4
from tests.e2e.conftest import World, settings_of, world_in
from tests.postgres_server import OWNER, Server


async def generate(world: World) -> int:
    """Ask for a picture, and return the status."""
    return (await world.client.post("/ai/generate-image", json=v4("a harbour at dawn"))).status_code


async def test_it_serves_fails_over_and_remembers(postgres: Server, tmp_path: Path) -> None:
    """What a restart finds is what was written; a database that is away is 503, and comes back."""
    log, store = postgres.create_database("template"), postgres.create_database()
    data = tmp_path / "var"
    urls = {
        "IMPRIMATUR_LOG_DATABASE": postgres.url(log),
        "IMPRIMATUR_STORE_DATABASE": postgres.url(store, OWNER),
    }
    async with world_in(data, None, **urls) as world:
        assert await generate(world) == 200
        postgres.psql("postgres", f"ALTER DATABASE {store} ALLOW_CONNECTIONS false")
        postgres.cut(store)
        assert await generate(world) == 503
        assert await world.calls() == 1
        assert (await world.client.get("/ready")).status_code == 503
        postgres.psql("postgres", f"ALTER DATABASE {store} ALLOW_CONNECTIONS true")
        await asyncio.sleep(SHARED_FOR.total_seconds())
        assert (await world.client.get("/ready")).status_code == 200
        assert await generate(world) == 200

    assert not (data / "app.db").exists()
    async with open_house(load(data, world.env)) as house:
        (tenant,) = await house.gate.store.tenants.all()
        assert tenant.anlas_spent > 0
        assert not house.notices or "key" not in house.notices[0]


async def test_a_store_that_goes_away_during_a_paid_call_loses_nothing(
    postgres: Server, tmp_path: Path
) -> None:
    """The client is told to come again, the next start says what it finished; paid is once."""
    log, store = postgres.create_database("template"), postgres.create_database()
    urls = {
        "IMPRIMATUR_LOG_DATABASE": postgres.url(log),
        "IMPRIMATUR_STORE_DATABASE": postgres.url(store, OWNER),
    }
    async with world_in(tmp_path / "var", SandboxSettings(delay_seconds=1), **urls) as world:
        asking = asyncio.create_task(generate(world))
        while not await world.calls():  # noqa: ASYNC110 - asked over HTTP
            await asyncio.sleep(0.01)
        postgres.psql("postgres", f"ALTER DATABASE {store} ALLOW_CONNECTIONS false")
        postgres.cut(store)
        assert await asking == 503
        postgres.psql("postgres", f"ALTER DATABASE {store} ALLOW_CONNECTIONS true")
        assert await world.calls() == 1

    async with open_house(load(tmp_path / "var", world.env)) as again:
        told = again.notices
        (state,) = await again.gate.store.submissions.states()
        kinds = [Leaf.parse(each.leaf).kind for each in await again.gate.log.tail(100)]
    assert any("finished or closed 1" in line for line in told)
    assert state is State.RELEASED
    assert kinds[-1] is Kind.RELEASE


async def test_a_store_that_has_begun_in_a_file_is_not_begun_again(
    postgres: Server, tmp_path: Path
) -> None:
    """Its tenants, keys, holds and halts would be gone."""
    database = {"IMPRIMATUR_STORE_DATABASE": postgres.url("template", OWNER)}
    settings, _ = settings_of(tmp_path / "var", "http://127.0.0.1:9", **database)
    (tmp_path / "var" / "app.db").touch()

    with pytest.raises(SettingsError, match="take the setting back"):
        async with open_house(settings):
            pass
