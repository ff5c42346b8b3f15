"""The programs of tests/compat/programs and the examples of docs/sdk/README.md, as commands."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.compat.environments import SDKS
from tests.compat.servers import ROOT, Served

_PROGRAMS = ROOT / "tests" / "compat" / "programs"
_DOCS = ROOT / "docs" / "sdk"
_EXAMPLE = re.compile(r"^```\w+ ([\w-]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ADDRESS, _KEY = "https://gateway.example", "pst-your-gateway-key"
_COMMON = ("v3", "v4_5", "two", "subscription", "refusal")
_NEEDED = ("node", "curl", "unzip")
_SECONDS = 300


class MissingToolError(Exception):
    """A tool that an integrator's program needs is not installed."""


@dataclass(frozen=True, slots=True)
class Client:
    """One way to talk to NovelAI: what runs it, its program, and what the program tries."""

    name: str
    runs_with: tuple[str, ...]
    program: Path
    tries: tuple[str, ...]
    features: Path | None = None
    """The program that tries every image feature of an SDK."""

    def run(self, folder: Path, served: Served) -> str:
        """Run the program in a folder of its own; return the end of what it complained of."""
        return self._run(self.program, folder, served)

    def run_features(self, folder: Path, served: Served) -> str:
        """Try every feature of an SDK, as `run` does."""
        return "" if self.features is None else self._run(self.features, folder, served)

    def run_example(self, folder: Path, served: Served) -> str:
        """Run the documentation's example, with nothing but its address and key replaced."""
        example = examples()[self.name].replace(_ADDRESS, served.base).replace(_KEY, served.key)
        program = folder / f"example{self.program.suffix}"
        program.write_text(example)
        return self._run(program, folder, served)

    def _run(self, program: Path, folder: Path, served: Served) -> str:
        settings = {"NOVELAI_IMAGE_BASE": served.base, "NOVELAI_API_KEY": served.key}
        try:
            done = subprocess.run(
                (*self.runs_with, str(program)),
                cwd=folder,
                env=os.environ | settings | {"PYTHONPATH": str(_DOCS)},
                capture_output=True,
                text=True,
                check=False,
                timeout=_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return f"still running after {_SECONDS} s"
        return done.stderr[-1500:]


def clients(interpreters: Mapping[str, Path]) -> tuple[Client, ...]:
    """Return every client; `interpreters` holds each SDK's own Python.

    Raises:
        MissingToolError: Node, cURL or unzip is not installed.
    """
    for tool in _NEEDED:
        if shutil.which(tool) is None:
            message = f"{tool} is not installed: integrators' programs need {', '.join(_NEEDED)}"
            raise MissingToolError(message)
    sdk = {name: (str(python),) for name, python in interpreters.items()}
    ours = (sys.executable,)
    return (
        _client("novelai-sdk", sdk["novelai-sdk"], "with_novelai_sdk.py", "v5"),
        _client("novelai-api", sdk["novelai-api"], "with_novelai_api.py", "login"),
        _client(
            "novelai-python", sdk["novelai-python"], "with_novelai_python.py", "login", "addresses"
        ),
        _client("requests", ours, "with_requests.py", "v5", "form"),
        _client("curl", ("sh",), "with_curl.sh", "v5"),
        _client("node", ("node",), "with_node.mjs", "v5"),
    )


def examples() -> Mapping[str, str]:
    """Return the documentation's examples by the client that they are for."""
    text = (_DOCS / "README.md").read_text(encoding="utf-8")
    return {match[1]: match[2] for match in _EXAMPLE.finditer(text)}


def _client(name: str, runs_with: tuple[str, ...], program: str, *more: str) -> Client:
    features = _PROGRAMS / f"features_of_{name.replace('-', '_')}.py"
    return Client(
        name,
        runs_with,
        _PROGRAMS / program,
        (*_COMMON, *more),
        features if name in SDKS else None,
    )
