import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from typing_extensions import override

from audit.connection import connect_sqlite, sqlite_concern
from audit.entry import Entry, Kind
from audit.errors import UntrustedError, UnusableError
from audit.leaf import Leaf
from audit.log import Log
from audit.seal import DetailKeys
from audit.signer import Ed25519Signer
from audit.verify import verify

MakeEntry = Callable[..., Entry]
OpenLog = Callable[..., Awaitable[Log]]


NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORIGIN = "gw.example/audit"
NO_KEYS = DetailKeys("k1", {"k1": bytes(32)})


@dataclass(frozen=True, slots=True)
class Finished:
    """The file of a closed log with 260 entries, and its signer."""

    content: bytes
    signer: Ed25519Signer


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    folder = tmp_path_factory.mktemp("finished")
    signer = Ed25519Signer.create(folder / "key", ORIGIN)

    async def build() -> None:
        path = folder / "log.db"
        log = await Log.open(path, origin=ORIGIN, signer=signer, keys=NO_KEYS, now=lambda: NOON)
        for start in (0, 3, 130):
            end = {0: 3, 3: 130, 130: 259}[start]
            entries = (Entry(UUID(int=n), Kind.CONFIG, NOON, {}) for n in range(start, end))
            await asyncio.gather(*map(log.append, entries))
        await log.close()

    asyncio.run(build())
    return Finished(content_of(folder / "log.db"), signer)


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def content_of(path: Path) -> bytes:
    return path.read_bytes()


def overwrite(path: Path, content: bytes) -> None:
    remove(path)
    path.write_bytes(content)


def remove(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


class Deaf(sqlite3.Connection):
    """A connection on which one setting cannot be changed, as on some builds and file systems."""

    setting = ""

    @override
    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        deaf = sql.startswith(f"PRAGMA {self.setting} =")
        return super().execute("SELECT 1" if deaf else sql, parameters)


def deaf_to(setting: str, before: str) -> Callable[[Path], sqlite3.Connection]:
    class DeafToOne(Deaf):
        pass

    DeafToOne.setting = setting

    def connect(path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(path, isolation_level=None, factory=DeafToOne)
        sqlite3.Connection.execute(connection, f"PRAGMA {before}")
        return connection

    return connect


def change(path: Path, *statements: str) -> None:
    """Do what somebody with the file and an SQLite shell can do."""
    connection = sqlite3.connect(path, isolation_level=None)
    triggers = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
    for (name,) in triggers.fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.close()


class TestFirstOpening:
    async def test_a_new_log_starts_with_its_genesis(
        self, log: Log, signer: Ed25519Signer, path: Path
    ) -> None:
        (first,) = await log.entries(0, 9)
        public = Leaf.parse(first.leaf).public
        assert (public["origin"], public["vkey"]) == (signer.vkey.name, signer.vkey.write())
        assert mode_of(path) == 0o600

    async def test_two_logs_of_one_key_differ_from_the_first_leaf_on(
        self, path: Path, open_log: OpenLog
    ) -> None:
        """A deleted log that starts anew must not pass for the old one."""
        old = await open_log()
        seen = old.checkpoint
        await old.close()
        remove(path)
        new = await open_log()
        await new.close()
        assert new.checkpoint != seen


class TestRefusals:
    async def test_a_second_writer_is_refused(self, log: Log, open_log: OpenLog) -> None:
        with pytest.raises(UnusableError, match="lock"):
            await open_log()
        assert log.fault is None

    async def test_a_closed_log_gives_its_lock_back(self, open_log: OpenLog) -> None:
        await (await open_log()).close()
        await (await open_log()).close()

    @pytest.mark.parametrize(
        ("setting", "before"),
        [("synchronous", "synchronous = NORMAL"), ("journal_mode", "journal_mode = DELETE")],
    )
    async def test_a_file_that_would_not_be_durable_is_refused(
        self, open_log: OpenLog, setting: str, before: str
    ) -> None:
        with pytest.raises(UnusableError, match=setting):
            await open_log(connect=deaf_to(setting, before))

    async def test_another_origin_or_key_is_refused(
        self, open_log: OpenLog, tmp_path: Path
    ) -> None:
        await (await open_log()).close()
        with pytest.raises(UnusableError, match="origin"):
            await open_log(origin="other.example/audit")
        with pytest.raises(UnusableError, match="key"):
            await open_log(signer=Ed25519Signer.create(tmp_path / "other", "gw.example/audit"))

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE log_state SET size = size + 1",
            "UPDATE log_state SET root = zeroblob(32)",
            "DELETE FROM entry WHERE idx = 3",
            "DELETE FROM entry WHERE idx = (SELECT max(idx) FROM entry)",
            "UPDATE entry SET leaf = CAST('{}' AS BLOB) WHERE idx = 9",
            "UPDATE entry SET leaf_hash = zeroblob(32) WHERE idx = 257",
            "DELETE FROM head",
            "DELETE FROM tile_node",
            "UPDATE tile_node SET hash = zeroblob(32)",
            "DELETE FROM checkpoint",
            "DELETE FROM checkpoint WHERE size > 3",
            "UPDATE checkpoint SET note = replace(note, 'gw', 'gv')",
            "DELETE FROM log",
            "DELETE FROM log_state",
            "PRAGMA user_version = 9",
        ],
    )
    async def test_a_state_that_does_not_hold_together_is_refused(
        self, finished: Finished, path: Path, statement: str
    ) -> None:
        overwrite(path, finished.content)
        change(path, statement)
        with pytest.raises((UnusableError, UntrustedError)):
            await Log.open(
                path, origin=ORIGIN, signer=finished.signer, keys=NO_KEYS, now=lambda: NOON
            )

    async def test_the_state_that_those_spoil_is_accepted(
        self, finished: Finished, path: Path
    ) -> None:
        overwrite(path, finished.content)
        log = await Log.open(
            path, origin=ORIGIN, signer=finished.signer, keys=NO_KEYS, now=lambda: NOON
        )
        assert [each.index for each in await log.tail(1)] == [259]
        await log.close()

    async def test_bytes_that_are_no_database_are_refused(
        self, open_log: OpenLog, path: Path
    ) -> None:
        overwrite(path, b"not a database " * 100)
        with pytest.raises(UnusableError):
            await open_log()

    async def test_a_restored_backup_is_refused_by_who_remembers_more(
        self, open_log: OpenLog, make_entry: MakeEntry, path: Path
    ) -> None:
        """It would sign a second history (fork guard)."""
        log = await open_log()
        await log.append(make_entry(1))
        await log.close()
        backup = content_of(path)
        log = await open_log()
        seen = (await log.append(make_entry(2))).checkpoint
        await log.close()
        overwrite(path, backup)
        with pytest.raises(UnusableError, match="rolled back"):
            await open_log(known_checkpoints=[seen])
        log = await open_log()
        await log.append(make_entry(3))
        await log.close()
        with pytest.raises(UnusableError, match="forked"):
            await open_log(known_checkpoints=[seen])


class TestTriggers:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE entry SET leaf = leaf",
            "DELETE FROM entry",
            "REPLACE INTO entry VALUES (1, zeroblob(16), x'7b7d', zeroblob(32))",
            "INSERT INTO entry VALUES (9, zeroblob(16), x'7b7d', zeroblob(32))",
            "UPDATE head SET root = root",
            "DELETE FROM head",
            "DELETE FROM checkpoint",
            "UPDATE checkpoint SET note = note",
            "UPDATE log SET origin = 'x'",
            "DELETE FROM log",
            "DELETE FROM log_state",
            "UPDATE log_state SET size = 0",
            "UPDATE detail SET nonce = nonce",
        ],
    )
    async def test_the_tables_only_grow(
        self, open_log: OpenLog, make_entry: MakeEntry, path: Path, statement: str
    ) -> None:
        """Against mistakes; against intent there is the tree."""
        log = await open_log()
        await log.append(make_entry(1))
        await log.close()
        connection = connect_sqlite(path)
        with pytest.raises(sqlite3.IntegrityError, match="only grows"):
            connection.execute(statement)
        connection.close()

    async def test_tile_nodes_stay(
        self, open_log: OpenLog, make_entry: MakeEntry, path: Path
    ) -> None:
        log = await open_log()
        await append_all(log, make_entry, range(1, 257))
        await log.close()
        connection = connect_sqlite(path)
        for statement in ("UPDATE tile_node SET hash = hash", "DELETE FROM tile_node"):
            with pytest.raises(sqlite3.IntegrityError, match="only grows"):
                connection.execute(statement)
        connection.close()


@pytest.mark.parametrize(
    ("version", "sound"),
    [
        ((3, 40, 1), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((4, 0, 0), True),
    ],
)
def test_an_sqlite_with_a_known_bug_is_named(version: tuple[int, int, int], sound: bool) -> None:
    """Start-up warns below 3.51.3, but for the two lines that got the repair."""
    assert (sqlite_concern(version) is None) is sound


class TestAfterACrash:
    async def test_the_head_that_was_not_signed_in_time_is_signed_at_the_next_start(
        self, open_log: OpenLog, make_entry: MakeEntry, path: Path, signer: Ed25519Signer
    ) -> None:
        """The signature comes after the commit; a kill may fall between them."""
        log = await open_log()
        receipt = await log.append(make_entry(1))
        await log.close()
        change(path, "DELETE FROM checkpoint WHERE size = 2")
        assert verify(path, signer.vkey.write()).unsigned == 1

        log = await open_log()
        assert log.checkpoint == receipt.checkpoint
        await log.close()
        assert verify(path, signer.vkey.write()).ok


async def append_all(log: Log, make_entry: MakeEntry, numbers: range) -> None:
    """Append these entries together."""
    await asyncio.gather(*(log.append(make_entry(number)) for number in numbers))
