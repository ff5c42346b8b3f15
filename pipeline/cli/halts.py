"""What is halted, and how two people let it go on."""

from typing import Annotated
from uuid import UUID

import typer

from pipeline.cli import operator
from pipeline.cli.context import data_dir_of
from pipeline.cli.operator import PersonName, person_or_login
from pipeline.cli.output import AsJson, say, say_json, say_table

app = typer.Typer(help="List what is halted, and lift it, by two people.", no_args_is_help=True)

_COLUMNS = ("id", "scope", "value", "tenant", "person", "placed_at", "lifting", "reason")


@app.command("list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List what is halted, oldest first; of a subject, its fingerprint.

    Exits with 0, or 2 (it could not be asked).

    Examples:
      imprimatur halts list
      imprimatur halts list --json
    """
    standing = operator.ask(data_dir_of(ctx), "GET", "/halts")
    if as_json:
        say_json({"halts": standing})
        return
    titles = ["halt", "what", "which", "of tenant", "by", "since", "lifting", "reason"]
    rows = [[halt[column] for column in _COLUMNS] for halt in standing]
    say_table(titles, rows, "Nothing is halted.")


@app.command()
def lift(
    ctx: typer.Context,
    halt: Annotated[UUID, typer.Argument(metavar="HALT", help="The halt's id.")],
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Ask to lift a halt; the second person to ask lifts it.

    What was held meanwhile is looked at again by machine, and goes on from where it stopped.

    Exits with 0, 1 (there is no such halt, or you have asked before), 2 (it could not be done).

    Examples:
      imprimatur halts lift 5f0c2f1e-93a3-4d6e-8f7b-0a4c41d2b0aa --person ana
    """
    body = {"person": person_or_login(person)}
    answer = operator.ask(data_dir_of(ctx), "POST", f"/halts/{halt}/lift", body)
    if as_json:
        say_json(answer)
    else:
        say("lifted" if answer["lifted"] else "asked for: now a second person has to lift it")
