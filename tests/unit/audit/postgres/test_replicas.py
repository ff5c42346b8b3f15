"""Several processes on one log, and a database that dies, hangs or turns back under them."""

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import pytest

from audit.entry import Entry, Receipt
from audit.errors import NotDurableError, UnusableError
from audit.log import Log
from audit.postgres import connection, store
from audit.postgres.store import PostgresStore
from audit.proof import Proof
from audit.report import Report
from audit.seal import DetailKeys
from audit.signer import Ed25519Signer
from tests.postgres_server import Server

Process: TypeAlias = "subprocess.Popen[bytes]"
MakeEntry = Callable[..., Entry]
OpenReplica = Callable[..., Awaitable[Log]]
VerifyCopy = Callable[..., Report]
ROOT = Path(__file__).parents[4]
ROUNDS = int(os.environ.get("IMPRIMATUR_POSTGRES_ROUNDS", "10"))
WAIT_SECONDS = 60.0
FOREVER = 10**6


@contextmanager
def replica(url: str, folder: Path, number: int, steps: int) -> Generator[Process]:
    """Run one more process that appends; kill it at the end, if it still runs."""
    command = [sys.executable, str(Path(__file__).with_name("replica.py")), url, str(folder)]
    with (
        (folder / f"out{number}").open("wb") as output,
        (folder / f"errors{number}").open("wb") as errors,
    ):
        process = subprocess.Popen(
            [*command, str(number), str(steps)],
            stdout=output,
            stderr=errors,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def acknowledged(folder: Path, number: int) -> list[tuple[int, str, str]]:
    """Read what a process acknowledged in whole lines."""
    lines = (folder / f"out{number}").read_text("utf-8").split("\n")[:-1]
    return [(index, known, note) for index, known, note in map(json.loads, lines)]


def wait_for_more(folder: Path, number: int) -> None:
    """Wait until a process acknowledges something more."""
    size, until = (folder / f"out{number}").stat().st_size, time.monotonic() + WAIT_SECONDS
    while (folder / f"out{number}").stat().st_size == size:
        if time.monotonic() > until:
            raise TimeoutError((folder / f"errors{number}").read_text())
        time.sleep(0.01)


def places(server: Server, database: str) -> dict[int, str]:
    """Return which entry the log has at each index."""
    lines = server.psql(database, "SELECT idx, entry_id FROM audit.entry").split()
    return {int(index): known for index, known in (line.split("|") for line in lines)}


@pytest.fixture
def folder(tmp_path: Path, signer: Ed25519Signer, keys: DetailKeys) -> Path:
    """A folder with the files of the two keys."""
    assert (signer.vkey.name, bool(keys)) == ("gw.example/audit", True)
    return tmp_path


class TestTogether:
    async def test_what_one_wrote_the_other_knows_and_can_prove(
        self, open_replica: OpenReplica, make_entry: MakeEntry, signer: Ed25519Signer
    ) -> None:
        """A request may come back to another process than the one that wrote its entry."""
        one, other = await open_replica(), await open_replica()
        first = await one.append(make_entry(1))
        assert (await other.append(make_entry(1))).leaf == first.leaf
        second = await other.append(make_entry(2))
        seen = await one.receipt(second.entry_id)
        assert seen is not None
        assert (seen.index, seen.leaf) == (2, second.leaf)
        Proof.parse(await one.proof(second.entry_id)).verify(second.leaf, signer.vkey)
        assert [each.index for each in await one.tail(2)] == [1, 2]
        await one.close()
        await other.close()

    async def test_two_that_begin_a_log_at_once_begin_one(self, open_replica: OpenReplica) -> None:
        """There is one genesis, and both are behind it."""
        both = await asyncio.gather(open_replica(), open_replica())
        for each in both:
            assert [entry.index for entry in await each.entries(0, 9)] == [0]
            await each.close()

    def test_two_processes_leave_no_gap_and_no_fork(
        self, postgres: Server, database: str, folder: Path, verify_copy: VerifyCopy
    ) -> None:
        """The point of it all: one order, whoever appends."""
        url = postgres.url(database)
        with replica(url, folder, 1, 20) as one, replica(url, folder, 2, 20) as other:
            assert (one.wait(WAIT_SECONDS), other.wait(WAIT_SECONDS)) == (0, 0)
        said = [*acknowledged(folder, 1), *acknowledged(folder, 2)]

        assert sorted(index for index, _, _ in said) == list(range(1, 641))
        found = places(postgres, database)
        assert all(found[index] == known for index, known, _ in said)
        report = verify_copy(*{note for _, _, note in said})
        assert (report.problems, report.entries) == ((), 641)

    def test_nothing_acknowledged_is_lost_when_server_and_processes_are_killed(
        self, postgres: Server, database: str, folder: Path, verify_copy: VerifyCopy
    ) -> None:
        """The promise of the whole log, with both sides dying in the middle of appends."""
        url, chance = postgres.url(database), random.Random(20261122)  # noqa: S311 - when to kill
        with replica(url, folder, 0, FOREVER):
            wait_for_more(folder, 0)
            for number in range(1, ROUNDS + 1):
                with replica(url, folder, number, FOREVER):
                    wait_for_more(folder, number)
                    time.sleep(chance.uniform(0.02, 0.3))
                    postgres.kill()
                    postgres.start()
                    wait_for_more(folder, 0)
        said = [each for number in range(ROUNDS + 1) for each in acknowledged(folder, number)]

        found = places(postgres, database)
        assert len(said) > ROUNDS
        assert sorted(found) == list(range(len(found)))
        assert [each for each in said if found.get(each[0]) != each[1]] == []
        report = verify_copy(*{note for _, _, note in said})
        # The one thing a kill may leave: last commits that were not signed in time.
        assert [each for each in report.problems if "no signature" not in each.what] == []


class TestDatabaseFaults:
    async def test_a_database_that_is_away_refuses_and_the_log_goes_on_when_it_is_back(
        self,
        postgres: Server,
        database: str,
        open_replica: OpenReplica,
        make_entry: MakeEntry,
        verify_copy: VerifyCopy,
    ) -> None:
        """No entry, no picture, and nobody has to start anything again."""
        log = await open_replica()
        await log.append(make_entry(1))
        postgres.psql("postgres", f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
        postgres.cut(database)
        for number in (2, 3):
            with pytest.raises(NotDurableError, match="PostgreSQL"):
                await log.append(make_entry(number))
        with pytest.raises(UnusableError, match="cannot be read"):
            await log.receipt(make_entry(1).entry_id)
        assert log.fault is None
        postgres.psql("postgres", f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")
        assert (await log.append(make_entry(2))).index == 2
        assert await log.receipt(make_entry(1).entry_id) is not None
        await log.close()
        assert (await asyncio.to_thread(verify_copy, log.checkpoint)).ok

    async def test_a_commit_that_is_still_on_its_way_is_waited_for(
        self, postgres: Server, database: str, open_replica: OpenReplica, make_entry: MakeEntry
    ) -> None:
        """The connection is cut while COMMIT waits for a standby; the entry is in the log."""
        log = await open_replica()
        await log.append(make_entry(1))
        postgres.set("synchronous_standby_names", "ghost")
        try:
            appending = asyncio.create_task(log.append(make_entry(2)))
            await asyncio.to_thread(postgres.wait_for, "SyncRep", database)
            inner = log._store
            assert isinstance(inner, PostgresStore)
            inner._writer.drop()
            await asyncio.sleep(0.3)
            assert not appending.done()  # it neither says yes nor no before it knows
        finally:
            await asyncio.to_thread(postgres.set, "synchronous_standby_names", None)
        receipt = await appending
        assert isinstance(receipt, Receipt)
        assert receipt.index == 2
        await log.close()

    async def test_without_its_standby_nothing_is_acknowledged(
        self,
        postgres: Server,
        open_replica: OpenReplica,
        make_entry: MakeEntry,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """An entry that a failover would lose is no receipt, however long it takes."""
        monkeypatch.setattr(store, "COMMIT_SECONDS", 0.3)
        monkeypatch.setattr(store, "LOOK_SECONDS", 0.3)
        monkeypatch.setitem(connection._SESSION, "lock_timeout", "200ms")
        log = await open_replica()
        await log.append(make_entry(1))
        postgres.set("synchronous_standby_names", "ghost")
        try:
            with pytest.raises(NotDurableError, match="nobody knows"):
                await log.append(make_entry(2))
            with pytest.raises(NotDurableError):
                await log.append(make_entry(2))
            assert await log.receipt(make_entry(2).entry_id) is None
        finally:
            postgres.set("synchronous_standby_names", None)
        assert (await log.append(make_entry(2))).index == 2
        assert len(await log.entries(0, 9)) == 3
        await log.close()

    async def test_a_log_that_turned_back_stops_whoever_saw_more(
        self, postgres: Server, database: str, open_replica: OpenReplica, make_entry: MakeEntry
    ) -> None:
        """A stale replica was promoted: going on would sign a second history."""
        log = await open_replica()
        await log.append(make_entry(1))
        await log.close()
        stale = postgres.create_database(database)
        log = await open_replica()
        await log.append(make_entry(2))
        postgres.cut(database)
        postgres.psql("postgres", f"ALTER DATABASE {database} RENAME TO gone_{database}")
        postgres.psql("postgres", f"ALTER DATABASE {stale} RENAME TO {database}")
        for number in (3, 4):
            with pytest.raises(NotDurableError):
                await log.append(make_entry(number))
        assert "rolled back" in str(log.fault)
        await log.close()

    async def test_a_log_that_forked_stops_whoever_saw_the_other_branch(
        self, postgres: Server, database: str, open_replica: OpenReplica, make_entry: MakeEntry
    ) -> None:
        """The stale replica went on without us, further than what we saw."""
        log = await open_replica()
        await log.append(make_entry(1))
        await log.close()
        stale = postgres.create_database(database)
        log = await open_replica()
        await log.append(make_entry(2))
        other = await open_replica(postgres.url(stale))
        for number in (3, 4, 5):
            await other.append(make_entry(number))
        await other.close()
        postgres.cut(database)
        postgres.psql("postgres", f"ALTER DATABASE {database} RENAME TO gone_{database}")
        postgres.psql("postgres", f"ALTER DATABASE {stale} RENAME TO {database}")
        for number in (6, 7):
            with pytest.raises(NotDurableError):
                await log.append(make_entry(number))
        assert "forked" in str(log.fault)
        await log.close()
