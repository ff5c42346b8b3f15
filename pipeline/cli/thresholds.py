"""Thresholds that fit what people can look at."""

from typing import Annotated

import typer

from pipeline.cli import operator
from pipeline.cli.context import data_dir_of
from pipeline.cli.output import REFUSED, AsJson, note, say, say_json, say_table
from pipeline.cli.quality import First, Last, Whose, period, share

app = typer.Typer(help="Suggest thresholds from what people said.", no_args_is_help=True)


@app.callback()
def thresholds() -> None:
    """Suggest thresholds from what people said."""


@app.command()
def suggest(
    ctx: typer.Context,
    signal: Annotated[str, typer.Option(help="The signal (image.gore).")],
    holds_per_day: Annotated[float, typer.Option(help="How many holds people can look at.")],
    first: First,
    last: Last,
    tenant: Whose = "",
    as_json: AsJson = False,
) -> None:
    """Suggest the lowest threshold of a signal whose holds fit what people can look at.

    Holds are predicted from the random sample of everything that was let go or held, precision and
    recall from what people said of it blindly; each with its 95 % interval. The upper end of the
    holds has to fit. Nothing is changed: a threshold is a rule of a policy set.

    Exits with 0, 1 (nothing is suggested: it says why), 2 (it could not be asked).

    Examples:
      imprimatur thresholds suggest --signal image.gore --holds-per-day 40 --from 2026-11-01 \
        --to 2026-11-30
    """
    asked = period(first, last) | {"tenant": tenant, "signal": signal, "budget": holds_per_day}
    found = operator.ask(data_dir_of(ctx), "POST", "/quality/thresholds", asked)
    if as_json:
        say_json(found)
    else:
        rows = [
            (
                f"{each['threshold']:.3f}",
                f"{each['holds_a_day']:.1f} (to {each['most_holds_a_day']:.1f})",
                share(each["precision"]),
                share(each["recall"]),
            )
            for each in found["steps"]
        ]
        say_table(("threshold", "holds a day", "precision", "recall"), rows, "")
        if found["threshold"] is not None:
            say(f"suggested: {found['threshold']:.3f}")
    if found["threshold"] is None:
        note(f"nothing is suggested: {found['why_not']}")
        raise typer.Exit(REFUSED)
