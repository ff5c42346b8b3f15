"""Starts the gateway, and prepares an installation at its first start."""

import asyncio
import gc
import os
import sys
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from pipeline import telemetry
from pipeline.cli.listening import address_of, listen, private_socket
from pipeline.cli.operator import SOCKET
from pipeline.cli.output import note, say, say_json
from pipeline.cli.serving import serve
from pipeline.sandbox.keys import TEST_VERIFY_KEY_BASE64
from pipeline.settings import Settings, first_start, load

_SANDBOX_TOKEN = "pst-" + "s" * 64
"""The sandbox takes any of this shape."""

_YOUNG = 10_000
"""New objects between two collections: a request makes thousands, nearly all gone by its end."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line says of how to serve; None leaves it to the settings."""

    sandbox: bool
    host: str | None
    port: int | None
    drain_seconds: float
    as_json: bool
    without_app_db: bool = False


def start(data_dir: Path, wanted: Wanted) -> int:
    """Serve until a signal ends it; return how many requests were cut off.

    Raises:
        SettingsError, StoreError, AuditError, ClassifierError, PolicyError, CliError: it must not
            serve, or could not go on.
    """
    made = [str(path) for path in first_start(data_dir, os.urandom)]
    if not wanted.as_json:
        for path in made:
            note(f"made {path}")
    with _sandbox() if wanted.sandbox else nullcontext() as sandbox:
        settings = load(data_dir, _environment(wanted, sandbox))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_serve(settings, wanted, {"made": made, "sandbox": sandbox}))


@contextmanager
def _sandbox() -> Generator[str]:
    """Serve a sandbox on a free port of this machine, in the block; say where."""
    from pipeline.sandbox import app as sandbox_app  # noqa: PLC0415 - only with --sandbox
    from pipeline.sandbox.serve import beside  # noqa: PLC0415 - the same
    from pipeline.sandbox.settings import SandboxSettings  # noqa: PLC0415 - the same

    listening = listen("127.0.0.1", 0)
    address = address_of(listening)
    with beside(sandbox_app.create(SandboxSettings()), listening):
        yield address


def _environment(wanted: Wanted, sandbox: str | None) -> Mapping[str, str]:
    """Return the environment, and over it what the command line says."""
    said = dict(os.environ)
    if wanted.host is not None:
        said["IMPRIMATUR_LISTEN__HOST"] = wanted.host
    if wanted.port is not None:
        said["IMPRIMATUR_LISTEN__PORT"] = str(wanted.port)
    if sandbox is not None:
        said |= {
            "IMPRIMATUR_DEVELOPMENT": "true",
            "IMPRIMATUR_NOVELAI_TOKENS": _SANDBOX_TOKEN,
            "IMPRIMATUR_UPSTREAM__BASE_URL": sandbox,
            "IMPRIMATUR_UPSTREAM__VERIFY_KEY": TEST_VERIFY_KEY_BASE64,
            "IMPRIMATUR_UPSTREAM__SPACING_SECONDS": "0",
        }
    return said


async def _serve(settings: Settings, wanted: Wanted, begun: Mapping[str, Any]) -> int:
    with closing(listen(settings.listen.host, settings.listen.port)) as public:
        from pipeline.app import now, open_house  # noqa: PLC0415 - seconds

        telemetry.configure(now, sys.stderr)
        path = settings.data_dir / SOCKET
        async with open_house(settings, without_app_db=wanted.without_app_db) as house:
            with private_socket(path) as private:
                report: dict[str, Any] = {
                    "address": address_of(public),
                    **begun,
                    "operator": str(path),
                    "notices": list(house.notices),
                    "ready": await house.readiness(),
                }
                announce = partial(_announce, report, as_json=wanted.as_json)
                _settle()
                return await serve(house, public, private, wanted.drain_seconds, announce)


def _settle() -> None:
    """Let the garbage collector pass over what stays for good: models, lists, policies, code."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG)


def _announce(report: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        say_json(report)
        return
    for line in report["notices"]:
        say(line)
    ready = report["ready"]
    for rating, served in ready["serves"].items():
        missing = f"refused: not installed: {', '.join(served['missing'])}"
        say(f"{rating} pictures: {'served' if served['served'] else missing}")
    if isinstance(ready["banks"], str):
        say(f"banks: {ready['banks']}")
    for classifier, fault in ready["sick"].items():
        note(f"{classifier} is sick: {fault}")
    if not ready["ready"]:
        note("nothing can be served now: GET /ready says why, in full on the operator's socket")
    if report["sandbox"]:
        say(f"sandbox: {report['sandbox']} (harmless drawings, nothing is paid)")
    say(f"operator: {report['operator']}")
    say(f"serving: {report['address']}")
