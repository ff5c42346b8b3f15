"""`imprimatur serve` as a process of its own that can be killed, and started again quickly."""

import asyncio
import json
import multiprocessing
import os
import signal
import sqlite3
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from audit.batcher import IDLE_SECONDS
from audit.verify import verify

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["pipeline.cli.main", "pipeline.app"])  # imported once for all


@dataclass(slots=True)
class Killable:
    """A gateway on a data directory, as an operator would start it."""

    data_dir: Path
    env: Mapping[str, str] = field(repr=False)
    key: str = field(default="", repr=False)
    process: ForkServerProcess | None = None
    address: str = ""

    async def start(self) -> None:
        """Start it, and wait until it serves."""
        said = self.data_dir.parent / "said.json"
        said.unlink(missing_ok=True)
        self.process = _FORKS.Process(target=_serve, args=(self.data_dir, dict(self.env), said))
        self.process.start()
        async with asyncio.timeout(60):
            while (begun := _object(said)) is None:
                assert self.process.is_alive(), (self.data_dir.parent / "said.log").read_text()
                await asyncio.sleep(0.02)
        self.address = begun["address"]
        if not self.key:
            self.key = str(begun["notices"][0]).rpartition(" ")[2]

    def freeze(self) -> None:
        """Stop it where it stands, so that one can see where that is."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._signal(signal.SIGKILL)
        if self.process is not None:
            self.process.join()

    def _signal(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.pid is not None and self.process.is_alive():
            os.kill(self.process.pid, number)

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[httpx.AsyncClient]:
        """Speak to it, with its first key."""
        bearer = {"Authorization": f"Bearer {self.key}"}
        async with httpx.AsyncClient(
            base_url=self.address, headers=bearer, trust_env=False, timeout=30
        ) as client:
            yield client

    def rows(self) -> dict[UUID, str]:
        """Return the state of every submission, in their order, from the file itself."""
        where = f"file:{self.data_dir / 'app.db'}?mode=ro"
        with closing(sqlite3.connect(where, uri=True, timeout=10)) as connection:
            found = connection.execute("SELECT id, state FROM submissions ORDER BY received_at")
            return {UUID(row[0]): str(row[1]) for row in found}

    async def verified(self) -> bool:
        """Verify the log offline."""
        await asyncio.sleep(4 * IDLE_SECONDS)  # by then the newest signature is in the file as well
        vkey = (self.data_dir / "keys" / "log.vkey").read_text().strip()
        report = verify(self.data_dir / "log.db", vkey)
        assert report.ok, report.problems
        return report.ok


def _serve(data_dir: Path, env: dict[str, str], said: Path) -> None:
    os.environ.update(env)
    for number, path in ((1, said), (2, said.with_suffix(".log"))):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), number)
    from pipeline.cli.main import app  # noqa: PLC0415 - in the child alone

    app(["--data-dir", str(data_dir), "serve", "--port", "0", "--json"])


def _object(path: Path) -> dict[str, Any] | None:
    """Return the JSON object in a file, once all of it is written."""
    try:
        read = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return read if isinstance(read, dict) else None
