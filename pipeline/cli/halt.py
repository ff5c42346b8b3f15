"""The kill switch: one person halts, at once."""

from typing import Annotated

import typer

from pipeline.cli import operator
from pipeline.cli.context import data_dir_of
from pipeline.cli.operator import PersonName, person_or_login
from pipeline.cli.output import AsJson, say, say_json, stop


def halt(
    ctx: typer.Context,
    reason: Annotated[str, typer.Option(help="Why; it is kept in the log. Required.")],
    everything: Annotated[bool, typer.Option("--all", help="Halt everything.")] = False,
    tenant: Annotated[
        str, typer.Option(metavar="ID", help="Halt a tenant; with --subject: whose subject.")
    ] = "",
    subject: Annotated[
        str, typer.Option(metavar="PSEUDONYM", help="Halt one subject of --tenant.")
    ] = "",
    route: Annotated[
        str, typer.Option(metavar="PATH", help="Halt a route, as /ai/generate-image.")
    ] = "",
    model: Annotated[str, typer.Option(metavar="ID", help="Halt a model.")] = "",
    engine: Annotated[str, typer.Option(metavar="NAME", help="Halt an engine, as novelai.")] = "",
    tier: Annotated[str, typer.Option(metavar="NAME", help="Halt a tier, as adult.")] = "",
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Stop generations, deliveries and approvals, from now on and after every restart.

    Name one thing. What was on its way upstream and comes back is held; what is asked for is
    answered with 503. Two people lift it: `imprimatur halts lift`.

    Exits with 0, 1 (there is nothing of that name), 2 (it could not be done: look at once).

    Examples:
      imprimatur halt --all --reason "incident 12"
      imprimatur halt --tenant harbour --reason "their keys leaked"
      imprimatur halt --tenant harbour --subject u-17 --reason "under investigation"
    """
    named = {
        "all": "all" if everything else "",
        "tenant": "" if subject else tenant,
        "subject": subject,
        "route": route,
        "model": model,
        "engine": engine,
        "tier": tier,
    }
    chosen = [(scope, value) for scope, value in named.items() if value]
    if len(chosen) != 1:
        stop("name one thing to halt: --all, --tenant, --subject, --route, --model, --engine, …")
    [(scope, value)] = chosen
    body = {
        "scope": scope,
        "value": "" if everything else value,
        "subject_of": tenant if subject else "",
        "reason": reason,
        "person": person_or_login(person),
    }
    placed = operator.ask(data_dir_of(ctx), "POST", "/halts", body)
    if as_json:
        say_json(placed)
    else:
        say(f"halted: {scope}; two people lift it: imprimatur halts lift {placed['id']}")
