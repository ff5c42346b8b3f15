"""One gateway on files, one on PostgreSQL, and three there: what a second and a third are worth.

`python -m tests.bench.replicas` prints pictures a second under 24 clients, and the median time of
one client alone, as ratios to the one process on files. All in one run, against one sandbox that
draws for 0.2 s with three accounts.
"""

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter

import httpx

from audit.postgres.migrating import migrate
from pipeline.sandbox.app import create
from pipeline.sandbox.serve import Droppable
from pipeline.sandbox.settings import SandboxSettings
from tests.e2e.asking import v4
from tests.e2e.conftest import served, settings_of
from tests.e2e.killable import Killable
from tests.e2e.replicated import ACCOUNTS, DELAY_SECONDS, replicated
from tests.postgres_server import OWNER, WRITER, running

SECONDS, CLIENTS, ALONE = 12.0, 24, 12
OK = 200
_seeds = count(1)


@dataclass(frozen=True, slots=True)
class Measured:
    """What one kind of installation does."""

    per_second: float
    alone_seconds: float


async def ask(http: httpx.AsyncClient, gateway: Killable) -> bool:
    """Ask for one picture; whether it came."""
    headers = {"Authorization": f"Bearer {gateway.key}"}
    body = v4("a harbour at dawn", seed=next(_seeds))
    answer = await http.post(f"{gateway.address}/ai/generate-image", json=body, headers=headers)
    return answer.status_code == OK


async def measure(gateways: Sequence[Killable]) -> Measured:
    """Ask as one client, and then as many."""
    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
        for gateway in gateways:
            assert await ask(http, gateway)
        times: list[float] = []
        for number in range(ALONE):
            started = perf_counter()
            assert await ask(http, gateways[number % len(gateways)])
            times.append(perf_counter() - started)
        started, done = perf_counter(), 0

        async def client(number: int) -> None:
            nonlocal done
            while perf_counter() - started < SECONDS:
                came = await ask(http, gateways[number % len(gateways)])
                done += came  # not in one: that would read before it waits

        await asyncio.gather(*(client(number) for number in range(CLIENTS)))
        return Measured(done / (perf_counter() - started), median(times))


async def on_files(folder: Path) -> Measured:
    """Measure one gateway as it is without PostgreSQL."""
    tokens = ",".join("pst-" + str(number) * 64 for number in range(ACCOUNTS))
    async with served(create(SandboxSettings(delay_seconds=DELAY_SECONDS)), Droppable) as address:
        (folder / "alone").mkdir(parents=True)
        data = folder / "alone" / "data"
        _, env = settings_of(data, address, IMPRIMATUR_NOVELAI_TOKENS=tokens)
        gateway = Killable(data, env)
        try:
            await gateway.start()
            return await measure([gateway])
        finally:
            gateway.kill()


async def main() -> None:
    """Measure each, and print the ratios."""
    with running() as postgres, tempfile.TemporaryDirectory() as folder:
        postgres.psql("postgres", f"CREATE DATABASE template OWNER {OWNER}")
        await migrate(postgres.url("template", OWNER), WRITER)
        files = await on_files(Path(folder))
        found = {"one on files": files}
        for number in (1, 3):
            async with replicated(postgres, Path(folder) / str(number), number) as world:
                found[f"{number} on PostgreSQL"] = await measure(world.gateways)
    allowed = ACCOUNTS / DELAY_SECONDS
    for name, each in found.items():
        share = each.per_second / allowed
        more, slower = each.per_second / files.per_second, each.alone_seconds / files.alone_seconds
        print(
            f"{name:>16}: {more:.2f} x the pictures ({share:.0%} of what the accounts allow),"
            f" {slower:.2f} x the time alone"
        )


if __name__ == "__main__":
    asyncio.run(main())
