"""Serves the gateway, and prepares an installation at its first start."""

import asyncio
import os
import sys
from collections.abc import Mapping
from threading import Thread
from typing import Annotated, Any

import typer

from pipeline import telemetry
from pipeline.cli.context import data_dir_of
from pipeline.cli.listening import address_of, listen, private_socket
from pipeline.cli.operator import SOCKET
from pipeline.cli.output import AsJson, note, say, say_json, told
from pipeline.cli.serving import serve as serve_house
from pipeline.settings import Settings, first_start, load

_SANDBOX_TOKEN = "pst-" + "s" * 64
"""The sandbox takes any of this shape."""


def serve(
    ctx: typer.Context,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Serve against a sandbox, not NovelAI: no account.")
    ] = False,
    host: Annotated[
        str | None, typer.Option(help="Where to listen.", show_default="listen.host")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Which port; 0: free.", show_default="listen.port"),
    ] = None,
    drain: Annotated[
        float, typer.Option(min=0, help="Seconds to finish what is in flight at the end.")
    ] = 25.0,
    as_json: AsJson = False,
) -> None:
    """Serve the gateway until SIGTERM or Ctrl-C, then finish what is in flight.

    The first start makes the data directory, its keys (0600), its settings, a first tenant and
    an API key, and shows that key this once. Settings are `imprimatur.yaml` in the data
    directory, and over it the environment; NovelAI's token comes from IMPRIMATUR_NOVELAI_TOKENS,
    NOVELAI_TOKEN or a secrets file.

    Exits with 0 when it was stopped, or 2 (it must not serve: a line for each problem).

    Examples:
      imprimatur serve --sandbox
      imprimatur serve --port 8080
      imprimatur --data-dir /srv/imprimatur serve --json
    """
    data_dir = data_dir_of(ctx)
    with told():
        made = [str(path) for path in first_start(data_dir, os.urandom)]
        if not as_json:
            for path in made:
                note(f"made {path}")
        upstream = begin_sandbox() if sandbox else None
        settings = load(data_dir, _environment(host, port, upstream))
        begun: dict[str, Any] = {"made": made, "sandbox": upstream}
        cut = asyncio.run(_serve(settings, begun, drain, as_json=as_json))
    if cut:
        note(f"{cut} requests were cut off; the next start finishes or closes them")


def begin_sandbox() -> str:
    """Serve a sandbox on a free port of this machine, until the process ends; say where."""
    from pipeline.sandbox import app as sandbox_app  # noqa: PLC0415 - only with --sandbox
    from pipeline.sandbox.serve import run  # noqa: PLC0415 - the same
    from pipeline.sandbox.settings import SandboxSettings  # noqa: PLC0415 - the same

    listening = listen("127.0.0.1", 0)
    address = address_of(listening)
    app = sandbox_app.create(SandboxSettings())
    Thread(target=run, args=(app, listening), name="sandbox", daemon=True).start()
    return address


def _environment(host: str | None, port: int | None, sandbox: str | None) -> Mapping[str, str]:
    """Return the environment, and over it what the command line says."""
    from pipeline.sandbox.keys import TEST_VERIFY_KEY_BASE64  # noqa: PLC0415 - only with --sandbox

    said = dict(os.environ)
    if host is not None:
        said["IMPRIMATUR_LISTEN__HOST"] = host
    if port is not None:
        said["IMPRIMATUR_LISTEN__PORT"] = str(port)
    if sandbox is not None:
        said |= {
            "IMPRIMATUR_DEVELOPMENT": "true",
            "IMPRIMATUR_NOVELAI_TOKENS": _SANDBOX_TOKEN,
            "IMPRIMATUR_UPSTREAM__BASE_URL": sandbox,
            "IMPRIMATUR_UPSTREAM__VERIFY_KEY": TEST_VERIFY_KEY_BASE64,
            "IMPRIMATUR_UPSTREAM__SPACING_SECONDS": "0",
        }
    return said


async def _serve(
    settings: Settings, begun: Mapping[str, Any], drain: float, *, as_json: bool
) -> int:
    from pipeline.app import UPKEEP_SECONDS, now, open_house  # noqa: PLC0415 - loads every model

    telemetry.configure(now, sys.stderr)
    public = listen(settings.listen.host, settings.listen.port)
    socket_path = settings.data_dir / SOCKET
    async with open_house(settings) as house:
        with private_socket(socket_path) as private:
            start: dict[str, Any] = {
                "address": address_of(public),
                **begun,
                "operator": str(socket_path),
                "notices": list(house.notices),
                "ready": await house.readiness(),
            }
            upkeep = asyncio.create_task(house.upkeep.run(UPKEEP_SECONDS))
            try:
                return await serve_house(
                    house, public, private, drain, lambda: _announce(start, as_json=as_json)
                )
            finally:
                upkeep.cancel()


def _announce(start: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        say_json(start)
        return
    for line in start["notices"]:
        say(line)
    ready = start["ready"]
    for rating, served in ready["serves"].items():
        missing = f"refused: not installed: {', '.join(served['missing'])}"
        say(f"{rating} pictures: {'served' if served['served'] else missing}")
    if isinstance(ready["banks"], str):
        say(f"banks: {ready['banks']}")
    for classifier, fault in ready["sick"].items():
        note(f"{classifier} is sick: {fault}")
    if not ready["ready"]:
        note("nothing can be served now: GET /ready says why")
    if start["sandbox"]:
        say(f"sandbox: {start['sandbox']} (harmless drawings, nothing is paid)")
    say(f"operator: {start['operator']}")
    say(f"serving: {start['address']}")
