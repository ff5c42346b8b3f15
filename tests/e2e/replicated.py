"""Three gateways on one PostgreSQL, started, killed and asked from outside."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from pipeline.sandbox.app import create
from pipeline.sandbox.serve import Droppable
from pipeline.sandbox.settings import SandboxSettings
from tests.e2e.conftest import served, settings_of
from tests.e2e.killable import Killable
from tests.postgres_server import OWNER, Server

SHARED = ("keys", "vault", "quarantine", "known")
LONGEST_SECONDS = 2
ACCOUNTS = 3
DELAY_SECONDS = 0.2


@dataclass(slots=True)
class Upstream:
    """What the sandbox was asked for, read before it forgets."""

    http: httpx.AsyncClient
    sent: list[str] = field(default_factory=list[str])
    """The digest of each call's body, in order."""
    refused: int = 0
    """How many met their account generating; right once nothing is on its way."""

    async def read(self) -> None:
        """Read on. It keeps the newest 256: it MUST be read more often than so many come."""
        told = (await self.http.get("/sandbox/calls")).json()
        new = told["count"] - len(self.sent)
        assert new <= len(told["calls"]), "read too seldom"
        self.sent += [call["sha256"] for call in told["calls"][len(told["calls"]) - new :]]
        self.refused = told["count"] - told["paid"]


@dataclass(slots=True)
class Replicated:
    """The gateways, their database, and what they share."""

    gateways: Sequence[Killable]
    postgres: Server
    log: str
    store: str
    upstream: Upstream
    vkey: Path

    def asked(self, query: str) -> Sequence[Sequence[str]]:
        """Ask the store's database."""
        found = self.postgres.psql(self.store, f"SET search_path = imprimatur; {query}")
        return [line.split("|") for line in found.splitlines()]

    async def operator(self, gateway: Killable, method: str, path: str, **body: str) -> int:
        """Ask a gateway as its operator; return the status."""
        way = httpx.AsyncHTTPTransport(uds=str(gateway.data_dir / "operator.sock"))
        async with httpx.AsyncClient(transport=way, base_url="http://gate", timeout=30) as client:
            return (await client.request(method, path, json=body or None)).status_code


@asynccontextmanager
async def replicated(postgres: Server, folder: Path, count: int = 3) -> AsyncGenerator[Replicated]:
    """Start gateways as on machines of their own: each has its folder, and they share four."""
    log, store = postgres.create_database("template"), postgres.create_database()
    tokens = ",".join("pst-" + str(number) * 64 for number in range(ACCOUNTS))
    more = {
        "IMPRIMATUR_LOG_DATABASE": postgres.url(log),
        "IMPRIMATUR_STORE_DATABASE": postgres.url(store, OWNER),
        "IMPRIMATUR_UPSTREAM__LONGEST_SECONDS": str(LONGEST_SECONDS),
        "IMPRIMATUR_NOVELAI_TOKENS": tokens,
        "IMPRIMATUR_QUEUE_LIMIT": "64",
    }
    app = create(SandboxSettings(delay_seconds=DELAY_SECONDS))
    async with (
        served(app, Droppable) as address,
        httpx.AsyncClient(base_url=address, trust_env=False) as sandbox,
    ):
        gateways = [_gateway(folder, number, address, more) for number in range(count)]
        key = ""
        try:
            for gateway in gateways:
                gateway.key = key
                await gateway.start()
                key = gateway.key
            vkey = gateways[0].data_dir / "keys" / "log.vkey"
            yield Replicated(gateways, postgres, log, store, Upstream(sandbox), vkey)
        finally:
            for gateway in gateways:
                gateway.kill()


def _gateway(folder: Path, number: int, upstream: str, more: Mapping[str, str]) -> Killable:
    """Make a gateway's folder: the first has what is shared, the others see it."""
    data, first = folder / f"replica-{number}" / "data", folder / "replica-0" / "data"
    data.parent.mkdir(parents=True)
    _, env = settings_of(data, upstream, **more)
    if number:
        shutil.copy(first / "imprimatur.yaml", data)  # the log's name is in it
    for name in SHARED:
        if number:
            shutil.rmtree(data / name, ignore_errors=True)
            (data / name).symlink_to(first / name)
    return Killable(data, env)


async def asked_often(upstream: Upstream, every_seconds: float = 1.0) -> None:
    """Read what went upstream until cancelled."""
    while True:
        await upstream.read()
        await asyncio.sleep(every_seconds)
