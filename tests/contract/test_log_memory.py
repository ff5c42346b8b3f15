"""What every store of the log owes the memories outside it: the fork guard, and its keys."""

import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Protocol
from uuid import UUID

import pytest

from audit.checkpoint import Checkpoint
from audit.entry import Entry, Kind
from audit.errors import AuditError, NotDurableError, UnusableError
from audit.guard import FileGuard, Guard
from audit.log import Log
from audit.merkle import verify_consistency
from audit.note import Note
from audit.postgres.copying import copy_log
from audit.postgres.opening import open_postgres
from audit.report import Report
from audit.seal import DetailKeys
from audit.signer import Ed25519Signer, Signer
from audit.verify import verify
from tests.postgres_server import Server

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORIGIN = "gw.example/audit"
KEYS = DetailKeys("k1", {"k1": bytes(32)})


def entry(number: int) -> Entry:
    return Entry(UUID(int=number), Kind.CONFIG, NOON, {})


class Place(Protocol):
    """Where logs lie."""

    async def open(self, *signers: Signer, guard: Guard | None = None, other: bool = False) -> Log:
        """Open the log, or another one beside it."""
        ...

    def backup(self) -> Callable[[], None]:
        """Keep the closed log as it is; return what puts it back."""
        ...

    async def copy(self) -> Path:
        """Return a file of the log."""
        ...


@dataclass(slots=True)
class SqlitePlace:
    """Files."""

    folder: Path

    async def open(self, *signers: Signer, guard: Guard | None = None, other: bool = False) -> Log:
        return await Log.open(
            self.folder / ("other.db" if other else "log.db"),
            origin=ORIGIN,
            signer=signers[0],
            more_signers=signers[1:],
            keys=KEYS,
            guard=guard,
            now=lambda: NOON,
        )

    def backup(self) -> Callable[[], None]:
        kept = shutil.copy(self.folder / "log.db", self.folder / "kept")

        def restore() -> None:
            for each in self.folder.glob("log.db-*"):
                each.unlink()
            shutil.copy(kept, self.folder / "log.db")

        return restore

    async def copy(self) -> Path:
        return self.folder / "log.db"


@dataclass(slots=True)
class PostgresPlace:
    """Databases."""

    server: Server
    folder: Path
    database: str = ""
    another: str = ""
    numbers: "count[int]" = field(default_factory=count)

    async def open(self, *signers: Signer, guard: Guard | None = None, other: bool = False) -> Log:
        self.database = self.database or self.server.create_database("template")
        if other:
            self.another = self.another or self.server.create_database("template")
        store = await open_postgres(
            self.server.url(self.another if other else self.database),
            signer=signers[0],
            more_signers=signers[1:],
            guard=guard,
            now=lambda: NOON,
        )
        return Log(store, KEYS)

    def backup(self) -> Callable[[], None]:
        kept = self.server.create_database(self.database)

        def restore() -> None:
            self.database = self.server.create_database(kept)

        return restore

    async def copy(self) -> Path:
        path = self.folder / f"copy{next(self.numbers)}.db"
        await copy_log(self.server.url(self.database), path)
        return path


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Every place that a log can lie in."""
    if request.param == "sqlite":
        return SqlitePlace(tmp_path)
    return PostgresPlace(request.getfixturevalue("postgres"), tmp_path)


@pytest.fixture
def guard(tmp_path: Path) -> FileGuard:
    """An empty fork guard."""
    (tmp_path / "guard").touch()
    return FileGuard(tmp_path / "guard")


@pytest.fixture
def first(tmp_path: Path) -> Ed25519Signer:
    """The key that the log begins with."""
    return Ed25519Signer.create(tmp_path / "first.key", ORIGIN)


@pytest.fixture
def second(tmp_path: Path) -> Ed25519Signer:
    """Another key of the same log."""
    return Ed25519Signer.create(tmp_path / "second.key", ORIGIN)


async def size_of(log: Log) -> int:
    (newest,) = await log.tail(1)
    return newest.index + 1


class TestForkGuard:
    async def test_it_holds_what_was_signed_last(
        self, place: Place, first: Signer, guard: FileGuard
    ) -> None:
        log = await place.open(first, guard=guard)
        await log.append(entry(1))
        receipt = await log.append(entry(2))
        await log.close()
        assert guard.newest() == Checkpoint.parse(Note.parse(receipt.checkpoint).text)

    async def test_a_log_goes_on_beside_its_guard(
        self, place: Place, first: Signer, guard: FileGuard
    ) -> None:
        for number in range(1, 4):
            log = await place.open(first, guard=guard)
            assert (await log.append(entry(number))).index == number
            await log.close()

    async def test_a_restored_backup_is_refused_at_the_start(
        self, place: Place, first: Signer, guard: FileGuard
    ) -> None:
        """It would sign a second history, and receipts were given for the first."""
        log = await place.open(first, guard=guard)
        await log.append(entry(1))
        await log.close()
        restore = place.backup()
        log = await place.open(first, guard=guard)
        await log.append(entry(2))
        await log.close()
        held = guard.newest()
        restore()

        with pytest.raises(UnusableError, match="rolled back: 3 entries were seen outside"):
            await place.open(first, guard=guard)
        assert guard.newest() == held
        log = await place.open(first)  # nothing was appended
        assert await size_of(log) == 2
        await log.append(entry(3))
        await log.close()
        with pytest.raises(UnusableError, match="forked"):
            await place.open(first, guard=guard)

    async def test_a_log_that_was_lost_is_not_begun_anew(
        self, place: Place, first: Signer, guard: FileGuard
    ) -> None:
        """An empty database under the same key is the oldest backup there is."""
        log = await place.open(first, guard=guard)
        await log.close()
        with pytest.raises(UnusableError, match="rolled back"):
            await place.open(first, guard=guard, other=True)

    async def test_of_two_logs_under_one_key_one_stops_before_it_writes(
        self, place: Place, first: Signer, guard: FileGuard
    ) -> None:
        """Two clusters that were started from one backup of their keys."""
        log = await place.open(first, guard=guard)
        other = await place.open(first, other=True)
        await other.append(entry(1))
        held = guard.newest()
        guard.swap(held, Checkpoint.parse(Note.parse(other.checkpoint).text))

        with pytest.raises(NotDurableError):
            await log.append(entry(2))
        assert isinstance(log.fault, UnusableError)
        await log.close()
        await other.close()
        log = await place.open(first)
        assert await size_of(log) == 1
        await log.close()

    async def test_a_guard_that_is_away_refuses_entries_and_no_more(
        self, place: Place, first: Signer, tmp_path: Path
    ) -> None:
        """What cannot be remembered is not signed; what was not written is not lost."""
        moody = MoodyGuard(FileGuard(tmp_path / "moody"))
        moody.inner.path.touch()
        log = await place.open(first, guard=moody)
        moody.away = True
        with pytest.raises(NotDurableError, match="fork guard"):
            await log.append(entry(1))
        moody.away = False
        assert (await log.append(entry(1))).index == 1
        await log.close()

    async def test_a_guard_that_is_missing_refuses_the_start(
        self, place: Place, first: Signer, tmp_path: Path
    ) -> None:
        with pytest.raises(UnusableError, match="no such fork guard"):
            await place.open(first, guard=FileGuard(tmp_path / "nowhere"))

    async def test_the_guard_of_another_log_is_refused(
        self, place: Place, first: Signer, guard: FileGuard
    ) -> None:
        guard.swap(None, Checkpoint("other.example/audit", 0, bytes(32)))
        with pytest.raises(UnusableError, match=r"other\.example"):
            await place.open(first, guard=guard)


@dataclass(slots=True)
class MoodyGuard:
    """A guard on a volume that is away for a while."""

    inner: FileGuard
    away: bool = False

    def newest(self) -> Checkpoint | None:
        self._be_there()
        return self.inner.newest()

    def swap(self, old: Checkpoint | None, new: Checkpoint, /) -> None:
        self._be_there()
        self.inner.swap(old, new)

    def _be_there(self) -> None:
        if self.away:
            raise NotDurableError("fork guard", "Stale file handle")


class TestKeys:
    async def test_both_sign_between_the_addition_and_the_retirement(
        self, place: Place, first: Ed25519Signer, second: Ed25519Signer
    ) -> None:
        """Whoever knows only the old key has that long to learn the new one."""
        log = await place.open(first)
        before = await log.append(entry(1))
        added = await log.add_key(second, NOON, {"person": "Ada"})
        both = await log.append(entry(2))
        retired = await log.retire_key(first.vkey, NOON, {})
        after = await log.append(entry(3))
        await log.close()

        assert signed_by(before.checkpoint) == [first.vkey.key_id]
        for receipt in (added, both):
            assert signed_by(receipt.checkpoint) == [first.vkey.key_id, second.vkey.key_id]
        for receipt in (retired, after):
            assert signed_by(receipt.checkpoint) == [second.vkey.key_id]
        path = await place.copy()
        known = [each.checkpoint for each in (before, added, both, retired, after)]
        for vkey in (first.vkey, second.vkey):
            report = verify(path, vkey.write(), known_checkpoints=known)
            assert (report.problems, report.entries) == ((), 6)

    async def test_the_next_start_needs_the_keys_that_sign_and_no_other(
        self, place: Place, first: Ed25519Signer, second: Ed25519Signer
    ) -> None:
        log = await place.open(first)
        await log.add_key(second, NOON, {})
        await log.close()
        for alone in (first, second):
            with pytest.raises(UnusableError, match="that signs it is not here"):
                await place.open(alone)
        log = await place.open(first, second)
        await log.retire_key(first.vkey, NOON, {})
        await log.close()
        with pytest.raises(UnusableError, match="that signs it is not here"):
            await place.open(first)
        log = await place.open(second)
        assert (await log.append(entry(1))).index == 3
        await log.close()

    async def test_a_change_that_cannot_be_followed_is_refused_and_the_log_goes_on(
        self, place: Place, first: Ed25519Signer, second: Ed25519Signer, tmp_path: Path
    ) -> None:
        log = await place.open(first)
        stranger = Ed25519Signer.create(tmp_path / "stranger", "other.example/audit")
        for refused in (
            log.retire_key(first.vkey, NOON, {}),  # nobody would sign after it
            log.retire_key(second.vkey, NOON, {}),  # it does not sign
            log.add_key(first, NOON, {}),  # it signs already
            log.add_key(stranger, NOON, {}),  # it is another log's
        ):
            with pytest.raises(NotDurableError, match="key change"):
                await refused
        assert (await log.append(entry(1))).index == 1
        await log.add_key(second, NOON, {})
        await log.retire_key(first.vkey, NOON, {})
        with pytest.raises(NotDurableError, match="was there before"):
            await log.add_key(first, NOON, {})
        await log.close()

    async def test_a_key_change_under_any_other_id_is_refused(
        self, place: Place, first: Ed25519Signer
    ) -> None:
        """It is found by its id: one that hides under another would be missed."""
        log = await place.open(first)
        public = {"event": "key.added", "vkey": first.vkey.write()}
        with pytest.raises(NotDurableError, match="expected the id"):
            await log.append(Entry(UUID(int=9), Kind.KEY_CHANGE, NOON, public))
        await log.close()

    async def test_a_log_can_prove_that_it_only_grew(
        self, place: Place, first: Ed25519Signer
    ) -> None:
        """It is what a witness asks."""
        log = await place.open(first)
        heads = [Checkpoint.parse(Note.parse(log.checkpoint).text)]
        for number in range(1, 9):
            await log.append(entry(number))
            heads.append(Checkpoint.parse(Note.parse(log.checkpoint).text))
        for old in heads:
            for new in heads[heads.index(old) :]:
                path = await log.consistency(old.size, new.size)
                verify_consistency(old.size, new.size, path, old.root, new.root)
        await log.close()


async def test_replicas_share_a_guard_and_follow_each_others_keys(
    postgres: Server, tmp_path: Path, guard: FileGuard, first: Signer, second: Signer
) -> None:
    """One of them rotates; the other, which holds the new key, goes on with it."""
    place = PostgresPlace(postgres, tmp_path)
    here = await place.open(first, second, guard=guard)
    there = await place.open(first, second, guard=guard)
    for number in range(0, 20, 2):
        await here.append(entry(number))
        await there.append(entry(number + 1))
    await here.add_key(second, NOON, {})
    assert len(signed_by((await there.append(entry(99))).checkpoint)) == 2
    await there.retire_key(first.vkey, NOON, {})
    receipt = await here.append(entry(100))
    assert signed_by(receipt.checkpoint) == [second.vkey.key_id]
    await here.close()
    await there.close()
    assert verify(await place.copy(), first.vkey.write()).ok


async def test_a_replica_without_the_new_key_stops(
    postgres: Server, tmp_path: Path, first: Signer, second: Signer
) -> None:
    """It could only sign half a checkpoint."""
    place = PostgresPlace(postgres, tmp_path)
    here, there = await place.open(first), await place.open(first)
    await here.add_key(second, NOON, {})
    await here.append(entry(1))
    with pytest.raises(NotDurableError):
        await there.append(entry(2))
    assert isinstance(there.fault, UnusableError)
    await here.close()
    await there.close()


class TestVerification:
    """What somebody with the file, and perhaps the old key, can make of a rotation."""

    async def test_a_key_that_was_never_vouched_for_is_a_problem(
        self, tmp_path: Path, first: Ed25519Signer, second: Ed25519Signer
    ) -> None:
        """Else whoever writes to the file could put a key of their own in."""
        report = await rotated_without_checkpoints(tmp_path, first, second)
        assert any("nobody vouched" in each.what for each in report.problems)

    async def test_a_checkpoint_that_one_of_two_keys_signed_is_a_problem(
        self, tmp_path: Path, first: Ed25519Signer, second: Ed25519Signer
    ) -> None:
        place = SqlitePlace(tmp_path)
        log = await place.open(first)
        await log.add_key(second, NOON, {})
        whole = log.checkpoint
        await log.close()
        note = Note.parse(whole)
        half = Note(note.text, note.signatures[1:]).write()
        with pytest.raises(AuditError):
            verify(tmp_path / "log.db", first.vkey.write(), known_checkpoints=[half])
        assert verify(tmp_path / "log.db", first.vkey.write(), known_checkpoints=[whole]).ok

    async def test_a_key_that_the_log_never_had_is_no_way_in(
        self, tmp_path: Path, first: Ed25519Signer, second: Ed25519Signer
    ) -> None:
        place = SqlitePlace(tmp_path)
        await (await place.open(first)).close()
        assert not verify(tmp_path / "log.db", second.vkey.write()).ok


async def rotated_without_checkpoints(
    folder: Path, first: Ed25519Signer, second: Ed25519Signer
) -> Report:
    """Return the report on a log whose checkpoints between two key changes are gone."""
    place = SqlitePlace(folder)
    log = await place.open(first)
    await log.add_key(second, NOON, {})
    await log.retire_key(first.vkey, NOON, {})
    await log.close()
    change(folder / "log.db", "DELETE FROM checkpoint WHERE size = 2")
    return verify(folder / "log.db", first.vkey.write())


def change(path: Path, statement: str) -> None:
    """Do what somebody with the file and an SQLite shell can do."""
    connection = sqlite3.connect(path, isolation_level=None)
    for (name,) in connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
    ).fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement)
    connection.close()


def signed_by(checkpoint: str) -> list[bytes]:
    return [each.key_id for each in Note.parse(checkpoint).signatures]
