import asyncio
import sqlite3
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from time import sleep

import pytest
from sqlalchemy import Connection, Engine, event

from pipeline.errors import (
    ConflictError,
    StoreLockedError,
    StoreUnavailableError,
    StoreVersionError,
)
from pipeline.store.store import SCHEMA_VERSION, Store, sqlite_is_sound
from pipeline.store.tenants import Tenant

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
OPEN_AND_WAIT = """
import sys, pathlib
from pipeline.store.store import SCHEMA_VERSION, Store
store = Store.open(pathlib.Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
"""


def _read_only(sql: Connection) -> None:
    wanted = {
        "sqlite": "PRAGMA query_only = ON",
        "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    }
    sql.exec_driver_sql(wanted[sql.dialect.name])


def modes_in(folder: Path) -> set[int]:
    return {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


class TestOpen:
    async def test_what_was_written_is_there_after_a_restart(self, tmp_path: Path) -> None:
        """A server that restarts knows its tenants."""
        store = Store.open(tmp_path / "app.db")
        await store.tenants.add(Tenant("harbour", "Harbour", NOON))
        await store.close()

        again = Store.open(tmp_path / "app.db")

        assert [tenant.id for tenant in await again.tenants.all()] == ["harbour"]
        await again.close()

    async def test_every_commit_is_synced(self, tmp_path: Path) -> None:
        """`NORMAL` would lose the last commits when the power fails."""
        store = Store.open(tmp_path / "app.db")

        pragmas = await store.writer(
            lambda sql: [
                sql.exec_driver_sql(f"PRAGMA {name}").scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys")
            ]
        )

        assert pragmas == ["wal", 2, 1]
        await store.close()

    async def test_only_the_owner_can_read_the_files(self, tmp_path: Path) -> None:
        """Another account on the machine does not read who our tenants are."""
        store = Store.open(tmp_path / "app.db")
        await store.tenants.add(Tenant("harbour", "Harbour", NOON))

        assert modes_in(tmp_path) == {0o600}
        await store.close()

    async def test_a_second_opening_is_refused(self, tmp_path: Path) -> None:
        """SQLite means one server process; two would each believe to be the only one."""
        store = Store.open(tmp_path / "app.db")

        with pytest.raises(StoreLockedError, match="another"):
            Store.open(tmp_path / "app.db")
        await store.close()

    def test_another_process_keeps_it_and_gives_it_back_when_killed(self, tmp_path: Path) -> None:
        """A server that was killed leaves no lock that somebody must remove by hand."""
        path = tmp_path / "app.db"
        command = [sys.executable, "-c", OPEN_AND_WAIT, str(path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == b"open\n"
            with pytest.raises(StoreLockedError):
                Store.open(path)
            other.kill()

        asyncio.run(Store.open(path).close())

    def test_another_version_is_refused(self, tmp_path: Path) -> None:
        """An old program must not write into a new database."""
        with sqlite3.connect(tmp_path / "app.db") as sql:
            sql.execute("PRAGMA user_version = 99")
        sql.close()

        with pytest.raises(StoreVersionError, match=f"version {SCHEMA_VERSION}, got 99"):
            Store.open(tmp_path / "app.db")

    def test_a_database_of_something_else_is_refused(self, tmp_path: Path) -> None:
        """Nobody's file is taken over."""
        with sqlite3.connect(tmp_path / "app.db") as sql:
            sql.execute("CREATE TABLE theirs (id)")
        sql.close()

        with pytest.raises(StoreVersionError):
            Store.open(tmp_path / "app.db")

    def test_what_is_no_database_is_refused(self, tmp_path: Path) -> None:
        """A damaged file is an error, never an empty database."""
        (tmp_path / "app.db").write_bytes(b"not a database, for sure" * 100)

        with pytest.raises(StoreUnavailableError, match="NOTADB"):
            Store.open(tmp_path / "app.db")

    def test_a_folder_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        """The data directory is made at first start, and nowhere else by accident."""
        with pytest.raises(StoreUnavailableError, match="folder"):
            Store.open(tmp_path / "nowhere" / "app.db")

    def test_a_failed_opening_gives_the_lock_back(self, tmp_path: Path) -> None:
        """What the operator repaired can be opened without a restart of anything else."""
        path = tmp_path / "app.db"
        path.write_bytes(b"not a database, for sure" * 100)
        with pytest.raises(StoreUnavailableError):
            Store.open(path)
        path.unlink()

        asyncio.run(Store.open(path).close())


class TestTransactions:
    async def test_a_transaction_that_fails_leaves_nothing(self, store: Store) -> None:
        """Half of a change is worse than none."""

        def half(sql: Connection) -> None:
            add = "INSERT INTO refusals VALUES ('harbour', 's', '2031-05-04', 1, '')"
            sql.exec_driver_sql(add)
            raise RuntimeError("cut off")

        with pytest.raises(RuntimeError, match="cut off"):
            await store.writer(half)
        assert await store.refusals.count("harbour", "s", NOON) == 0

    async def test_a_conflict_does_not_name_the_values(self, store: Store) -> None:
        """Errors end in logs, and values are people's."""
        with pytest.raises(ConflictError) as caught:
            await store.tenants.add(Tenant("harbour", "Somebody's Name", NOON))

        assert "Somebody" not in str(caught.value)
        assert caught.value.__cause__ is None

    async def test_a_read_only_database_is_unavailable(self, store: Store) -> None:
        """A disk that cannot be written to ends in 503, not in forgetting."""
        await store.writer(_read_only)

        with pytest.raises(StoreUnavailableError, match=r"READONLY|25006"):
            await store.tenants.add(Tenant("third", "Third", NOON))

    async def test_a_closed_store_is_unavailable(self, tmp_path: Path) -> None:
        """A request that outlives the server's end gets an answer it can handle."""
        store = Store.open(tmp_path / "app.db")
        await store.close()

        with pytest.raises(StoreUnavailableError, match="closed"):
            await store.ping()

    async def test_many_at_once_take_turns(self, store: Store) -> None:
        """One writer means nobody meets a locked database."""
        counts = await asyncio.gather(
            *(store.refusals.add("harbour", "s", NOON) for _ in range(40))
        )

        assert sorted(counts) == list(range(1, 41))


class TestBatches:
    async def test_what_waits_shares_one_sync(self, store: Store) -> None:
        """A sync is the dearest part of a small change, and many requests wait for one disk."""
        commits: list[object] = []
        count = commits.append
        event.listen(Engine, "commit", count)
        try:
            await asyncio.gather(*(store.tenants.charge("harbour", 1) for _ in range(40)))
        finally:
            event.remove(Engine, "commit", count)

        assert 1 <= len(commits) <= 5
        harbour = await store.tenants.get("harbour")
        assert harbour is not None
        assert harbour.anlas_spent == 40

    async def test_one_that_conflicts_leaves_its_neighbours_alone(self, store: Store) -> None:
        """A stranger's mistake in the same transaction is not mine."""
        twice = Tenant("harbour", "Harbour", NOON)

        _, conflict, _, _ = await asyncio.gather(
            store.tenants.charge("harbour", 10),
            store.tenants.add(twice),
            store.tenants.charge("harbour", 10),
            store.refusals.add("harbour", "s", NOON),
            return_exceptions=True,
        )

        assert isinstance(conflict, ConflictError)
        harbour = await store.tenants.get("harbour")
        assert harbour is not None
        assert harbour.anlas_spent == 20
        assert await store.refusals.count("harbour", "s", NOON) == 1

    async def test_where_the_database_fails_nobody_is_told_otherwise(self, store: Store) -> None:
        """If the transaction is gone, so is the work of those who had succeeded in it."""
        ended = await asyncio.gather(
            store.ping(),
            store.tenants.charge("harbour", 10),
            store.writer(lambda sql: sql.exec_driver_sql("no statement")),
            return_exceptions=True,
        )

        harbour = await store.tenants.get("harbour")
        assert harbour is not None
        assert isinstance(ended[2], StoreUnavailableError)
        assert (ended[1] is True) is (harbour.anlas_spent == 10)

    async def test_who_left_before_the_work_began_changes_nothing(self, store: Store) -> None:
        """A caller that is gone cannot be told that it was done."""
        busy = asyncio.create_task(store.writer(lambda _: sleep(0.2)))
        await asyncio.sleep(0.05)
        left = asyncio.create_task(store.tenants.charge("harbour", 10))
        await asyncio.sleep(0)
        left.cancel()

        await busy

        harbour = await store.tenants.get("harbour")
        assert harbour is not None
        assert harbour.anlas_spent == 0


class TestTogether:
    async def test_several_changes_are_durable_at_once(self, store: Store) -> None:
        """An outcome changes a submission and its pictures: half of it would be a lie."""

        async def both(part: Store) -> bool:
            await part.refusals.add("harbour", "s", NOON)
            return await part.tenants.charge("harbour", 30)

        assert await store.together(both)
        assert await store.refusals.count("harbour", "s", NOON) == 1

    async def test_one_that_conflicts_undoes_the_others(self, store: Store) -> None:
        """What was done before it in the same transaction must not stand."""

        async def both(part: Store) -> None:
            await part.refusals.add("harbour", "s", NOON)
            await part.tenants.add(Tenant("harbour", "Harbour", NOON))

        with pytest.raises(ConflictError):
            await store.together(both)
        assert await store.refusals.count("harbour", "s", NOON) == 0

    async def test_nothing_else_is_waited_for(self, store: Store) -> None:
        """A transaction that waits for the world keeps everybody else out."""

        async def idle(part: Store) -> None:
            await part.refusals.add("harbour", "s", NOON)
            await asyncio.sleep(0)

        with pytest.raises(RuntimeError, match="other waiting"):
            await store.together(idle)
        assert await store.refusals.count("harbour", "s", NOON) == 0


@pytest.mark.parametrize(
    ("version", "sound"), [((3, 40, 1), False), ((3, 51, 3), True), ((3, 60, 0), True)]
)
def test_an_unsound_sqlite_is_told(version: tuple[int, ...], *, sound: bool) -> None:
    """Start-up warns of the versions that can damage a database in WAL mode."""
    assert sqlite_is_sound(version) is sound
