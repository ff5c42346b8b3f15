"""Erasure and legal holds: what is to be gone, and what must not."""

from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console

from pipeline.cli import operator
from pipeline.cli.context import data_dir_of
from pipeline.cli.operator import PersonName, part, person_or_login
from pipeline.cli.output import (
    REFUSED,
    AsJson,
    note,
    say,
    say_json,
    say_pairs,
    say_table,
)

hold = typer.Typer(help="Place, lift and list legal holds.", no_args_is_help=True)

TenantName = Annotated[str, typer.Option(help="Whose users they are.")]
SubjectName = Annotated[str, typer.Option(help="The tenant's id of the person.")]
Why = Annotated[str, typer.Option(help="Why; it is kept in the log, encrypted.")]


def erase(
    ctx: typer.Context,
    tenant: TenantName,
    ground: Annotated[str, typer.Option(help="On which ground, a code such as gdpr-17.")],
    subject: SubjectName = "",
    submission: Annotated[
        list[UUID] | None, typer.Option(help="One submission; can be repeated.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    r"""Erase what was made of a person's requests, or of some: log details, pictures, likeness.

    An entry says so; no proof breaks by it. What is under a legal hold, in custody or
    not at its end is kept back, and erased once it may be. It is complete, in backups
    too, when the period ends: see `audit erasures`, `retention end-period`.

    Exits with 0, 1 (nothing known of it, or all of it is kept back), 2 (it could not be done).

    Examples:
      imprimatur audit erase --tenant harbour --subject u1 --ground gdpr-17 --dry-run
      imprimatur audit erase --tenant harbour --subject u1 --ground gdpr-17 --person Ada
      imprimatur audit erase --tenant harbour --ground mistake \
        --submission 5f0c2f1e-93a3-5d6e-8f7b-0a4c41d2b0aa
    """
    asked = {
        "tenant": tenant,
        "subject": subject or None,
        "submissions": [*map(str, submission or ())],
        "ground": ground,
        "dry_run": dry_run,
        "person": person_or_login(person),
    }
    with Console(stderr=True).status("looking for what is meant"):
        found = operator.ask(data_dir_of(ctx), "POST", "/erasures", asked)
    if as_json:
        say_json(found)
    else:
        _say_found(found, dry_run=dry_run)
    if found["refused"]:
        raise typer.Exit(REFUSED)


def erasures(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List erasures: what of each still waits, and when it was complete.

    One is complete when nothing of it waits, and a period of the detail keys ended after it:
    until then a backup of the database, with a copy of the old key, still opens what is gone.

    Exits with 0, or 2 (it could not be asked).

    Examples:
      imprimatur audit erasures
      imprimatur audit erasures --json
    """
    found = operator.ask(data_dir_of(ctx), "GET", "/erasures")
    if as_json:
        say_json({"erasures": found})
        return
    columns = ("id", "tenant", "of", "ground", "ordered_at", "details", "waiting", "completed_at")
    titles = ["erasure", "tenant", "of", "ground", "ordered", "details", "waiting", "complete"]
    say_table(titles, [[each[name] for name in columns] for each in found], "Nothing was erased.")


@hold.command()
def place(
    ctx: typer.Context,
    tenant: TenantName,
    reason: Why,
    subject: SubjectName = "",
    submission: Annotated[UUID | None, typer.Option(help="Only this submission.")] = None,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    r"""Keep a submission, all of a person's, or all of a tenant's, until the hold is lifted.

    Nothing under it is erased or destroyed, however old it is and whoever asks.

    Exits with 0, 1 (no such tenant or submission), 2 (it could not be placed).

    Examples:
      imprimatur audit hold place --tenant harbour --subject u1 --reason "court 7, file 12"
      imprimatur audit hold place --tenant harbour --reason "audit of 2026"
      imprimatur audit hold place --tenant harbour --reason "court 7" \
        --submission 5f0c2f1e-93a3-5d6e-8f7b-0a4c41d2b0aa --person Ada
    """
    asked = {
        "tenant": tenant,
        "subject": subject or None,
        "submission": None if submission is None else str(submission),
        "reason": reason,
        "person": person_or_login(person),
    }
    placed = operator.ask(data_dir_of(ctx), "POST", "/legal-holds", asked)
    if as_json:
        say_json(placed)
    else:
        say_pairs(placed)


@hold.command()
def lift(
    ctx: typer.Context,
    known_as: Annotated[UUID, typer.Argument(metavar="HOLD", help="The hold's id.")],
    reason: Why,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """End a legal hold. What was kept back because of it is erased, or destroyed, at its turn.

    Exits with 0, 1 (there is none of this id that stands), 2 (it could not be lifted).

    Examples:
      imprimatur audit hold lift 5f0c2f1e-93a3-5d6e-8f7b-0a4c41d2b0aa --reason "case closed"
    """
    asked = {"reason": reason, "person": person_or_login(person)}
    path = f"/legal-holds/{part(known_as)}/lift"
    lifted = operator.ask(data_dir_of(ctx), "POST", path, asked)
    if as_json:
        say_json(lifted)
    else:
        say(f"{lifted['id']} is lifted")


@hold.command("list")
def list_(
    ctx: typer.Context,
    lifted: Annotated[bool, typer.Option("--lifted", help="Those that ended, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the legal holds that stand, oldest first.

    Exits with 0, or 2 (it could not be asked).

    Examples:
      imprimatur audit hold list
      imprimatur audit hold list --lifted --json
    """
    found = operator.ask(
        data_dir_of(ctx), "GET", f"/legal-holds?lifted={'true' if lifted else 'false'}"
    )
    if as_json:
        say_json({"holds": found})
        return
    columns = ("id", "tenant", "over", "submission", "placed_at", "placed_by", "lifted_at")
    titles = ["hold", "tenant", "over", "submission", "placed", "by", "lifted"]
    say_table(titles, [[each[name] for name in columns] for each in found], "Nothing is held.")


def _say_found(found: dict[str, Any], *, dry_run: bool) -> None:
    said = {
        "erasure": found["id"],
        "things": found["things"],
        "details of the log": found["details"],
        **{f"kept back, {why}": count for why, count in found["kept"].items()},
    }
    say_pairs(said)
    if found["refused"]:
        note("refused: all of it is kept back now; it is taken up again once it may be erased")
    elif dry_run:
        note("nothing was done: leave out --dry-run to do it")
    else:
        note("complete when the period ends: `imprimatur audit erasures` says when")
