"""Group commit against one transaction per entry: appends per second, side by side.

    python tests/bench/bench_audit.py [folder] [seconds] [sync milliseconds]

The folder decides which disk is measured. The last argument makes each COMMIT that much slower,
which on a memory file system stands for a disk of that sync time. Prints ratios; gates nothing.
"""

import asyncio
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from typing_extensions import override

from audit.entry import Entry, Kind, entry_id
from audit.guard import MemoryGuard
from audit.leaf import leaf_of
from audit.log import Log
from audit.opening import open_writer
from audit.seal import DetailKeys, fresh_salts
from audit.signer import Ed25519Signer
from audit.store import Prepared
from audit.verify import verify

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORIGIN = "gw.example/audit"
KEYS = DetailKeys("k1", {"k1": bytes(32)})
WAITERS = (1, 8, 32, 128)


def entry(writer: int, step: int) -> Entry:
    """Make an entry of the usual size."""
    submission = UUID(int=(writer << 64) + step)
    return Entry(
        entry_id(submission, Kind.ADMIT),
        Kind.ADMIT,
        NOON,
        {
            "submission": str(submission),
            "tenant": "acme",
            "action": "allow",
            "policy_digest": "ab" * 32,
            "models": ["cd" * 32] * 3,
        },
        {"prompt": "a harbour at dawn, boats, mist", "subject": "u-1234"},
        {"scores": {"prompt.banned_term": 0.0, "prompt.sexual": 0.02}},
    )


class SlowDisk(sqlite3.Connection):
    """A connection whose COMMIT takes longer, as on a disk that syncs slowly."""

    sync_seconds = 0.0

    @override
    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        if sql == "COMMIT" and self.sync_seconds:
            time.sleep(self.sync_seconds)
        return super().execute(sql, parameters)


def connect(path: Path) -> sqlite3.Connection:
    """Open the file on the disk that was asked for."""
    return sqlite3.connect(path, isolation_level=None, factory=SlowDisk)


async def grouped(path: Path, signer: Ed25519Signer, waiters: int, seconds: float) -> list[float]:
    """Append with so many waiters through the log; return each append's duration."""
    log = await Log.open(
        path, origin=ORIGIN, signer=signer, keys=KEYS, now=lambda: NOON, connect=connect
    )
    until = time.perf_counter() + seconds
    durations: list[float] = []

    async def write(writer: int) -> None:
        step = 0
        while time.perf_counter() < until:
            began = time.perf_counter()
            await log.append(entry(writer, step))
            durations.append(time.perf_counter() - began)
            step += 1

    await asyncio.gather(*map(write, range(waiters)))
    await log.close()
    return durations


def one_by_one(path: Path, signer: Ed25519Signer, seconds: float) -> float:
    """Append with one transaction per entry, without event loop or threads: the baseline."""
    writer = open_writer(
        path,
        signers=[signer],
        guard=MemoryGuard(),
        now=lambda: NOON,
        connect=connect,
        known_checkpoints=(),
    )
    until, began, count = time.perf_counter() + seconds, time.perf_counter(), 0
    while time.perf_counter() < until:
        each = entry(1, count)
        salts = fresh_salts(each)
        leaf = leaf_of(each, salts).write()
        writer.append([Prepared(each.entry_id, leaf, KEYS.seal(each, salts))])
        count += 1
    rate = count / (time.perf_counter() - began)
    writer.close()
    return rate


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parent = arguments[0] if arguments else None
    seconds = float(arguments[1]) if len(arguments) > 1 else 3.0
    SlowDisk.sync_seconds = float(arguments[2]) / 1000 if len(arguments) > 2 else 0.0
    with tempfile.TemporaryDirectory(dir=parent) as made:
        folder = Path(made)
        signer = Ed25519Signer.create(folder / "key", ORIGIN)
        alone = one_by_one(folder / "alone.db", signer, seconds)
        print(f"one transaction per entry   {alone:8.0f}/s")
        for waiters in WAITERS:
            path = folder / f"log{waiters}.db"
            busy = time.process_time()
            durations = asyncio.run(grouped(path, signer, waiters, seconds))
            rate = len(durations) / seconds
            cuts = statistics.quantiles(durations, n=100)
            times = f"p50 {cuts[49] * 1000:6.2f} ms  p99 {cuts[98] * 1000:6.2f} ms"
            work = (time.process_time() - busy) / len(durations) * 1e6
            print(
                f"group commit, {waiters:3} waiters  {rate:8.0f}/s  {rate / alone:5.1f}x  {times}"
            )
            print(f"{'processor time of one':>25}  {work:8.0f} us")
        began = time.perf_counter()
        report = verify(folder / "log128.db", signer.vkey.write())
        rate = report.entries / (time.perf_counter() - began)
        print(f"offline verification        {rate:8.0f}/s  ok={report.ok}")


if __name__ == "__main__":
    main(sys.argv[1:])
