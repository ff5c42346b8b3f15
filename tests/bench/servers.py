"""A sandbox and a gateway on this machine, each in a process of its own, held to its cores."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.sandbox.keys import TEST_VERIFY_KEY_BASE64

_ON = "import os; os.sched_setaffinity(0, {cores}); "
_GATEWAY = (
    "from tests.bench.forgetful import forget; forget(); from pipeline.cli.main import main; main()"
)
_SANDBOX = (
    "from pipeline.sandbox.serve import serve; "
    "from pipeline.sandbox.settings import SandboxSettings; "
    "serve(SandboxSettings(render_ahead=1024), '127.0.0.1', 0)"
)
_KEY = re.compile(r"pst-[\w-]{64}")


@dataclass(frozen=True, slots=True)
class Cores:
    """Which processors serve, and which ask: apart where there are two."""

    gateway: frozenset[int]
    others: frozenset[int]

    @classmethod
    def here(cls) -> "Cores":
        """Give the gateway one of the processors that this process may use."""
        first, *rest = sorted(os.sched_getaffinity(0))
        return cls(frozenset({first}), frozenset(rest or [first]))


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs."""

    address: str
    pid: int
    key: str = field(default="", repr=False)

    def cpu_ms(self) -> float:
        """Return how much time of a processor it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


@contextmanager
def sandbox(cores: Collection[int]) -> Generator[Served]:
    """Serve a sandbox that keeps the pictures it has made."""
    with _running(_SANDBOX, (), cores, os.environ, Path(os.devnull)) as server:
        line = server.stdout.readline() if server.stdout else ""
        yield Served(line.split()[-1], server.pid)


@contextmanager
def gateway(cores: Collection[int], data_dir: Path, env: Mapping[str, str]) -> Generator[Served]:
    """Serve a new installation as an operator does."""
    arguments = ("--data-dir", str(data_dir), "serve", "--json", "--port", "0")
    log = data_dir.with_suffix(".log")
    with _running(_GATEWAY, arguments, cores, os.environ | env, log) as server:
        begun = _begun(server, log)
        keys = [key for notice in begun["notices"] for key in _KEY.findall(notice)]
        yield Served(begun["address"], server.pid, keys[0])


def environment(upstream: str, tokens: int, bank: Path) -> dict[str, str]:
    """Return the settings of a gateway before a sandbox, with so many accounts and one bank."""
    listed = {"source": bank.stem, "kind": "blocked", "file": str(bank)}
    return {
        "IMPRIMATUR_DEVELOPMENT": "true",
        "IMPRIMATUR_NOVELAI_TOKENS": ",".join(f"pst-{number:064d}" for number in range(tokens)),
        "IMPRIMATUR_UPSTREAM__BASE_URL": upstream,
        "IMPRIMATUR_UPSTREAM__VERIFY_KEY": TEST_VERIFY_KEY_BASE64,
        "IMPRIMATUR_UPSTREAM__SPACING_SECONDS": "0",
        "IMPRIMATUR_BANKS": json.dumps([listed]),
    }


@contextmanager
def _running(
    program: str,
    arguments: tuple[str, ...],
    cores: Collection[int],
    env: Mapping[str, str],
    log: Path,
) -> Generator[subprocess.Popen[str]]:
    pinned = _ON.format(cores=set(cores)) + program
    command = (sys.executable, "-c", pinned, *arguments)
    with (
        log.open("w", encoding="utf-8") as said,
        subprocess.Popen(
            command, env=env, stdout=subprocess.PIPE, stderr=said, text=True
        ) as server,
    ):
        try:
            yield server
        finally:
            server.terminate()


def _begun(server: subprocess.Popen[str], log: Path) -> Mapping[str, Any]:
    """Return what the server says of itself once it serves: a JSON object over many lines."""
    lines: list[str] = []
    for line in server.stdout or ():
        lines.append(line)
        if line.rstrip() == "}":
            begun: Mapping[str, Any] = json.loads("".join(lines))
            return begun
    message = f"imprimatur serve ended with {server.wait()}: {log.read_text('utf-8')[-2000:]}"
    raise RuntimeError(message)
