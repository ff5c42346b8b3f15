import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection

from pipeline.errors import StoreUnavailableError, StoreVersionError
from pipeline.store.store import Store
from pipeline.store.tenants import Tenant
from tests.postgres_server import OWNER, Server

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
HARBOUR = Tenant("harbour", "Harbour", NOON, anlas_budget=100)


@pytest.fixture
def database(postgres: Server) -> str:
    """A database with nothing in it."""
    return postgres.create_database()


@pytest.fixture
def url(postgres: Server, database: str) -> str:
    """Its URL, by a role that owns it and is no superuser."""
    return postgres.url(database, OWNER)


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    """A store in it, with one tenant."""
    opened = await Store.connect(url)
    await opened.tenants.add(HARBOUR)
    yield opened
    await opened.close()


async def spent(store: Store) -> int:
    harbour = await store.tenants.get("harbour")
    assert harbour is not None
    return harbour.anlas_spent


class TestOpen:
    async def test_what_was_written_is_there_after_a_restart(self, url: str) -> None:
        """A server that restarts knows its tenants."""
        store = await Store.connect(url)
        await store.tenants.add(HARBOUR)
        await store.close()

        again = await Store.connect(url)

        assert [tenant.id for tenant in await again.tenants.all()] == ["harbour"]
        await again.close()

    async def test_several_may_have_it_open_and_one_keeps_house(
        self, store: Store, url: str
    ) -> None:
        """What has to be done once is done by one of them, and by another when that one ends."""
        assert await store.writer.keeps()
        other = await Store.connect(url)
        assert not await other.writer.keeps()
        assert await store.writer.keeps()

        await store.close()

        assert await other.writer.keeps()
        await other.close()

    async def test_two_that_begin_it_at_once_make_it_once(self, url: str) -> None:
        """Replicas start together."""
        one, two = await asyncio.gather(Store.connect(url), Store.connect(url))
        await one.tenants.add(HARBOUR)

        assert await two.tenants.all() == await one.tenants.all()
        await one.close()
        await two.close()

    async def test_another_version_is_refused(
        self, store: Store, postgres: Server, database: str, url: str
    ) -> None:
        """An old program must not write into a new database."""
        await store.close()
        postgres.psql(database, "UPDATE imprimatur.store_version SET version = 99")

        with pytest.raises(StoreVersionError, match="got 99"):
            await Store.connect(url)

    async def test_what_is_somebody_elses_is_refused(
        self, postgres: Server, database: str, url: str
    ) -> None:
        """Nobody's schema is taken over."""
        postgres.psql(database, "CREATE SCHEMA imprimatur")

        with pytest.raises(StoreUnavailableError):
            await Store.connect(url)

    async def test_what_would_not_last_is_refused(
        self, postgres: Server, database: str, url: str
    ) -> None:
        """A commit that a power cut takes back is none."""
        postgres.psql(database, f"ALTER DATABASE {database} SET synchronous_commit = off")

        with pytest.raises(StoreUnavailableError, match="synchronous_commit"):
            await Store.connect(url)

    async def test_nobody_there_is_told_without_the_password(self) -> None:
        """What start-up prints ends in logs."""
        with pytest.raises(StoreUnavailableError) as caught:
            await Store.connect("postgresql://me:hush@/nothing?host=/nowhere")
        assert "hush" not in str(caught.value)

        with pytest.raises(StoreUnavailableError, match="URL") as caught:
            await Store.connect("hush")
        assert "hush" not in str(caught.value)


class TestFaults:
    async def test_a_lost_connection_fails_what_waits_and_is_made_again(
        self, store: Store, postgres: Server, database: str
    ) -> None:
        """After a failover the next request is served, and this one is told that it was not."""
        postgres.cut(database)

        with pytest.raises(StoreUnavailableError):
            await store.tenants.charge("harbour", 10)

        assert await store.tenants.charge("harbour", 10)
        assert await spent(store) == 10

    async def test_a_connection_that_is_lost_in_the_middle_leaves_nothing(
        self, store: Store, postgres: Server, database: str
    ) -> None:
        """What was not committed was not done, of nobody in the transaction."""

        def cut(_: Connection) -> None:
            postgres.cut(database)

        ended = await asyncio.gather(
            store.tenants.charge("harbour", 10), store.writer(cut), return_exceptions=True
        )

        assert isinstance(ended[0], StoreUnavailableError)
        assert await spent(store) == 0

    async def test_a_database_without_our_tables_is_not_begun_anew(
        self, store: Store, postgres: Server, database: str
    ) -> None:
        """What an empty replica would answer is that there are no halts and no taints."""
        postgres.psql(database, "DROP SCHEMA imprimatur CASCADE")
        postgres.cut(database)
        with pytest.raises(StoreUnavailableError):
            await store.ping()

        with pytest.raises(StoreUnavailableError, match="tables are gone"):
            await store.ping()

    async def test_who_was_cut_off_keeps_no_house_while_another_does(
        self, store: Store, postgres: Server, database: str, url: str
    ) -> None:
        """It would sweep and expire beside the one that took over."""
        assert await store.writer.keeps()
        postgres.cut(database)
        other = await Store.connect(url)
        assert await other.writer.keeps()

        with pytest.raises(StoreUnavailableError):
            await store.ping()

        assert not await store.writer.keeps()
        await other.close()

    async def test_a_value_that_does_not_fit_fails_alone(self, store: Store) -> None:
        """A stranger's number in the same transaction is not mine."""
        _, wrong, right = await asyncio.gather(
            store.ping(),
            store.tenants.charge("harbour", 2**70),
            store.tenants.charge("harbour", 10),
            return_exceptions=True,
        )

        assert isinstance(wrong, StoreUnavailableError)
        assert right is True
        assert await spent(store) == 10


async def test_a_taint_that_somebody_else_wrote_is_known_at_once(
    store: Store, postgres: Server, database: str
) -> None:
    """What one process kept in memory would let the like of it through."""
    assert await store.taints.of("harbour", NOON) == frozenset()
    postgres.psql(
        database,
        "INSERT INTO imprimatur.taints(tenant, likeness, at)"
        " VALUES ('harbour', '00000000000000ff', '2031-05-05T12:00:00.000000+00:00')",
    )

    assert await store.taints.of("harbour", NOON) == {0xFF}


async def test_of_a_thousand_at_once_in_three_gateways_as_many_pass_as_are_paid_for(
    store: Store, url: str
) -> None:
    """A budget is one for all of them."""
    others = [await Store.connect(url) for _ in range(2)]
    gateways = [store, *others]
    passed = await asyncio.gather(
        *(gateways[number % 3].tenants.charge("harbour", 1) for number in range(1_000))
    )
    for each in others:
        await each.close()

    assert sum(passed) == 100
    assert await spent(store) == 100
