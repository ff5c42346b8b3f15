"""A sandbox and a gateway in a folder of their own, and how the cases speak to them."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import httpx

from classifiers.hash_bank import Kind
from pipeline.cli import operator
from pipeline.cli.demo import answers, drawings
from pipeline.cli.demo.answers import Answer
from pipeline.cli.demo.drawings import Listed
from pipeline.cli.demo.ledger import Ledger
from pipeline.cli.demo.processes import Server, environment, start
from pipeline.files import make_folder
from pipeline.sandbox.keys import TEST_VERIFY_KEY_BASE64

T = TypeVar("T")
GENERATE = "/ai/generate-image"
_SANDBOX_TOKEN = "pst-" + "d" * 64
_LOOK_SECONDS = 0.05
_PATIENCE_SECONDS = 45.0
_TENANT = "default"
_PROFILE = {
    "role": "hosting",
    "territories": ["DE"],
    "age_provider": "Demonstration",
    "reporting": "none",
    "reporting_reason": "a demonstration on this machine",
    "lists": [],
    "languages": ["en"],
    "reviews_a_day": 100,
    "on_call": "you",
}


@dataclass(slots=True)
class World:
    """Everything that a case may ask or break."""

    data_dir: Path
    sandbox: Server
    gateway: Server
    near: Listed
    exact: Listed
    ledger: Ledger
    client: httpx.AsyncClient
    upstream: httpx.AsyncClient
    key: str = field(repr=False)

    async def ask(self, body: Mapping[str, Any], path: str = GENERATE, **headers: str) -> Answer:
        """Send a request as the platform's key, unless `headers` name another bearer."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return answers.read(await self.client.post(path, json=body, headers=sent))

    async def state(self, submission: object) -> Answer:
        """Ask where a submission stands, and fetch what was released of it."""
        stands = answers.read(await self.client.get(f"/v1/generations/{submission}"))
        fetched = [await self.client.get(address) for address in stands.addresses]
        return stands.with_pictures(tuple(one.content for one in fetched if one.is_success))

    async def adult(self) -> str:
        """Return the bearer of an end user whose age the platform has verified.

        Adults are served once the operator knows of the platform what has to be known.
        """
        answers = {"profile": _PROFILE, "person": "demo"}
        path = f"/tenants/{_TENANT}/profile"
        await asyncio.to_thread(operator.ask, self.data_dir, "PATCH", path, answers)
        subject = {"pseudonym": "demo-adult", "tier": "adult", "age_claim": "demo-claim"}
        made = await self.client.post("/v1/subject-tokens", json=subject)
        return f"Bearer {made.raise_for_status().json()['token']}"

    async def arm(self, fault: str) -> None:
        """Let the next generation upstream fail."""
        armed = await self.upstream.post("/sandbox/faults", json={"fault": fault})
        armed.raise_for_status()

    async def calls(self, which: Literal["count", "paid"] = "paid") -> int:
        """How many generations were ever paid for upstream, or asked for."""
        told = await self.upstream.get("/sandbox/calls")
        return int(told.raise_for_status().json()[which])

    async def meanwhile(self, asking: Coroutine[object, object, T]) -> asyncio.Task[T]:
        """Begin to ask, and return once the paid call has begun."""
        before = await self.calls()
        task = asyncio.create_task(asking)

        async def begun() -> bool:
            return task.done() or await self.calls() > before

        await until(begun)
        return task

    def switch(self, classifier: str) -> Path:
        """The file that makes a classifier fail for as long as it lies there."""
        return self.data_dir / "faults" / classifier

    def quarantined(self) -> int:
        """How many files lie where only the child-safety team can open them."""
        folder = self.data_dir / "quarantine"
        return sum(each.is_file() for each in folder.rglob("*")) if folder.is_dir() else 0

    async def seizes_more_than(self, before: int) -> bool:
        """Whether upkeep moves there what was refused, which takes it a second."""

        async def moved() -> bool:
            return self.quarantined() > before

        with suppress(TimeoutError):
            await until(moved)
        return await moved()

    async def crash(self) -> None:
        """Kill the gateway without warning, and start it again on the same port."""
        self.gateway.kill()
        port = urlsplit(self.gateway.address).port or 0
        self.gateway = await _start_gateway(self.data_dir, port)


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: it is not, for too long.
    """
    deadline = perf_counter() + _PATIENCE_SECONDS
    while not await true():
        if perf_counter() > deadline:
            message = "what was waited for did not happen"
            raise TimeoutError(message)
        await asyncio.sleep(_LOOK_SECONDS)


async def gone(task: asyncio.Task[Answer]) -> None:
    """Let a client leave: its connection is closed."""
    task.cancel()
    with suppress(asyncio.CancelledError, httpx.HTTPError):
        await task


@asynccontextmanager
async def opened(data_dir: Path, *, keep: bool) -> AsyncGenerator[World]:
    """Start a world; stop its servers at the end, unless they are to be kept.

    Raises:
        NotStartedError: a server did not start.
    """
    near = drawings.listed("demo-blocked", Kind.BLOCKED, 1)
    exact = drawings.listed("demo-known", Kind.CSAM, 2)
    make_folder(data_dir)
    here = data_dir.parent
    arguments = ["sandbox", "--port", "0", "--json"]
    sandbox = await start("sandbox", arguments, here, environment(_SANDBOX_TOKEN))
    running: list[Server] = [sandbox]
    is_whole = False
    try:
        _furnish(data_dir, sandbox.address, (near, exact))
        gateway = await _start_gateway(data_dir, 0)
        running.append(gateway)
        key = str(gateway.said["notices"][0]).rpartition(" ")[2]
        bearer = {"Authorization": f"Bearer {key}"}
        async with _client(gateway.address, bearer) as client, _client(sandbox.address) as control:
            world = World(
                data_dir, sandbox, gateway, near, exact, Ledger(data_dir), client, control, key
            )
            try:
                yield world
                is_whole = True
            finally:
                running = [world.gateway, sandbox]
    finally:
        if not (keep and is_whole):
            for server in running:
                server.stop()


def _client(address: str, headers: Mapping[str, str] | None = None) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=address, headers=headers, trust_env=False, timeout=_PATIENCE_SECONDS
    )


def _furnish(data_dir: Path, upstream: str, banks: tuple[Listed, ...]) -> None:
    """Write the settings of a development installation, and the lists that they name."""
    make_folder(data_dir / "faults")
    make_folder(data_dir / "banks")
    for each in banks:
        (data_dir / "banks" / f"{each.bank.source}.csv").write_bytes(each.csv)
    settings = {
        "development": True,
        "log_origin": "imprimatur.local/demo",
        "listen": {"port": 0},
        "faults_dir": "faults",
        "upstream": {
            "base_url": upstream,
            "verify_key": TEST_VERIFY_KEY_BASE64,
            "spacing_seconds": 0,
            "longest_seconds": 2,  # the sandbox is quick
        },
        "banks": [
            {
                "source": each.bank.source,
                "kind": each.bank.kind,
                "file": f"banks/{each.bank.source}.csv",
            }
            for each in banks
        ],
    }
    path = data_dir / "imprimatur.yaml"
    path.write_text(json.dumps(settings, indent=2), encoding="utf-8")
    path.chmod(0o600)


async def _start_gateway(data_dir: Path, port: int) -> Server:
    arguments = ["--data-dir", str(data_dir), "serve", "--port", str(port), "--json"]
    return await start("gateway", arguments, data_dir.parent, environment(_SANDBOX_TOKEN))
