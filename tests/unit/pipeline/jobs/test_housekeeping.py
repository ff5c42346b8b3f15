"""Of several gateways on one store one keeps house, and whoever was taken for dead ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import uuid4

import pytest

from pipeline.errors import StoreLockedError
from pipeline.halts import Halts
from pipeline.items import Subject
from pipeline.jobs.housekeeping import Housekeeping
from pipeline.store.halts import Scope
from pipeline.store.replicas import GONE
from pipeline.store.store import Store
from tests.postgres_server import OWNER, Server
from tests.unit.pipeline.world import NOON, Clock, World


@dataclass
class Gateway:
    """One gateway, and whether it is at work."""

    name: str
    store: Store
    halts: Halts
    clock: Clock
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    running: "asyncio.Task[None] | None" = None

    async def work(self) -> None:
        """Do what is to be done once, until cancelled."""
        self.begun.set()
        self.ended.clear()
        try:
            await asyncio.Event().wait()
        finally:
            self.begun.clear()
            self.ended.set()

    def starts(self) -> "asyncio.Task[None]":
        """Let it keep house, if it is to."""
        house = Housekeeping(self.store, self.halts, self.name, self.clock, self.work)
        self.running = asyncio.create_task(house.run())
        return self.running

    async def ends(self) -> None:
        """Stop it in order."""
        if self.running is not None:
            self.running.cancel()
            with suppress(asyncio.CancelledError, StoreLockedError):
                await self.running
        self.running = None


@pytest.fixture
async def two(postgres: Server, house: World) -> AsyncIterator[tuple[Gateway, Gateway]]:
    """Two gateways on one database."""
    url = postgres.url(postgres.create_database(), OWNER)
    made: list[Gateway] = []
    for name in ("one", "two"):
        store = await Store.connect(url)
        await store.replicas.join(name, NOON)
        halts = Halts(store.halts, house.log, house.clock, uuid4, house.gate.subject_key)
        made.append(Gateway(name, store, halts, house.clock))
    yield made[0], made[1]
    for each in made:
        await each.ends()
        await each.store.close()


async def test_one_keeps_house_and_another_once_it_is_gone(two: tuple[Gateway, Gateway]) -> None:
    """Twice would be wrong, and never as well."""
    one, other = two
    one.starts()
    await one.begun.wait()
    other.starts()
    assert not await other.store.writer.keeps()
    assert not other.begun.is_set()

    await one.ends()
    await one.store.writer.finish()
    await other.begun.wait()

    assert one.ended.is_set()


async def test_a_halt_in_one_is_heard_in_the_other(two: tuple[Gateway, Gateway]) -> None:
    """Whoever keeps house or not."""
    one, other = two
    one.starts()
    await one.begun.wait()
    other.starts()
    await one.halts.place(Scope.ALL, "", "", "incident 12", "ana")

    while not other.halts.stops_request(Subject("harbour")):  # noqa: ASYNC110 - it is polled
        await asyncio.sleep(0.01)


async def test_who_was_taken_for_dead_ends_and_its_work_with_it(
    two: tuple[Gateway, Gateway],
) -> None:
    """Others have taken up what it carries: it must not go on."""
    one, other = two
    running = one.starts()
    await one.begun.wait()
    one.clock.at += GONE
    await other.store.others("two", one.clock())

    with pytest.raises(StoreLockedError, match="start again"):
        await running
    assert one.ended.is_set()


async def test_who_loses_its_connection_keeps_house_no_longer_until_it_is_back(
    two: tuple[Gateway, Gateway], postgres: Server
) -> None:
    """With the connection the lock is gone: another may have begun."""
    one, _ = two
    one.starts()
    await one.begun.wait()
    (database,) = await one.store.writer(
        lambda sql: tuple(sql.exec_driver_sql("SELECT current_database()").scalars())
    )
    postgres.psql("postgres", f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
    postgres.cut(database)
    await one.ended.wait()
    postgres.psql("postgres", f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")

    await one.begun.wait()


async def test_work_that_ends_is_a_bug_and_is_raised(house: World) -> None:
    """A server must not go on without it."""

    async def nothing() -> None:
        pass

    async def fails() -> None:
        raise ZeroDivisionError

    halts = house.gate.halts
    with pytest.raises(RuntimeError, match="got its end"):
        await Housekeeping(house.store, halts, "one", house.clock, nothing).run()
    with pytest.raises(ZeroDivisionError):
        await Housekeeping(house.store, halts, "one", house.clock, fails).run()


async def test_one_alone_keeps_house_at_once(house: World) -> None:
    """On a file there is no other; and a stop ends the work before it ends itself."""
    alone = Gateway("one", house.store, house.gate.halts, house.clock)
    alone.starts()
    await alone.begun.wait()
    await alone.ends()

    assert alone.ended.is_set()
