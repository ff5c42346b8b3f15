"""The command that asks a gateway what became of a generation."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from pipeline.cli.asking import Address, KeyFile, gateway, read, save, tell
from pipeline.cli.output import AsJson, told


def status(
    generation: Annotated[UUID, typer.Argument(metavar="ID", help="The generation's id.")],
    out: Annotated[
        Path | None,
        typer.Option(help="Write its released pictures into this folder.", show_default="none"),
    ] = None,
    address: Address = "http://127.0.0.1:8788",
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Ask what became of a generation: running, held, released or refused.

    Exits with 0, 1 (it is not yours to see), 2 (it could not be asked, or is not known).

    Examples:
      imprimatur status 2fd95844-188b-4fb6-a71d-27c6b40bbe7c
      imprimatur status 2fd95844-188b-4fb6-a71d-27c6b40bbe7c --out pictures
    """
    with told(), gateway(address, key_file) as client:
        state = read(client.get(f"/v1/generations/{generation}"), as_json=as_json)
        saved = {} if out is None else save(client, state, out)
        tell(state, saved, as_json=as_json)
