"""The log on SQLite and on PostgreSQL, in turns: group commit against one transaction per entry.

    python -m tests.bench.bench_log_stores [folder] [seconds] [rounds] [sync milliseconds]

Starts a PostgreSQL of its own in the folder, which decides what disk is measured. The last argument
makes each COMMIT that much slower, with the lock held, as a disk does that syncs slowly. One
transaction per entry is measured with one writer, its best case, and with 32 on PostgreSQL, each
with a connection of its own. Replicas are processes. Prints medians and ratios; gates nothing.
"""

import asyncio
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.guard import MemoryGuard
from audit.leaf import leaf_of
from audit.log import Log
from audit.postgres.connection import Connection, Record, connect_postgres
from audit.postgres.copying import copy_log
from audit.postgres.migrating import migrate
from audit.postgres.opening import open_postgres
from audit.seal import fresh_salts
from audit.signer import Ed25519Signer
from audit.sqlite import SqliteStore
from audit.store import Prepared, Store
from audit.verify import verify
from tests.bench.bench_audit import KEYS, NOON, ORIGIN, SlowDisk, connect, entry
from tests.postgres_server import OWNER, WRITER, running


@dataclass(slots=True)
class Slow:
    """A connection whose COMMIT takes longer, with the lock held."""

    inner: Connection
    seconds: float

    async def execute(self, query: str, /, *args: object) -> str:
        """Wait before COMMIT."""
        if query == "COMMIT" and self.seconds:
            await asyncio.sleep(self.seconds)
        return await self.inner.execute(query, *args)

    async def fetch(self, query: str, /, *args: object) -> Sequence[Record]:
        """Ask."""
        return await self.inner.fetch(query, *args)

    async def fetchrow(self, query: str, /, *args: object) -> Record | None:
        """Ask."""
        return await self.inner.fetchrow(query, *args)

    async def close(self, *, timeout: float) -> None:  # noqa: ASYNC109 - the driver's name
        """Disconnect."""
        await self.inner.close(timeout=timeout)

    def terminate(self) -> None:
        """Disconnect at once."""
        self.inner.terminate()

    def is_closed(self) -> bool:
        """Whether it is of no more use."""
        return self.inner.is_closed()


async def open_store(place: str, signer: Ed25519Signer, sync_seconds: float) -> Store:
    """Open the log at a URL or a path."""
    if not place.startswith("postgresql:"):
        SlowDisk.sync_seconds = sync_seconds
        return await SqliteStore.open(
            Path(place),
            signers=[signer],
            guard=MemoryGuard(),
            now=lambda: NOON,
            connect=connect,
            known_checkpoints=(),
        )

    async def slow(url: str) -> Connection:
        return Slow(await connect_postgres(url), sync_seconds)

    return await open_postgres(place, signer=signer, now=lambda: NOON, connect=slow)


async def one_by_one(
    place: str, signer: Ed25519Signer, writers: int, seconds: float, sync: float
) -> float:
    """Append with one transaction for each entry; return entries a second."""
    stores = [await open_store(place, signer, sync) for _ in range(writers)]
    began, until, count = time.perf_counter(), time.perf_counter() + seconds, 0

    async def write(writer: int, store: Store) -> None:
        nonlocal count
        step = time.perf_counter_ns()
        while time.perf_counter() < until:
            each = entry(writer, step)
            salts = fresh_salts(each)
            leaf = leaf_of(each, salts).write()
            await store.append([Prepared(each.entry_id, leaf, KEYS.seal(each, salts))])
            step, count = step + 1, count + 1

    await asyncio.gather(*(write(n, store) for n, store in enumerate(stores)))
    rate = count / (time.perf_counter() - began)
    for store in stores:
        await store.close()
    return rate


async def grouped(
    place: str, signer: Ed25519Signer, waiters: int, seconds: float, sync: float, replica: int = 1
) -> list[float]:
    """Append with so many waiters through the log; return each append's duration."""
    log = Log(await open_store(place, signer, sync), KEYS)
    until, durations = time.perf_counter() + seconds, list[float]()

    async def write(writer: int) -> None:
        step = time.perf_counter_ns()
        while time.perf_counter() < until:
            began = time.perf_counter()
            await log.append(entry((replica << 16) + writer, step))
            durations.append(time.perf_counter() - began)
            step += 1

    await asyncio.gather(*map(write, range(waiters)))
    await log.close()
    return durations


def replicas(place: str, key: Path, count: int, waiters: int, seconds: float, sync: float) -> float:
    """Append from several processes at once; return entries a second, all together."""
    command = [sys.executable, "-m", "tests.bench.bench_log_stores", "--replica", place, str(key)]
    numbers = [str(waiters), str(seconds), str(sync)]
    processes = [
        subprocess.Popen([*command, *numbers, str(each)], stdout=subprocess.PIPE)
        for each in range(count)
    ]
    return sum(int(each.communicate()[0]) for each in processes) / seconds


def replica(place: str, key: str, waiters: str, seconds: str, sync: str, number: str) -> None:
    """Be one of several processes; print how many entries it appended."""
    signer = Ed25519Signer.load(Path(key))
    work = grouped(place, signer, int(waiters), float(seconds), float(sync), int(number) + 1)
    print(len(asyncio.run(work)))


def main(arguments: Sequence[str]) -> None:
    """Measure in turns, and print."""
    parent = Path(arguments[0]) if arguments else Path(tempfile.gettempdir())
    seconds = float(arguments[1]) if len(arguments) > 1 else 2.0
    rounds = int(arguments[2]) if len(arguments) > 2 else 3
    sync = float(arguments[3]) / 1000 if len(arguments) > 3 else 0.0
    found: defaultdict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory(dir=parent) as made, running(parent) as server:
        key = Path(made) / "key"
        signer = Ed25519Signer.create(key, ORIGIN)
        database = server.create_database()
        asyncio.run(migrate(server.url(database, OWNER), WRITER))
        url, path = server.url(database), str(Path(made) / "log.db")
        for _ in range(rounds):
            for name, place in (("SQLite", path), ("PostgreSQL", url)):
                alone = asyncio.run(one_by_one(place, signer, 1, seconds, sync))
                found[f"{name}, a transaction each, 1 writer"].append(alone)
                for waiters in (1, 32, 128):
                    durations = asyncio.run(grouped(place, signer, waiters, seconds, sync))
                    rate = len(durations) / seconds
                    said = f"{name}, group commit, {waiters} waiters"
                    found[said].append(rate)
                    found[f"{said}, times one by one"].append(rate / alone)
                    cuts = statistics.quantiles(durations, n=100)
                    found[f"{said}, p50 ms"].append(cuts[49] * 1000)
                    found[f"{said}, p99 ms"].append(cuts[98] * 1000)
            crowd = asyncio.run(one_by_one(url, signer, 32, seconds, sync))
            found["PostgreSQL, a transaction each, 32 writers"].append(crowd)
            for waiters in (32, 128):
                one = replicas(url, key, 1, waiters, seconds, sync)
                two = replicas(url, key, 2, waiters, seconds, sync)
                found[f"PostgreSQL, 1 process x {waiters}"].append(one)
                found[f"PostgreSQL, 2 processes x {waiters}"].append(two)
                found[f"PostgreSQL, 2 processes x {waiters}, times 1"].append(two / one)
        asyncio.run(copy_log(url, Path(made) / "copy.db"))
        for file in (Path(path), Path(made) / "copy.db"):
            report = verify(file, signer.vkey.write())
            print(f"{file.name}: {report.entries} entries, ok={report.ok}")
    for name, values in found.items():
        print(f"{statistics.median(values):10.1f}  {name}")
    print(f"SQLite {sqlite3.sqlite_version}, sync + {sync * 1000} ms, median of {rounds}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--replica"]:
        replica(*sys.argv[2:])
    else:
        main(sys.argv[1:])
