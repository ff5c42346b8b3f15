"""Serves the sandbox: a stand-in for NovelAI that draws harmless scenes."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.listening import address_of, listen
from pipeline.cli.output import AsJson, note, say, say_json, stop, told


class Stand(StrEnum):
    """For whom the sandbox stands in."""

    NOVELAI = "novelai"
    WEBUI = "webui"
    COMFYUI = "comfyui"


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
    engine: Annotated[
        Stand, typer.Option(help="For whom it stands in; the options above are NovelAI's.")
    ] = Stand.NOVELAI,
    as_json: AsJson = False,
) -> None:
    """Serve a stand-in for NovelAI, or for an engine of your own, until interrupted.

    It draws harmless scenes, the same for the same seed: no account, nothing is paid. Those of
    NovelAI it signs with a test key that everybody knows.

    Exits with 0 when interrupted, or 2 (it cannot be served).

    Examples:
      imprimatur sandbox
      imprimatur sandbox --port 0 --delay 3
      imprimatur sandbox --fault 429
      imprimatur sandbox --engine webui
    """
    from pipeline.sandbox import app as sandbox_app  # noqa: PLC0415 - half a second, not for --help
    from pipeline.sandbox import comfyui, webui  # noqa: PLC0415 - the same
    from pipeline.sandbox.engine import HARBOUR  # noqa: PLC0415 - the same
    from pipeline.sandbox.errors import SandboxError  # noqa: PLC0415 - the same
    from pipeline.sandbox.serve import run  # noqa: PLC0415 - the same
    from pipeline.sandbox.settings import SandboxSettings  # noqa: PLC0415 - the same

    settings = SandboxSettings(pictures=pictures, delay_seconds=delay, fault=fault)
    if engine is not Stand.NOVELAI and settings != SandboxSettings():
        stop("--pictures, --delay and --fault are of NovelAI's: arm this one by /sandbox/faults")
    try:
        if engine is Stand.WEBUI:
            app = webui.create(webui.WebUiSandbox())
        elif engine is Stand.COMFYUI:
            app = comfyui.create(comfyui.ComfyUiSandbox())
        else:
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
        if engine is not Stand.NOVELAI:
            note(f"its checkpoint is harbour, sha256 {HARBOUR}")
        note("it serves until you interrupt it (Ctrl-C)")
    run(app, listening)
