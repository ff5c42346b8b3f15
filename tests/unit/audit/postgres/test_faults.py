"""Every statement of one append meets a server process that is killed, and a disk that fails."""

import asyncio
import os
import resource
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from audit.entry import Entry, Receipt
from audit.errors import NotDurableError
from audit.log import Log
from audit.postgres.connection import Connection, Record, connect_postgres
from audit.postgres.opening import open_postgres
from audit.report import Report
from audit.seal import DetailKeys
from audit.signer import Ed25519Signer
from tests.postgres_server import Server
from tests.unit.audit.conftest import NOON

MakeEntry = Callable[..., Entry]
VerifyCopy = Callable[..., Report]
WAIT_SECONDS = 60.0
PAUSE_SECONDS = 0.02


@dataclass(slots=True)
class Fate:
    """What meets which statement: `strikes` gets the server process, before or after it."""

    strikes: Callable[[int], None] | None = None
    at: int = 0
    after: bool = False
    seen: int = 0

    def arm(self, strikes: Callable[[int], None] | None, at: int, *, after: bool = False) -> None:
        self.strikes, self.at, self.after, self.seen = strikes, at, after, 0

    def meet(self, process: int, *, after: bool) -> None:
        """Count statements; strike when it is time, once."""
        if self.strikes is not None and (self.seen, after) == (self.at, self.after):
            strikes, self.strikes = self.strikes, None
            strikes(process)
        self.seen += after


@dataclass(slots=True)
class Fated:
    """A connection whose server process meets its fate."""

    inner: Connection
    process: int
    fate: Fate = field(repr=False)

    async def execute(self, query: str, /, *args: object) -> str:
        self.fate.meet(self.process, after=False)
        answer = await self.inner.execute(query, *args)
        self.fate.meet(self.process, after=True)
        return answer

    async def fetch(self, query: str, /, *args: object) -> Sequence[Record]:
        return await self.inner.fetch(query, *args)

    async def fetchrow(self, query: str, /, *args: object) -> Record | None:
        self.fate.meet(self.process, after=False)
        answer = await self.inner.fetchrow(query, *args)
        self.fate.meet(self.process, after=True)
        return answer

    async def close(self, *, timeout: float) -> None:  # noqa: ASYNC109 - the driver's name
        await self.inner.close(timeout=timeout)

    def terminate(self) -> None:
        self.inner.terminate()

    def is_closed(self) -> bool:
        return self.inner.is_closed()


def kill(process: int) -> None:
    """End a server process; the others notice, and the cluster recovers from its WAL."""
    os.kill(process, signal.SIGKILL)


def fail_writes(process: int) -> None:
    """Have every write of a server process fail, as on a full or broken disk."""
    _, hard = resource.prlimit(process, resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (0, hard))


async def opened(
    postgres: Server, database: str, signer: Ed25519Signer, keys: DetailKeys, fate: Fate
) -> Log:
    async def connect(url: str) -> Connection:
        connection = await connect_postgres(url)
        row = await connection.fetchrow("SELECT pg_backend_pid()")
        assert row is not None
        return Fated(connection, row[0], fate)

    url = postgres.url(database)
    return Log(await open_postgres(url, signer=signer, now=lambda: NOON, connect=connect), keys)


async def until_durable(log: Log, entry: Entry) -> Receipt:
    """Append as a flow that is resumed does: the same entry, until it is there."""
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            try:
                return await log.append(entry)
            except NotDurableError:
                assert log.fault is None
                await asyncio.sleep(PAUSE_SECONDS)


@pytest.mark.parametrize(
    ("strikes", "after"),
    [(kill, False), (kill, True), (fail_writes, False)],
    ids=["killed before", "killed after", "disk fails"],
)
async def test_no_statement_of_an_append_can_be_struck_so_that_an_entry_is_lost_or_doubled(
    strikes: Callable[[int], None],
    after: bool,
    postgres: Server,
    database: str,
    signer: Ed25519Signer,
    keys: DetailKeys,
    make_entry: MakeEntry,
    verify_copy: VerifyCopy,
) -> None:
    """What was acknowledged is there at its place; what was refused is there once, tried again."""
    fate, said, refused = Fate(), list[Receipt](), 0
    log = await opened(postgres, database, signer, keys, fate)
    await log.append(make_entry(1))
    fate.arm(None, 0)
    said.append(await log.append(make_entry(2)))
    statements = fate.seen

    for at in range(statements):
        entry = make_entry(3 + at)
        fate.arm(strikes, at, after=after)
        first = (await asyncio.gather(log.append(entry), return_exceptions=True))[0]
        assert isinstance(first, Receipt | NotDurableError)
        assert fate.strikes is None
        refused += isinstance(first, NotDurableError)
        receipt = await until_durable(log, entry)
        if isinstance(first, Receipt):
            assert (receipt.index, receipt.leaf) == (first.index, first.leaf)
        said.append(receipt)

    assert statements >= 4
    assert refused >= 1
    assert [each.index for each in said] == list(range(2, 3 + statements))
    await log.close()
    report = await asyncio.to_thread(verify_copy, *{each.checkpoint for each in said})
    assert (report.problems, report.entries) == ((), 3 + statements)
