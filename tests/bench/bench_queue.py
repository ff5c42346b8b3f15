"""Prints what pages of the console take with a hundred thousand cases waiting.

python -m tests.bench.bench_queue [CASES]
"""

import asyncio
import os
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
from pipeline.store.holds import End, Lane, holds
from pipeline.store.precedents import MOST_COMPARED, resemblances
from pipeline.store.queue import Wanted
from tests.unit.pipeline.console.desks import open_desk
from tests.unit.pipeline.world import NOON, TENANT

_CASES, _ROUNDS = 100_000, 60
_NARROW = f"/queue?tenant={TENANT}&stage=examine&tier=adult&language=ja"
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
            "due_at": NOON + timedelta(seconds=draw.randrange(90_000, 250_000)),
            "tier": draw.choice(("general", "adult")),
            "language": draw.choice(("", "en", "ja", "pt")),
            "lane": Lane.ANY,
        }
        for number in range(count)
    ]


def decided(count: int) -> list[dict[str, Any]]:
    """Return so many holds that people ruled on, with what each was like."""
    ended = {"end": End.REJECTED, "ended_at": NOON, "ended_by": "person-1", "reason": "as before"}
    return [{**each, **ended, "id": UUID(int=each["id"].int << 64)} for each in waiting(count)]


def alike(holds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what those were like: nobody's words or pictures."""
    draw = random.Random(2)  # noqa: S311 - the same in each run
    return [
        {
            "hold": each["id"],
            "tenant": TENANT,
            "submission": each["submission"],
            "likeness": f"{draw.getrandbits(64):016x}",
            "pdq": f"{draw.getrandbits(256):064x}",
            "at": NOON,
        }
        for each in holds
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
            hold = await desk.held()
            _fill(Path(folder), count)
            browser = await desk.signed_in("senior")
            session = await desk.session(browser)
            middle = await desk.store.queue.page(Wanted(), NOON, UUID(int=count // 2))
            await desk.cases.claim(session, hold)
            print(f"{count} cases that wait, {MOST_COMPARED} decided, on one core")
            for told, path in (
                ("the queue", "/queue"),
                ("the page after the middle", f"/queue?after={middle[0].hold.id}"),
                ("one family", "/queue?code=NCII."),
                ("a tenant, a stage, a tier, a language", _NARROW),
                ("what nothing is like", "/queue?language=zz"),
                ("one's own", "/queue?whose=mine"),
                ("counts", "/queue/counts"),
                ("a case", f"/cases/{UUID(int=1)}"),
                ("a claimed case, words and precedents", f"/cases/{hold.id}"),
            ):
                print(f"{told:40} {await p95(browser, path):6.1f} ms p95")


def _fill(folder: Path, count: int) -> None:
    (database,) = folder.rglob("app.db")
    ruled = decided(MOST_COMPARED)
    with create_engine(f"sqlite:///{database}").begin() as sql:  # which asks for no submissions
        sql.execute(insert(holds), waiting(count))
        sql.execute(insert(holds), ruled)
        sql.execute(insert(resemblances), alike(ruled))


if __name__ == "__main__":
    os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else _CASES))
