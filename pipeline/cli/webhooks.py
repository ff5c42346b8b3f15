"""Where tenants are told what happened, and what none of them took."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

import typer

from pipeline.cli import operator
from pipeline.cli.context import data_dir_of
from pipeline.cli.operator import PersonName, person_or_login
from pipeline.cli.output import AsJson, say, say_json, say_table

app = typer.Typer(help="Tell tenants at their own addresses.", no_args_is_help=True)

_COLUMNS = ("id", "tenant", "kind", "state", "tries", "answer", "created_at", "next_try")

Tenant = Annotated[str, typer.Option("--tenant", help="Only what this tenant is told.")]


@app.command("set")
def set_(
    ctx: typer.Context,
    tenant: Annotated[str, typer.Argument(metavar="TENANT", help="Who is told.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="Where: https, on the internet.")],
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Tell a tenant at an address from now on; a new secret is shown, once.

    Exits with 0, 1 (there is no such tenant), 2 (it cannot be that address, or could not be done).

    Examples:
      imprimatur webhooks set harbour https://harbour.example/hooks/imprimatur
    """
    body = {"url": url, "person": person_or_login(person)}
    path = f"/webhooks/{operator.part(tenant)}"
    answer = operator.ask(data_dir_of(ctx), "PUT", path, body)
    if as_json:
        say_json(answer)
    else:
        say(f"secret of {tenant!r}, shown once: {answer['secret']}")


@app.command("list")
def list_(ctx: typer.Context, tenant: Tenant = "", as_json: AsJson = False) -> None:
    """List what tenants were told of late, newest first.

    Exits with 0, or 2 (it could not be asked).

    Examples:
      imprimatur webhooks list --tenant harbour
    """
    _list(ctx, tenant, "", as_json=as_json)


@app.command()
def dead(ctx: typer.Context, tenant: Tenant = "", as_json: AsJson = False) -> None:
    """List what was tried for a day and nobody took.

    Exits with 0, or 2 (it could not be asked).

    Examples:
      imprimatur webhooks dead
    """
    _list(ctx, tenant, "dead", as_json=as_json)


@app.command()
def retry(
    ctx: typer.Context,
    webhook: Annotated[
        UUID | None, typer.Argument(metavar="[WEBHOOK]", help="Only this one; else all.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Try again what is dead.

    Exits with 0, 1 (there is no such webhook, or it is not dead), 2 (it could not be done).

    Examples:
      imprimatur webhooks retry
      imprimatur webhooks retry 5f0c2f1e-93a3-4d6e-8f7b-0a4c41d2b0aa
    """
    body = {"id": None if webhook is None else str(webhook)}
    answer = operator.ask(data_dir_of(ctx), "POST", "/webhooks/retry", body)
    if as_json:
        say_json(answer)
    else:
        say(f"{answer['retried']} will be tried again")


def _list(ctx: typer.Context, tenant: str, state: str, *, as_json: bool) -> None:
    wanted = {"tenant": tenant, "state": state}
    query = urlencode({name: value for name, value in wanted.items() if value})
    told = operator.ask(data_dir_of(ctx), "GET", f"/webhooks?{query}")
    if as_json:
        say_json({"webhooks": told})
        return
    titles = ["webhook", "tenant", "kind", "state", "tries", "answer", "since", "next try"]
    rows = [[each[column] for column in _COLUMNS] for each in told]
    say_table(titles, rows, "There are none.")
