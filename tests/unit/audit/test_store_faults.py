"""Every fault here is a real one: SQLite's own limits, a real lock, a signer that refuses."""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from audit.entry import Entry, Receipt
from audit.errors import NotDurableError, UnusableError
from audit.log import Log
from audit.note import Signature
from audit.seal import DetailKeys
from audit.signer import Ed25519Signer
from audit.verify import verify
from audit.vkey import VerifierKey

MakeEntry = Callable[..., Entry]
OpenLog = Callable[..., Awaitable[Log]]


class Tap:
    """Keeps the connections that the log opens, so that a test can set SQLite's own limits."""

    def __init__(self) -> None:
        self.opened: list[sqlite3.Connection] = []

    def __call__(self, path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=0.1
        )
        self.opened.append(connection)
        return connection

    def pragma(self, setting: str) -> None:
        self.opened[-1].execute(f"PRAGMA {setting}").fetchall()


class LosesCommits(sqlite3.Connection):
    """Loses the answer of one COMMIT; `does_it` says whether the commit happened."""

    armed = False
    does_it = False

    @override
    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        if sql == "COMMIT" and LosesCommits.armed:
            LosesCommits.armed = False
            super().execute("COMMIT" if LosesCommits.does_it else "ROLLBACK")
            raise sqlite3.OperationalError("disk I/O error")
        return super().execute(sql, parameters)


@dataclass(slots=True)
class MoodySigner:
    """Signs, unless it is told to refuse, as a key service may."""

    inner: Ed25519Signer
    refuses: bool = False

    @property
    def vkey(self) -> VerifierKey:
        return self.inner.vkey

    def sign(self, text: str, /) -> Signature:
        if self.refuses:
            raise NotDurableError("signer", "no answer")
        return self.inner.sign(text)


async def test_a_full_disk_refuses_the_entry_and_the_log_goes_on_later(
    open_log: OpenLog, make_entry: MakeEntry, path: Path, signer: Ed25519Signer
) -> None:
    """Nothing is acknowledged that is not there; nothing that was acknowledged is lost."""
    tap = Tap()
    log = await open_log(connect=tap)
    kept = [await log.append(make_entry(number)) for number in range(1, 10)]
    (pages,) = tap.opened[-1].execute("PRAGMA page_count").fetchone()
    tap.pragma(f"max_page_count = {pages}")

    outcomes = await asyncio.gather(
        *(log.append(make_entry(number)) for number in range(10, 200)), return_exceptions=True
    )
    assert {type(outcome) for outcome in outcomes} == {NotDurableError}
    assert "full" in str(outcomes[0])

    tap.pragma("max_page_count = 1000000")
    kept.append(await log.append(make_entry(10)))
    assert kept[-1].index == 10
    await log.close()
    report = verify(
        path, signer.vkey.write(), known_checkpoints=[receipt.checkpoint for receipt in kept]
    )
    assert (report.ok, report.entries) == (True, 11)


def test_files_that_may_not_grow_refuse_entries_and_lose_none(
    tmp_path: Path, signer: Ed25519Signer
) -> None:
    """The kernel's own limit, so that the WAL write inside COMMIT is what fails."""
    folder = tmp_path / "limited"
    folder.mkdir()
    (tmp_path / "log.key").rename(folder / "key")
    DetailKeys.create(folder / "keys", "k1")
    command = [sys.executable, str(Path(__file__).with_name("full_disk_writer.py")), str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)

    answer = json.loads(done.stdout)
    assert answer["before"] == list(range(1, 51))
    assert answer["refused"] == 50
    assert answer["after"] == list(range(51, 101))
    known = list(set(answer["checkpoints"]))
    report = verify(folder / "log.db", signer.vkey.write(), known_checkpoints=known)
    assert (report.ok, report.entries) == (True, 101)


async def test_a_database_that_turns_read_only_refuses_and_recovers(
    open_log: OpenLog, make_entry: MakeEntry
) -> None:
    tap = Tap()
    log = await open_log(connect=tap)
    tap.pragma("query_only = ON")
    with pytest.raises(NotDurableError, match="readonly"):
        await log.append(make_entry(1))
    assert await log.receipt(make_entry(1).entry_id) is None
    tap.pragma("query_only = OFF")
    assert (await log.append(make_entry(1))).index == 1
    await log.close()


async def test_a_database_that_is_locked_refuses_and_recovers(
    open_log: OpenLog, make_entry: MakeEntry, path: Path
) -> None:
    log = await open_log(connect=Tap())
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(NotDurableError, match="locked"):
        await log.append(make_entry(1))
    other.execute("ROLLBACK")
    other.close()
    assert (await log.append(make_entry(1))).index == 1
    await log.close()


class TestLostCommits:
    @pytest.mark.parametrize("does_it", [True, False])
    async def test_a_commit_that_did_not_answer_is_looked_up(
        self,
        open_log: OpenLog,
        make_entry: MakeEntry,
        path: Path,
        signer: Ed25519Signer,
        does_it: bool,
    ) -> None:
        """Failed, and reported failed but persisted: the two must not be taken for each other."""

        def connect(at: Path) -> sqlite3.Connection:
            return sqlite3.connect(at, isolation_level=None, factory=LosesCommits)

        log = await open_log(connect=connect)
        await log.append(make_entry(1))
        LosesCommits.armed, LosesCommits.does_it = True, does_it
        batch = [log.append(make_entry(number)) for number in (2, 3)]
        outcomes = await asyncio.gather(*batch, return_exceptions=True)
        expected = Receipt if does_it else NotDurableError
        assert {type(outcome) for outcome in outcomes} == {expected}

        again = await log.append(make_entry(2))
        assert again.index == 2
        assert (await log.append(make_entry(4))).index == (4 if does_it else 3)
        await log.close()
        assert verify(path, signer.vkey.write(), known_checkpoints=[again.checkpoint]).ok

    async def test_an_outcome_that_cannot_be_looked_up_yet_is_looked_up_later(
        self, open_log: OpenLog, make_entry: MakeEntry
    ) -> None:
        """Until somebody has looked, nothing more is written."""
        reachable = True

        def connect(at: Path) -> sqlite3.Connection:
            if not reachable:
                raise sqlite3.OperationalError("unable to open database file")
            return sqlite3.connect(at, isolation_level=None, factory=LosesCommits)

        log = await open_log(connect=connect)
        LosesCommits.armed, LosesCommits.does_it, reachable = True, True, False
        for number in (1, 1, 2):
            with pytest.raises(NotDurableError):
                await log.append(make_entry(number))
        reachable = True
        assert (await log.append(make_entry(1))).index == 1
        assert (await log.append(make_entry(2))).index == 2
        await log.close()


class TestStops:
    async def test_a_file_that_changes_behind_its_writer_stops_the_log(
        self, open_log: OpenLog, make_entry: MakeEntry, path: Path
    ) -> None:
        """Two writers are a fork; signing on would be proof against ourselves."""
        log = await open_log()
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("UPDATE log_state SET size = 3, edge = zeroblob(64)")
        other.close()
        for number in (1, 2):
            with pytest.raises(NotDurableError):
                await log.append(make_entry(number))
        assert isinstance(log.fault, UnusableError)
        await log.close()


async def test_a_poisoned_entry_does_not_take_its_batch_along(
    open_log: OpenLog, make_entry: MakeEntry, path: Path
) -> None:
    """SQLite refuses one row for what it is; its neighbours did nothing wrong."""
    log = await open_log()
    other = sqlite3.connect(path, isolation_level=None)
    poison = make_entry(3)
    other.execute(
        "CREATE TRIGGER poison BEFORE INSERT ON entry"
        f" WHEN NEW.entry_id = x'{poison.entry_id.hex}' BEGIN SELECT RAISE(ABORT, 'poison'); END"
    )
    other.close()
    outcomes = await asyncio.gather(
        *(log.append(make_entry(number)) for number in range(1, 6)), return_exceptions=True
    )
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [Receipt, Receipt, NotDurableError, Receipt, Receipt]
    assert [each.index for each in await log.tail(9)] == [0, 1, 2, 3, 4]
    await log.close()


async def test_without_a_signature_there_is_no_receipt_and_no_second_unsigned_head(
    open_log: OpenLog, make_entry: MakeEntry, signer: Ed25519Signer, path: Path
) -> None:
    """Durable is not enough: the caller could not prove it."""
    moody = MoodySigner(signer)
    log = await open_log(signer=moody)
    moody.refuses = True
    for number in (1, 2):
        with pytest.raises(NotDurableError, match="no answer"):
            await log.append(make_entry(number))
    assert await log.receipt(make_entry(1).entry_id) is None
    moody.refuses = False
    assert (await log.append(make_entry(1))).index == 1
    assert (await log.append(make_entry(2))).index == 2
    await log.close()
    assert verify(path, signer.vkey.write()).ok
