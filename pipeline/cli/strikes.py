"""Whose strikes count, and taking them back."""

from typing import Annotated

import typer

from pipeline.cli import operator
from pipeline.cli.context import data_dir_of
from pipeline.cli.operator import PersonName, part, person_or_login
from pipeline.cli.output import AsJson, say, say_json, say_table

app = typer.Typer(help="List end users with strikes, and take them back.", no_args_is_help=True)

Tenant = Annotated[str, typer.Option(help="Whose end users.")]
_COLUMNS = ("subject", "step", "until", "strikes", "codes", "newest")


@app.command("list")
def list_(ctx: typer.Context, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """List a tenant's end users with strikes that count, by fingerprint.

    What a strike is, and what follows from it: docs/enforcement.md.

    Exits with 0, or 2 (it could not be asked).

    Examples:
      imprimatur strikes list
      imprimatur strikes list --tenant harbour --json
    """
    found = operator.ask(data_dir_of(ctx), "GET", f"/strikes/{part(tenant)}")
    if as_json:
        say_json({"subjects": found})
        return
    titles = ["end user", "restricted", "until", "strikes", "codes", "newest"]
    say_table(titles, [[one[name] for name in _COLUMNS] for one in found], "No strikes count.")


@app.command()
def lift(
    ctx: typer.Context,
    subject: Annotated[
        str, typer.Argument(metavar="SUBJECT", help="The tenant's pseudonym of the end user.")
    ],
    reason: Annotated[str, typer.Option(help="Why; it is kept in the log. Required.")],
    tenant: Tenant = "default",
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Take back all strikes of an end user: what was restricted is free at once.

    What was decided on their requests stays decided. For one decision alone an
    appeal is the way.

    Exits with 0, 1 (nothing counts, or there is no reason), 2 (it could not be done).

    Examples:
      imprimatur strikes lift user-417 --tenant harbour --reason "the account was stolen"
    """
    body = {"subject": subject, "reason": reason, "person": person_or_login(person)}
    answer = operator.ask(data_dir_of(ctx), "POST", f"/strikes/{part(tenant)}/lift", body)
    if as_json:
        say_json(answer)
    else:
        say(f"taken back: {answer['lifted']}")
