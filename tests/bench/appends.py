"""What group commit brings: 32 writers against one transaction for each entry."""

import asyncio
import statistics
import time
from pathlib import Path

from audit.signer import Ed25519Signer
from tests.bench.bench_audit import ORIGIN, SlowDisk, grouped, one_by_one
from tests.bench.figure import Figure

WRITERS = 32
_BUDGETS = {0: ("", ""), 1: ("10 x", "10 ms")}
"""Of the ratio and of the slowest of a hundred, by how much longer a sync takes."""


def appends(folder: Path, seconds: float) -> list[Figure]:
    """Append on this disk as it is, and as if each of its syncs took a millisecond longer."""
    signer = Ed25519Signer.create(folder / "key", ORIGIN)
    figures: list[Figure] = []
    for sync_ms, (budget, worst) in _BUDGETS.items():
        SlowDisk.sync_seconds = sync_ms / 1000
        alone = one_by_one(folder / f"alone{sync_ms}.db", signer, seconds)
        busy = time.process_time()
        took = asyncio.run(grouped(folder / f"log{sync_ms}.db", signer, WRITERS, seconds))
        cpu = (time.process_time() - busy) * 1000 / len(took)
        disk = "this disk" if not sync_ms else f"{sync_ms} ms more for each sync"
        what = f"audit entries per second, {WRITERS} writers, {disk}"
        peer = "one transaction each"
        figures += [
            Figure(what, len(took) / seconds, "/s", cpu, budget, peer, alone),
            Figure("one append, median", statistics.median(took) * 1000),
            Figure("one append, p99", statistics.quantiles(took, n=100)[98] * 1000, budget=worst),
        ]
    SlowDisk.sync_seconds = 0.0
    return figures
