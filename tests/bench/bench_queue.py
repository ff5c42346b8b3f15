"""Prints what pages of the console take with a hundred thousand cases waiting.

python -m tests.bench.bench_queue [CASES]
"""

import asyncio
import random
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import create_engine, insert

from pipeline.items import Cause, Stage
from pipeline.store.holds import holds
from tests.unit.pipeline.console.desks import open_desk
from tests.unit.pipeline.world import NOON, TENANT

_CASES, _ROUNDS = 100_000, 60
_CODES = ("VIO.GORE", "SEX.NUDITY", "NCII.REAL")


def waiting(count: int) -> list[dict[str, Any]]:
    """Return so many holds, of a size that real ones have."""
    draw = random.Random(1)  # noqa: S311 - the same in each run
    scores = {f"image.signal.{number}": draw.random() for number in range(30)}
    return [
        {
            "id": UUID(int=number + 1),
            "tenant": TENANT,
            "submission": UUID(int=number + 1),
            "stage": Stage.EXAMINE,
            "index": 0,
            "cause": Cause.SUSPICION,
            "vault_id": "a" * 32,
            "opened_at": NOON,
            "expires_at": NOON + timedelta(days=9),
            "attempt": 0,
            "facts": {"rules": [], "scores": scores},
            "code": draw.choice(_CODES),
            "severity": draw.randrange(20),
            "due_at": NOON + timedelta(seconds=draw.randrange(250_000)),
        }
        for number in range(count)
    ]


async def p95(browser: httpx.AsyncClient, path: str) -> float:
    """Return the 95th percentile of a page's time, in milliseconds."""
    times = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        answer = await browser.get(path)
        times.append((time.perf_counter() - began) * 1000)
        answer.raise_for_status()
    return quantiles(times, n=20)[-1]


async def main(count: int) -> None:
    """Fill a console's queue, and print what its pages take."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_desk(Path(folder)) as desk:
            _fill(Path(folder), count)
            browser = await desk.signed_in("senior")
            for path in (
                "/queue",
                "/queue?family=NCII",
                "/queue?whose=mine",
                f"/cases/{UUID(int=1)}",
            ):
                print(f"{path:45} {await p95(browser, path):6.1f} ms p95, {count} cases")


def _fill(folder: Path, count: int) -> None:
    (database,) = folder.rglob("app.db")
    with create_engine(f"sqlite:///{database}").begin() as sql:  # which asks for no submissions
        sql.execute(insert(holds), waiting(count))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else _CASES))
