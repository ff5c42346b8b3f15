"""The command that serves the gateway."""

from typing import Annotated

import typer

from pipeline.cli.context import data_dir_of
from pipeline.cli.output import AsJson, note, told


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
    without_app_db: Annotated[
        bool,
        typer.Option(
            "--without-app-db",
            help="app.db was lost and has no backup: begin anew, and empty the vault.",
        ),
    ] = False,
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
    with told():
        from pipeline.cli.starting import Wanted, start  # noqa: PLC0415 - a second: not for --help

        wanted = Wanted(sandbox, host, port, drain, as_json, without_app_db)
        cut = start(data_dir_of(ctx), wanted)
    if cut:
        note(f"{cut} requests were cut off; the next start finishes or closes them")
