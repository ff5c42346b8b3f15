"""Review: what is held, and a person's ruling on it. Facts only, never pixels."""

import json
from typing import Annotated
from uuid import UUID

import typer

from pipeline.cli import operator
from pipeline.cli.context import data_dir_of
from pipeline.cli.operator import PersonName, person_or_login
from pipeline.cli.output import AsJson, say, say_json, say_pairs, say_table

app = typer.Typer(help="List what is held, and rule on it.", no_args_is_help=True)

HoldId = Annotated[UUID, typer.Argument(metavar="HOLD", help="The hold's id.")]
WhyRuled = Annotated[str, typer.Option(help="Why; it is kept in the log. Required.")]

_COLUMNS = ("id", "tenant", "stage", "index", "cause", "code", "opened_at", "expires_at")


@app.command("list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List what waits for a ruling, oldest first. What expires is withheld, never released.

    Exits with 0, or 2 (it could not be asked).

    Examples:
      imprimatur review list
      imprimatur review list --json
    """
    holds = operator.ask(data_dir_of(ctx), "GET", "/holds")
    if as_json:
        say_json({"holds": holds})
        return
    titles = ["hold", "tenant", "stage", "sample", "cause", "code", "opened", "expires"]
    rows = [[hold[column] for column in _COLUMNS] for hold in holds]
    say_table(titles, rows, "Nothing is held.")


@app.command()
def show(ctx: typer.Context, hold: HoldId, as_json: AsJson = False) -> None:
    """Show why something is held: rules, codes and scores, never the prompt or the picture.

    Exits with 0, 1 (there is no such hold), 2 (it could not be asked).

    Examples:
      imprimatur review show 5f0c2f1e-93a3-5d6e-8f7b-0a4c41d2b0aa
    """
    shown = operator.ask(data_dir_of(ctx), "GET", f"/holds/{hold}")
    if as_json:
        say_json(shown)
        return
    facts = shown.pop("facts")
    say_pairs(shown)
    say_table(
        ["fact", "value"],
        [(name, _fact(value)) for name, value in sorted(facts.items())],
        "Nothing more is known.",
    )


@app.command()
def approve(
    ctx: typer.Context,
    hold: HoldId,
    reason: WhyRuled,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Approve what is held. Banks and policies judge it once more before anything opens.

    Exits with 0 (it went on: the outcome is printed), 1 (there is no such hold, or it is closed,
    expired or beyond any ruling), 2 (it could not be asked).

    Examples:
      imprimatur review approve 5f0c2f1e-93a3-5d6e-8f7b-0a4c41d2b0aa --reason "a harbour wall"
    """
    _rule(ctx, hold, approves=True, reason=reason, person=person, as_json=as_json)


@app.command()
def reject(
    ctx: typer.Context,
    hold: HoldId,
    reason: WhyRuled,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Reject what is held: it is withheld for good.

    Exits with 0, 1 (there is no such hold, or it is closed or expired), 2 (it could not be asked).

    Examples:
      imprimatur review reject 5f0c2f1e-93a3-5d6e-8f7b-0a4c41d2b0aa --reason "a listed picture"
    """
    _rule(ctx, hold, approves=False, reason=reason, person=person, as_json=as_json)


def _rule(
    ctx: typer.Context, hold: UUID, *, approves: bool, reason: str, person: str, as_json: bool
) -> None:
    body = {"person": person_or_login(person), "approves": approves, "reason": reason}
    ruled = operator.ask(data_dir_of(ctx), "POST", f"/holds/{hold}/ruling", body)
    if as_json:
        say_json(ruled)
    else:
        say(f"{'approved' if approves else 'rejected'} {hold}: {ruled['outcome']}")


def _fact(value: object) -> object:
    return json.dumps(value) if isinstance(value, dict | list) else value
