"""Servers as processes of their own, so that one of them can be killed like any other."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from pipeline.cli.demo.errors import NotStartedError

PROGRAM = (sys.executable, "-c", "from pipeline.cli.main import main; main()")
"""`imprimatur`, from the same checkout and the same Python as this process."""
_START_SECONDS = 90.0
_STOP_SECONDS = 15.0
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Server:
    """A process that serves, and what it said of itself when it began to."""

    name: str
    process: subprocess.Popen[bytes]
    said: Mapping[str, Any]

    @property
    def address(self) -> str:
        """Where to call it."""
        return str(self.said["address"])

    def kill(self) -> None:
        """End it as a crash would: SIGKILL, without a chance to tidy up."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it as an operator would, and by force if it does not."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()


async def start(
    name: str, arguments: Sequence[str], folder: Path, env: Mapping[str, str]
) -> Server:
    """Start `imprimatur` with arguments that make it say on stdout where it serves, as JSON.

    Its output lies in `folder`. It lives on when this process ends: stop it.

    Raises:
        NotStartedError: it ended, or said nothing in time.
    """
    said, problems = folder / f"{name}.json", folder / f"{name}.log"
    process = _spawn(arguments, env, said, problems)
    deadline = perf_counter() + _START_SECONDS
    while process.poll() is None and perf_counter() < deadline:
        begun = _object(said.read_text(encoding="utf-8"))
        if begun is not None:
            return Server(name, process, begun)
        await asyncio.sleep(_LOOK_SECONDS)
    process.kill()
    lines = problems.read_text(encoding="utf-8", errors="replace").splitlines()
    raise NotStartedError(name, lines[-1] if lines else f"it ended with {process.wait()}")


def _spawn(
    arguments: Sequence[str], env: Mapping[str, str], said: Path, problems: Path
) -> subprocess.Popen[bytes]:
    """Begin a process of its own session, which outlives this one."""
    with said.open("wb") as out, problems.open("ab") as err:
        return subprocess.Popen(  # noqa: S603 - our own program and our own arguments
            [*PROGRAM, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=dict(env),
            start_new_session=True,
        )


def environment(token: str) -> dict[str, str]:
    """Return this process's environment without any setting of another installation."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("IMPRIMATUR_") and name != "NOVELAI_TOKEN"
    }
    return kept | {"IMPRIMATUR_NOVELAI_TOKENS": token}


def _object(text: str) -> Mapping[str, Any] | None:
    """Return the JSON object, once all of it is written."""
    try:
        read = json.loads(text)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None
