"""A real sandbox and a real gateway, each behind a real socket on this machine."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import httpx
import pytest
import pytest_asyncio
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from pipeline.app import House, open_house
from pipeline.sandbox.app import create as create_sandbox
from pipeline.sandbox.keys import TEST_VERIFY_KEY_BASE64
from pipeline.sandbox.serve import Droppable
from pipeline.sandbox.settings import SandboxSettings
from pipeline.settings import Settings, first_start, load

TOKEN = "pst-" + "a" * 64


@asynccontextmanager
async def served(app: ASGIApp, http: type[H11Protocol] = H11Protocol) -> AsyncGenerator[str]:
    """Serve an application on a free port of this machine, and yield its address."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        http=http,
        log_config=None,  # its own would outlive the test, on a stream that does not
        log_level="error",
        access_log=False,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([listening]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event to wait for
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{cast('tuple[str, int]', listening.getsockname())[1]}"
    finally:
        server.should_exit = True
        await serving


@dataclass
class World:
    """Where everything is, and how to speak to it."""

    data_dir: Path
    upstream: str
    house: House
    gateway: str
    key: str
    client: httpx.AsyncClient
    sandbox: httpx.AsyncClient
    env: dict[str, str] = field(repr=False)

    async def fault(self, name: str, times: int = 1) -> None:
        """Arm a fault in the sandbox."""
        answer = await self.sandbox.post("/sandbox/faults", json={"fault": name, "times": times})
        answer.raise_for_status()

    async def calls(self) -> int:
        """How many generations the sandbox was asked for."""
        return int((await self.sandbox.get("/sandbox/calls")).json()["count"])

    def sick(self, classifier: str) -> Path:
        """The file that makes a classifier fail for as long as it lies there."""
        return self.data_dir / "faults" / classifier


def settings_of(data_dir: Path, upstream: str, **more: str) -> tuple[Settings, dict[str, str]]:
    """Make a data directory for development against a sandbox, and load its settings."""
    first_start(data_dir, os.urandom)
    (data_dir / "faults").mkdir(exist_ok=True)
    env = {
        "IMPRIMATUR_DEVELOPMENT": "true",
        "IMPRIMATUR_FAULTS_DIR": "faults",
        "IMPRIMATUR_UPSTREAM__BASE_URL": upstream,
        "IMPRIMATUR_UPSTREAM__VERIFY_KEY": TEST_VERIFY_KEY_BASE64,
        "IMPRIMATUR_UPSTREAM__SPACING_SECONDS": "0",
        "IMPRIMATUR_NOVELAI_TOKENS": TOKEN,
        **more,
    }
    return load(data_dir, env), env


@asynccontextmanager
async def world_in(
    data_dir: Path, sandbox_settings: SandboxSettings | None = None, **more: str
) -> AsyncGenerator[World]:
    """Open a whole world in a new data directory."""
    app = create_sandbox(sandbox_settings or SandboxSettings())
    async with served(app, Droppable) as upstream:
        settings, env = settings_of(data_dir, upstream, **more)
        async with (
            open_house(settings) as house,
            served(house.public) as gateway,
            httpx.AsyncClient(base_url=upstream, trust_env=False) as sandbox,
            httpx.AsyncClient(base_url=gateway, trust_env=False, timeout=60) as client,
        ):
            key = house.notices[0].rpartition(" ")[2]
            client.headers["Authorization"] = f"Bearer {key}"
            yield World(data_dir, upstream, house, gateway, key, client, sandbox, env)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What is started can be interrupted, though the tests may run where a shell ignores that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A world that the tests of one file share, for those that leave it as it was."""
    async with world_in(tmp_path_factory.mktemp("shared") / "data") as opened:
        yield opened


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A world of its own for one test."""
    async with world_in(tmp_path / "data") as opened:
        yield opened
