"""A sandbox and a gateway on free ports of this machine, for as long as they are needed."""

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socket import create_server
from threading import Thread
from typing import Any

from pipeline.sandbox import app as sandbox_app
from pipeline.sandbox import serve
from pipeline.sandbox.keys import TEST_VERIFY_KEY_BASE64
from pipeline.sandbox.settings import SandboxSettings

ROOT = Path(__file__).parents[2]
_DIRECT_KEY = "pst-" + "d" * 64
_UPSTREAM_TOKEN = "pst-" + "u" * 64
_IMPRIMATUR = (sys.executable, "-c", "from pipeline.cli.main import main; main()")
_KEY = re.compile(r"pst-[\w-]{64}")
_STOP_SECONDS = 40


class NotStartedError(Exception):
    """The gateway did not begin to serve; the message ends with what it said."""


@dataclass(frozen=True, slots=True)
class Served:
    """Where a program is sent, and with which key."""

    base: str
    key: str = field(repr=False)


def start_sandbox() -> Served:
    """Serve a sandbox from a thread, until this process ends. It takes any key."""
    listening = create_server(("127.0.0.1", 0))
    base = f"http://127.0.0.1:{listening.getsockname()[1]}"
    application = sandbox_app.create(SandboxSettings())
    logging.getLogger("uvicorn.error").addFilter(lambda said: said.levelno > logging.WARNING)
    Thread(target=serve.run, args=(application, listening), daemon=True).start()
    return Served(base, _DIRECT_KEY)


@contextmanager
def start_gateway(data_dir: Path, upstream: Served, blocked: Path) -> Generator[Served]:
    """Serve a new installation as an operator does, with one bank of pictures to withhold.

    Raises:
        NotStartedError: it ended before it served, or gave no key.
    """
    env = _environment(data_dir, upstream, blocked)
    said = data_dir.with_suffix(".log")
    command = (*_IMPRIMATUR, "serve", "--json", "--port", "0")
    with (
        said.open("w") as log,
        subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=log, text=True
        ) as server,
    ):
        try:
            yield _served(_begun(server, said))
        finally:
            server.terminate()
            server.wait(_STOP_SECONDS)


def _environment(data_dir: Path, upstream: Served, blocked: Path) -> Mapping[str, str]:
    bank = {"source": blocked.stem, "kind": "blocked", "file": str(blocked)}
    return os.environ | {
        "IMPRIMATUR_DATA_DIR": str(data_dir),
        "IMPRIMATUR_DEVELOPMENT": "true",
        "IMPRIMATUR_NOVELAI_TOKENS": _UPSTREAM_TOKEN,
        "IMPRIMATUR_UPSTREAM__BASE_URL": upstream.base,
        "IMPRIMATUR_UPSTREAM__VERIFY_KEY": TEST_VERIFY_KEY_BASE64,
        "IMPRIMATUR_UPSTREAM__SPACING_SECONDS": "0",
        "IMPRIMATUR_BANKS": json.dumps([bank]),
    }


def _begun(server: subprocess.Popen[str], said: Path) -> Mapping[str, Any]:
    """Return what the server says of itself, once it serves: one JSON object over many lines."""
    lines: list[str] = []
    for line in server.stdout or ():
        lines.append(line)
        if line.rstrip() == "}":
            begun: Mapping[str, Any] = json.loads("".join(lines))
            return begun
    message = f"imprimatur serve ended with {server.wait()}: {said.read_text()[-2000:]}"
    raise NotStartedError(message)


def _served(begun: Mapping[str, Any]) -> Served:
    """Take the first start's key: it is shown this once."""
    keys = [key for notice in begun["notices"] for key in _KEY.findall(notice)]
    if len(keys) != 1:
        message = f"imprimatur serve: expected one new key in its notices, got {len(keys)}"
        raise NotStartedError(message)
    return Served(begun["address"], keys[0])
