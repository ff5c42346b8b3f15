"""The `imprimatur` command."""

import gc
from importlib import import_module
from pathlib import Path

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup
from typing_extensions import override

from pipeline.cli.context import DataDir

_COMMANDS = {
    "serve": "serve",
    "sandbox": "sandbox",
    "demo": "demo",
    "doctor": "doctor",
    "screen": "screen",
    "examine": "examine",
    "rehearse": "rehearse",
    "generate": "generate",
    "status": "status",
    "audit": "app",
    "banks": "app",
    "dsa": "app",
    "policies": "app",
    "quality": "quality",
    "retention": "app",
    "review": "app",
    "reports": "app",
    "takedowns": "app",
    "halt": "halt",
    "halts": "app",
    "strikes": "app",
    "console": "app",
    "accounts": "app",
    "tenants": "app",
    "webhooks": "app",
    "keys": "app",
    "models": "app",
    "loras": "app",
    "terms": "app",
    "thresholds": "app",
}
"""Each lies in the module of its name: as this function, or this group of commands."""


class Apart(TyperGroup):
    """Imports a command when it is asked for: all of them together take a second."""

    @override
    def list_commands(self, ctx: object) -> list[str]:
        return [*_COMMANDS]

    @override
    def get_command(self, ctx: object, cmd_name: str) -> TyperCommand | TyperGroup | None:
        if cmd_name not in _COMMANDS:
            return None
        found = getattr(import_module(f"pipeline.cli.{cmd_name}"), _COMMANDS[cmd_name])
        if not isinstance(found, typer.Typer):
            one = typer.Typer(add_completion=False)
            one.command(cmd_name)(found)
            found = one
        command = typer.main.get_command(found)
        assert isinstance(command, TyperCommand | TyperGroup)  # noqa: S101 - what Typer makes
        command.name = cmd_name
        return command


app = typer.Typer(
    name="imprimatur",
    cls=Apart,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,  # its frames show local variables, which hold content
)


@app.callback()
def begin(ctx: typer.Context, data_dir: DataDir = Path("var")) -> None:
    """Let it be printed: a gateway that reads every prompt and looks at every picture.

    Every command has --json, and says on stderr what to change when it fails.

    Exit codes: 0 done, or it is so; 1 refused, or it is not so; 2 it could not be done.

    Examples:
      imprimatur serve --sandbox
      imprimatur audit verify
      imprimatur --data-dir /srv/imprimatur review list
    """
    ctx.obj = data_dir


def main() -> None:
    """Run the command line."""
    gc.set_threshold(50_000, 20, 20)  # to look for garbage in what is imported takes half a second
    app()
