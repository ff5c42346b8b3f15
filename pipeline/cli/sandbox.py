"""Serves the sandbox: a stand-in for NovelAI that draws harmless scenes."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.listening import address_of, listen
from pipeline.cli.output import AsJson, note, say, say_json, stop, told


def sandbox(
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Which port; 0 takes a free one.")
    ] = 8789,
    pictures: Annotated[
        Path | None,
        typer.Option(help="A folder of harmless pictures to serve instead.", file_okay=False),
    ] = None,
    delay: Annotated[float, typer.Option(min=0, help="Seconds that each picture takes.")] = 0.0,
    fault: Annotated[
        str | None, typer.Option(help="What goes wrong each time: 429, 402, slow:2 ...")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Serve a stand-in for NovelAI until interrupted: no account, nothing is paid.

    It draws harmless scenes, the same for the same seed, and signs them with a test key that
    everybody knows.

    Exits with 0 when interrupted, or 2 (it cannot be served).

    Examples:
      imprimatur sandbox
      imprimatur sandbox --port 0 --delay 3
      imprimatur sandbox --fault 429
    """
    from pipeline.sandbox import app as sandbox_app  # noqa: PLC0415 - half a second, not for --help
    from pipeline.sandbox.errors import SandboxError  # noqa: PLC0415 - the same
    from pipeline.sandbox.serve import run  # noqa: PLC0415 - the same
    from pipeline.sandbox.settings import SandboxSettings  # noqa: PLC0415 - the same

    settings = SandboxSettings(pictures=pictures, delay_seconds=delay, fault=fault)
    try:
        app = sandbox_app.create(settings)
    except SandboxError as problem:
        stop(str(problem))
    with told():
        listening = listen(host, port)
    address = address_of(listening)
    if as_json:
        say_json({"address": address})
    else:
        say(f"sandbox: {address}")
        note("it serves until you interrupt it (Ctrl-C)")
    run(app, listening)
