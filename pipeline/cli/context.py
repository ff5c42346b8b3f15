"""What every command is told before its own name: where the installation's data lies."""

from pathlib import Path
from typing import Annotated

import typer

DataDir = Annotated[
    Path,
    typer.Option(
        "--data-dir",
        envvar="IMPRIMATUR_DATA_DIR",
        help="Where the installation keeps its settings, keys, log and pictures.",
        file_okay=False,
    ),
]


def data_dir_of(ctx: typer.Context) -> Path:
    """Return the data directory that the program was told, or its default."""
    chosen = ctx.find_object(Path)
    return Path("var") if chosen is None else chosen
