"""Every store of the log answers the same questions: SQLite and PostgreSQL."""

import asyncio
import shutil
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import pytest
from typing_extensions import override

from audit.checkpoint import open_checkpoint
from audit.connection import connect_sqlite
from audit.entry import Entry, Json, Kind, Receipt, entry_id
from audit.errors import (
    AbsentError,
    Busy,
    ConflictError,
    NotDurableError,
    UntrustedError,
    UnusableError,
)
from audit.export.tiles import Tiler, parse_tile
from audit.log import Log
from audit.merkle import HASH_BYTES, leaf_hash
from audit.postgres.connection import Connection, Record, connect_postgres
from audit.postgres.copying import copy_log
from audit.postgres.opening import open_postgres
from audit.proof import Proof
from audit.report import Report
from audit.seal import DetailKeys, Sealing
from audit.signer import Ed25519Signer
from audit.verify import verify
from tests.postgres_server import Server

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORIGIN = "gw.example/audit"
KEYS = DetailKeys("k1", {"k1": bytes(32)})


def entry(number: int, kind: Kind = Kind.ADMIT, sample: int = 0, **public: Json) -> Entry:
    """Make a small entry of submission `number`."""
    submission = UUID(int=number)
    places: dict[str, Json] = {"sample": sample} if sample else {}
    return Entry(
        entry_id(submission, kind, sample),
        kind,
        NOON,
        {"submission": str(submission), "action": "allow", **places, **public},
        {"prompt": f"a harbour {number}"},
        {"scores": {"prompt.banned_term": 0.25}},
    )


@dataclass(slots=True)
class Fault:
    """One COMMIT whose answer gets lost; `does_it` says whether it happened."""

    armed: bool = False
    does_it: bool = False

    def strikes(self, statement: str) -> bool:
        """Say whether this statement is the one, and be done."""
        struck = self.armed and statement == "COMMIT"
        self.armed = self.armed and not struck
        return struck


class Place(Protocol):
    """Where a log lies, and what somebody with a shell can do to it."""

    async def open(self, *known: str, fault: Fault | None = None) -> Log:
        """Open the log."""
        ...

    def shell(self, statement: str) -> None:
        """Change the tables past their triggers."""
        ...

    def poison(self, entry_id: UUID) -> None:
        """Make the database refuse the entry with this id."""
        ...

    async def backup(self) -> Callable[[], None]:
        """Keep the closed log as it is; return what puts it back."""
        ...

    async def verify(self, *known: str, receipts: Sequence[Proof] = ()) -> Report:
        """Verify the log from outside."""
        ...


@dataclass(slots=True)
class SqlitePlace:
    """A file."""

    path: Path
    signer: Ed25519Signer
    keys: Sealing = KEYS

    async def open(self, *known: str, fault: Fault | None = None) -> Log:
        class Loses(sqlite3.Connection):
            @override
            def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
                if fault is not None and fault.strikes(sql):
                    super().execute("COMMIT" if fault.does_it else "ROLLBACK")
                    raise sqlite3.OperationalError("disk I/O error")
                return super().execute(sql, parameters)

        def connect(path: Path) -> sqlite3.Connection:
            return sqlite3.connect(path, isolation_level=None, factory=Loses)

        return await Log.open(
            self.path,
            origin=ORIGIN,
            signer=self.signer,
            keys=self.keys,
            now=lambda: NOON,
            connect=connect,
            known_checkpoints=known,
        )

    def shell(self, statement: str) -> None:
        connection = connect_sqlite(self.path)
        triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        kept = triggers.fetchall()
        for name, _ in kept:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement.replace("audit.", ""))
        for _, sql in kept:
            connection.execute(sql)
        connection.close()

    def poison(self, entry_id: UUID) -> None:
        connection = connect_sqlite(self.path)
        connection.execute(
            "CREATE TRIGGER poison BEFORE INSERT ON entry"
            f" WHEN NEW.entry_id = x'{entry_id.hex}' BEGIN SELECT RAISE(ABORT, 'poison'); END"
        )
        connection.close()

    async def backup(self) -> Callable[[], None]:
        kept = shutil.copy(self.path, self.path.with_suffix(".kept"))

        def restore() -> None:
            for each in self.path.parent.glob(f"{self.path.name}-*"):
                each.unlink()
            shutil.copy(kept, self.path)

        return restore

    async def verify(self, *known: str, receipts: Sequence[Proof] = ()) -> Report:
        return verify(
            self.path, self.signer.vkey.write(), known_checkpoints=known, receipts=receipts
        )


@dataclass(slots=True)
class Losing:
    """A connection that loses the answer of one COMMIT, and is of no use after it."""

    inner: Connection
    fault: Fault

    async def fetch(self, query: str, /, *args: object) -> Sequence[Record]:
        return await self.inner.fetch(query, *args)

    async def fetchrow(self, query: str, /, *args: object) -> Record | None:
        return await self.inner.fetchrow(query, *args)

    async def close(self, *, timeout: float) -> None:  # noqa: ASYNC109 - the driver's name
        await self.inner.close(timeout=timeout)

    def terminate(self) -> None:
        self.inner.terminate()

    def is_closed(self) -> bool:
        return self.inner.is_closed()

    async def execute(self, query: str, /, *args: object) -> str:
        """Run it, unless it is struck."""
        if self.fault.strikes(query):
            if self.fault.does_it:
                await self.inner.execute(query)
            self.inner.terminate()
            raise ConnectionResetError
        return await self.inner.execute(query, *args)


@dataclass(slots=True)
class PostgresPlace:
    """A database of its own on the session's server."""

    server: Server
    signer: Ed25519Signer
    folder: Path
    keys: Sealing = KEYS
    database: str = ""
    copies: "count[int]" = field(default_factory=count)

    def __post_init__(self) -> None:
        self.database = self.server.create_database("template")

    async def open(self, *known: str, fault: Fault | None = None) -> Log:
        async def connect(url: str) -> Connection:
            connection = await connect_postgres(url)
            return connection if fault is None else Losing(connection, fault)

        store = await open_postgres(
            self.server.url(self.database),
            signer=self.signer,
            now=lambda: NOON,
            known_checkpoints=known,
            connect=connect,
        )
        return Log(store, self.keys)

    def shell(self, statement: str) -> None:
        tables = (
            "log", "log_state", "entry", "tile_node", "head", "checkpoint", "detail", "dropped"
        )  # fmt: skip
        off = "".join(f"ALTER TABLE audit.{each} DISABLE TRIGGER ALL;" for each in tables)
        on = "".join(
            f"ALTER TABLE audit.{table} ENABLE ALWAYS TRIGGER {name};"
            for table, name in (
                *((each, "refuse") for each in tables),
                ("log_state", "forward"),
                ("entry", "next"),
                ("entry", "gone"),
            )
        )
        for old, new in (("zeroblob(32)", f"'\\x{bytes(32).hex()}'"), ("x'7b7d'", "'\\x7b7d'")):
            statement = statement.replace(old, new)
        self.server.psql(self.database, f"{off} {statement}; {on}")

    def poison(self, entry_id: UUID) -> None:
        self.server.psql(
            self.database,
            f"ALTER TABLE audit.entry ADD CONSTRAINT poison CHECK(entry_id <> '{entry_id}')",
        )

    async def backup(self) -> Callable[[], None]:
        kept = self.server.create_database(self.database)

        def restore() -> None:
            self.database = self.server.create_database(kept)

        return restore

    async def verify(self, *known: str, receipts: Sequence[Proof] = ()) -> Report:
        path = self.folder / f"copy{next(self.copies)}.db"
        await copy_log(self.server.url(self.database), path)
        return verify(path, self.signer.vkey.write(), known_checkpoints=known, receipts=receipts)


@pytest.fixture
def signer(tmp_path: Path) -> Ed25519Signer:
    """The log's key."""
    return Ed25519Signer.create(tmp_path / "log.key", ORIGIN)


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path, signer: Ed25519Signer) -> Place:
    """Every place that a log can lie in."""
    if request.param == "sqlite":
        return SqlitePlace(tmp_path / "log.db", signer)
    return PostgresPlace(request.getfixturevalue("postgres"), signer, tmp_path)


async def outcomes(*waiting: Awaitable[Receipt]) -> list[Receipt | BaseException]:
    """Append together; return what became of each."""
    return await asyncio.gather(*waiting, return_exceptions=True)


class TestAppend:
    async def test_32_writers_get_contiguous_places_and_every_receipt_verifies(
        self, place: Place, signer: Ed25519Signer
    ) -> None:
        """One order, no gap, and each writer's own entries in the order it wrote them."""
        log = await place.open()

        async def write(first: int) -> list[Receipt]:
            return [await log.append(entry(first + step)) for step in range(10)]

        written = await asyncio.gather(*(write(number * 10 + 1) for number in range(32)))
        receipts = [receipt for each in written for receipt in each]
        proofs = [Proof.parse(await log.proof(receipt.entry_id)) for receipt in receipts]
        await log.close()

        assert sorted(receipt.index for receipt in receipts) == list(range(1, 321))
        for receipt, proof in zip(receipts, proofs, strict=True):
            assert receipt.index < open_checkpoint(receipt.checkpoint, signer.vkey).size
            assert proof.verify(receipt.leaf, signer.vkey).size == 321
        for each in written:
            assert [receipt.index for receipt in each] == sorted(receipt.index for receipt in each)
        checkpoints = {receipt.checkpoint for receipt in receipts}
        assert len(checkpoints) < 320 / 8  # they shared commits
        report = await place.verify(*checkpoints)
        assert (report.problems, report.entries) == ((), 321)

    async def test_a_log_that_is_opened_again_goes_on_where_it_was(self, place: Place) -> None:
        """The same history, or none: what was signed before is extended."""
        log = await place.open()
        first = await log.append(entry(1))
        await log.close()
        log = await place.open(first.checkpoint)
        second = await log.append(entry(2))
        assert (second.index, log.checkpoint) == (2, second.checkpoint)
        assert [each.index for each in await log.tail(2)] == [1, 2]
        assert await log.receipt(first.entry_id) == replace(first, checkpoint=second.checkpoint)
        await log.close()
        assert (await place.verify(first.checkpoint, second.checkpoint)).ok

    async def test_a_caller_that_leaves_does_not_take_the_entry_along(self, place: Place) -> None:
        """It may be in the next batch already; nobody can call it back."""
        log = await place.open()
        task = asyncio.create_task(log.append(entry(1)))
        await asyncio.sleep(0)
        task.cancel()
        assert (await log.append(entry(2))).index == 2
        assert await log.receipt(entry(1).entry_id) is not None
        await log.close()

    async def test_more_than_4096_waiting_is_busy(self, place: Place) -> None:
        """A queue without an end is a spool, and a spool can be lost."""
        log = await place.open()
        many = (Entry(UUID(int=n), Kind.CONFIG, NOON, {}) for n in range(4106))
        kinds = [type(each) for each in await outcomes(*map(log.append, many))]
        assert (kinds.count(Receipt), kinds.count(Busy)) == (4096, 10)
        await log.close()

    async def test_closing_writes_what_waits_and_then_nothing_more(self, place: Place) -> None:
        """A clean end loses nobody's entry."""
        log = await place.open()
        waiting = [asyncio.create_task(log.append(entry(n))) for n in range(1, 20)]
        await asyncio.sleep(0)
        await log.close()
        assert {receipt.index for receipt in await asyncio.gather(*waiting)} == set(range(1, 20))
        with pytest.raises(NotDurableError):
            await log.append(entry(20))

    async def test_a_poisoned_entry_does_not_take_its_batch_along(self, place: Place) -> None:
        """The database refuses one row for what it is; its neighbours did nothing wrong."""
        log = await place.open()
        place.poison(entry(3).entry_id)
        found = await outcomes(*(log.append(entry(number)) for number in range(1, 40)))
        assert [n for n, each in enumerate(found, 1) if not isinstance(each, Receipt)] == [3]
        assert isinstance(found[2], NotDurableError)
        assert [each.index for each in await log.tail(99)] == list(range(39))
        await log.close()
        assert (await place.verify()).ok


class TestKnownIds:
    async def test_a_known_id_returns_its_stored_receipt(self, place: Place) -> None:
        """A flow that is resumed writes its step again; it happened once."""
        log = await place.open()
        first = await log.append(entry(1))
        again, *rest = await asyncio.gather(*(log.append(entry(1)) for _ in range(4)))
        assert {(each.index, each.leaf) for each in (first, again, *rest)} == {(1, first.leaf)}
        assert len(await log.entries(0, 10)) == 2
        await log.close()

    async def test_other_content_under_a_known_id_is_refused(self, place: Place) -> None:
        """Or the receipt of one picture would release another."""
        log = await place.open()
        other = replace(entry(1), personal={"prompt": "a mountain"})
        kinds = [type(each) for each in await outcomes(log.append(entry(1)), log.append(other))]
        assert sorted(kinds, key=str) == sorted([Receipt, ConflictError], key=str)
        with pytest.raises(ConflictError):
            await log.append(replace(entry(1), personal={"prompt": b"a harbour 1"}))
        await log.close()


class TestQuestions:
    async def test_what_is_not_there_is_absent(self, place: Place) -> None:
        """Not there is its own answer, and no error of the database."""
        log = await place.open()
        assert await log.receipt(UUID(int=99)) is None
        assert await log.entries(9, 2) == []
        with pytest.raises(AbsentError):
            await log.proof(UUID(int=99))
        with pytest.raises(AbsentError):
            await log.detail((await log.tail(1))[0].entry_id)
        await log.close()

    async def test_proofs_hold_on_both_sides_of_a_tile_border(
        self, place: Place, signer: Ed25519Signer
    ) -> None:
        """The inner hashes come partly from the entries and partly from the tile nodes."""
        log = await place.open()
        receipts = await asyncio.gather(*(log.append(entry(n)) for n in range(1, 600)))
        for at in (0, 254, 255, 510, 598):
            proof = Proof.parse(await log.proof(receipts[at].entry_id))
            assert proof.verify(receipts[at].leaf, signer.vkey).size == 600
        await log.close()
        assert (await place.verify()).ok

    async def test_its_tiles_are_those_of_its_entries_and_end_at_what_is_signed(
        self, place: Place
    ) -> None:
        """An auditor follows the tree without any entry."""
        log = await place.open()
        await asyncio.gather(*(log.append(entry(n)) for n in range(1, 520)))
        made: dict[str, bytes] = {}
        tiler = Tiler(made.__setitem__)
        for receipt in await log.entries(0, 520):
            tiler.add(leaf_hash(receipt.leaf))
        tiler.finish()
        assert {name: await log.tile(*parse_tile(name)) for name in made} == made
        assert await log.tile(0, 1, 7) == made["tile/0/001"][: 7 * HASH_BYTES]
        for beyond in ((0, 2, 9), (1, 0, 3), (2, 0, 1), (0, 2**50, 256)):
            with pytest.raises(AbsentError):
                await log.tile(*beyond)
        await log.close()

    async def test_open_submissions_are_those_without_their_end(self, place: Place) -> None:
        """After a crash, these are resumed or closed, and never paid twice."""
        log = await place.open()
        for number in range(1, 6):
            await log.append(entry(number, samples=2))
        await log.append(entry(6))
        await log.append(entry(6, Kind.RELEASE))
        await log.append(entry(1, Kind.HALTED))
        for sample in (0, 1):
            await log.append(entry(2, Kind.RELEASE, sample))
        await log.append(entry(3, Kind.WITHHOLD))
        await log.append(entry(4, Kind.HELD))
        waiting = await log.open_submissions()
        assert [(each.submission.int, each.closed, each.last) for each in waiting] == [
            (3, frozenset({0}), Kind.WITHHOLD),
            (4, frozenset(), Kind.HELD),
            (5, frozenset(), Kind.ADMIT),
        ]
        assert {(each.admitted, each.samples) for each in waiting} == {(3, 2), (4, 2), (5, 2)}
        await log.close()

    async def test_an_erasure_takes_the_detail_away_and_proofs_still_hold(
        self, place: Place, signer: Ed25519Signer
    ) -> None:
        """Also where the entry and its erasure share a batch."""
        log = await place.open()
        erase = entry(2, Kind.ERASE, entries=[str(entry(1).entry_id)])
        receipt, _ = await asyncio.gather(
            log.append(entry(1)), log.append(replace(erase, personal={}, detail={}))
        )
        with pytest.raises(AbsentError):
            await log.detail(receipt.entry_id)
        Proof.parse(await log.proof(receipt.entry_id)).verify(receipt.leaf, signer.vkey)
        await log.close()
        report = await place.verify(receipt.checkpoint)
        assert (report.ok, report.erased, report.sealed) == (True, 1, 0)


class TestFaults:
    @pytest.mark.parametrize("does_it", [True, False])
    async def test_a_commit_that_did_not_answer_is_looked_up(
        self, place: Place, does_it: bool
    ) -> None:
        """Failed, and reported failed but persisted: the two must not be taken for each other."""
        fault = Fault()
        log = await place.open(fault=fault)
        await log.append(entry(1))
        fault.armed, fault.does_it = True, does_it
        found = await outcomes(log.append(entry(2)), log.append(entry(3)))
        expected = Receipt if does_it else NotDurableError
        assert {type(each) for each in found} == {expected}
        again = await log.append(entry(2))
        assert again.index == 2
        assert (await log.append(entry(4))).index == (4 if does_it else 3)
        await log.close()
        assert (await place.verify(again.checkpoint)).ok

    async def test_a_restored_backup_is_refused_by_who_remembers_more(self, place: Place) -> None:
        """It would sign a second history (fork guard)."""
        log = await place.open()
        await log.append(entry(1))
        await log.close()
        restore = await place.backup()
        log = await place.open()
        seen = (await log.append(entry(2))).checkpoint
        await log.close()
        restore()
        with pytest.raises(UnusableError, match="rolled back"):
            await place.open(seen)
        log = await place.open()
        await log.append(entry(3))
        await log.close()
        with pytest.raises(UnusableError, match="forked"):
            await place.open(seen)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE audit.log_state SET size = size + 1",
            "UPDATE audit.log_state SET root = zeroblob(32)",
            "DELETE FROM audit.entry WHERE idx = 3",
            "DELETE FROM audit.entry WHERE idx = 9",
            "UPDATE audit.entry SET leaf_hash = zeroblob(32) WHERE idx = 5",
            "DELETE FROM audit.head WHERE size = 10",
            "UPDATE audit.head SET root = zeroblob(32)",
            "DELETE FROM audit.log_state",
            "UPDATE audit.checkpoint SET note = replace(note, 'gw', 'gv')",
            "UPDATE audit.log SET origin = 'gv.example/audit'",
        ],
    )
    async def test_a_state_that_does_not_hold_together_is_refused(
        self, place: Place, statement: str
    ) -> None:
        """Nothing is signed over a log that somebody reached into."""
        log = await place.open()
        await outcomes(*(log.append(entry(number)) for number in range(1, 10)))
        await log.close()
        place.shell(statement)
        with pytest.raises((UnusableError, UntrustedError)):
            await place.open()
