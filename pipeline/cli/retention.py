"""Retention: how long details are kept, what is due, and the end of a period."""

from typing import Annotated

import typer
from rich.console import Console

from pipeline.cli import operator
from pipeline.cli.context import data_dir_of
from pipeline.cli.operator import PersonName, person_or_login
from pipeline.cli.output import AsJson, note, say_json, say_pairs, say_table

app = typer.Typer(help="Show and apply how long details are kept.", no_args_is_help=True)

_SHARD = ["number", "first", "size", "closed_at", "due_at", "dropped_at"]


@app.command()
def show(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Show how long the details of each class are kept, since when the period runs, and the shards.

    Exits with 0, or 2 (it could not be asked).

    Examples:
      imprimatur retention show
      imprimatur retention show --json
    """
    shown = operator.ask(data_dir_of(ctx), "GET", "/retention")
    if as_json:
        say_json(shown)
        return
    say_table(["class", "days"], shown["days"].items(), "There are no classes.")
    say_pairs(
        {
            "a period, in days": shown["period_days"],
            "this one since": shown["period_since"],
            "a shard of the log, in days": shown["shard_days"],
            "its entries stay, in days": shown["log_days"],
        }
    )
    rows = [[each[name] for name in _SHARD] for each in shown["shards"]]
    say_table(_SHARD, rows, "No shard of the log was closed yet.")


@app.command()
def run(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what is due.")] = False,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Erase details that are older than their class allows, drop shards; a server does once a day.

    Entries say which. What is under a legal hold, or has not come to its end, is kept
    back; what is in custody is never erased so.

    Exits with 0, or 2 (it could not be done, or not to its end: the next run goes on).

    Examples:
      imprimatur retention run --dry-run
      imprimatur retention run --json
    """
    asked = {"dry_run": dry_run, "person": person_or_login(person)}
    with Console(stderr=True).status("walking through the log"):
        found = operator.ask(data_dir_of(ctx), "POST", "/retention/runs", asked)
    if as_json:
        say_json(found)
        return
    rows = [
        [name, each["due"], sum(each["kept"].values()), [*each["kept"]]]
        for name, each in found["classes"].items()
    ]
    titles = ["class", "due" if dry_run else "erased", "kept back", "because of"]
    say_table(titles, rows, "There are no classes.")
    shards = found["shards"]
    say_pairs(
        {
            "shards of the log that were due": shards["due"],
            "entries that went": shards["entries"],
            "kept by a legal hold": shards["held"],
        }
    )
    if dry_run:
        note("nothing was done: leave out --dry-run to do it")


@app.command("end-period")
def end_period(ctx: typer.Context, person: PersonName = "", as_json: AsJson = False) -> None:
    """End the period of the detail keys now: what was erased before is gone in backups too.

    The keys of all that lives are wrapped under a new key, and the old one is destroyed.
    Then make a new backup of keys/, and destroy the older ones.

    Exits with 0, or 2 (it could not be done: nothing is lost, ask again).

    Examples:
      imprimatur retention end-period --person Ada
      imprimatur retention end-period --json
    """
    asked = {"person": person_or_login(person)}
    with Console(stderr=True).status("wrapping the keys of what lives"):
        ended = operator.ask(data_dir_of(ctx), "POST", "/retention/periods", asked)
    if as_json:
        say_json(ended)
        return
    say_pairs(
        {
            "keys of details that live": ended["kept"],
            "period keys destroyed": ended["destroyed"],
            "erasures completed": ended["erasures_completed"],
            "entries": f"{ended['opened']} and {ended['closed']}",
        }
    )
    note("back up keys/ now, and destroy its older backups: they hold the key that is gone here")
