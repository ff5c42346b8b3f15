"""The `imprimatur` command."""

from pathlib import Path

import typer

from pipeline.cli import audit, banks, dsa, keys, policies, review, tenants, terms
from pipeline.cli.context import DataDir
from pipeline.cli.demo import demo
from pipeline.cli.examine import examine
from pipeline.cli.sandbox import sandbox
from pipeline.cli.screen import screen
from pipeline.cli.serve import serve

app = typer.Typer(
    name="imprimatur",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its frames show local variables, which hold content
)
app.command()(serve)
app.command()(sandbox)
app.command()(demo)
app.command()(screen)
app.command()(examine)
app.add_typer(audit.app, name="audit")
app.add_typer(dsa.app, name="dsa")
app.add_typer(policies.app, name="policies")
app.add_typer(review.app, name="review")
app.add_typer(tenants.app, name="tenants")
app.add_typer(keys.app, name="keys")
app.add_typer(terms.app, name="terms")
app.add_typer(banks.app, name="banks")


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
    app()
