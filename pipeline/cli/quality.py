"""What blind checks say of people and of classifiers, on the command line."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from pipeline.cli import operator
from pipeline.cli.context import data_dir_of
from pipeline.cli.output import AsJson, say, say_json, say_table, stop

First = Annotated[datetime, typer.Option("--from", help="The first day (2026-11-01), in UTC.")]
Last = Annotated[datetime, typer.Option("--to", help="The last day.")]
Whose = Annotated[str, typer.Option("--tenant", help="Only of this platform.")]


def quality(
    ctx: typer.Context, first: First, last: Last, tenant: Whose = "", as_json: AsJson = False
) -> None:
    """Show what blind checks of a time say: agreement, and each classifier against people.

    Shares and kappas come with their 95 % intervals. `--json` is what
    `imprimatur dsa transparency --quality` takes.

    Exits with 0, or 2 (it could not be asked).

    Examples:
      imprimatur quality --from 2026-11-01 --to 2026-11-30
      imprimatur quality --from 2026-01-01 --to 2026-12-31 --tenant harbour --json
    """
    asked = period(first, last) | {"tenant": tenant}
    found = operator.ask(data_dir_of(ctx), "POST", "/quality", asked)
    if as_json:
        say_json(found)
        return
    say(f"{found['checked']} of {found['drawn']} samples were checked")
    rows = [
        (each["classifier"], *(share(each[name]) for name in ("precision", "recall")))
        for each in found["classifiers"]
    ]
    say_table(("classifier", "precision", "recall"), rows, "No classifier was checked.")
    kappas = {"all": found["agreement"], **found["by_code"], **found["by_person"]}
    agreed = [
        (name, each["pairs"], _interval(each)) for name, each in kappas.items() if each["pairs"]
    ]
    say_table(("agreement of", "pairs", "kappa"), agreed, "Nobody decided the same as another.")
    right = [(person, share(each)) for person, each in found["golden"].items()]
    say_table(("golden items", "as agreed"), right, "No golden item was answered.")


def period(first: datetime, last: datetime) -> dict[str, object]:
    """Return whole days, as the routes take them."""
    if last < first:
        stop("--from, --to: expected them in this order")
    begin, end = (
        datetime(each.year, each.month, each.day, tzinfo=UTC)
        for each in (first, last + timedelta(days=1))
    )
    return {"since": begin.isoformat(), "until": end.isoformat()}


def share(found: Mapping[str, Any]) -> str:
    """Say a share with its interval."""
    return f"{_interval(found)}, {found['count']} of {found['of']}" if found["of"] else "-"


def _interval(found: Mapping[str, Any]) -> str:
    if found["value"] is None:
        return "says nothing"
    low, high = found["interval"]
    return f"{found['value']:.2f} ({low:.2f} to {high:.2f})"
