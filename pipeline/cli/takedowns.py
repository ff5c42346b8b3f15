"""Notices to take something down: what came, by when it has to be decided, and what was."""

from typing import Annotated
from uuid import UUID

import typer

from pipeline.cli import operator
from pipeline.cli.context import data_dir_of
from pipeline.cli.operator import PersonName, person_or_login
from pipeline.cli.output import AsJson, say, say_json, say_table
from pipeline.duties.takedown.intake import Element
from pipeline.store.takedowns import NoticeKind, Taken

app = typer.Typer(help="Notices to take something down, with their clocks.", no_args_is_help=True)

NoticeId = Annotated[UUID, typer.Argument(metavar="NOTICE", help="The notice's id.")]
Has = Annotated[
    list[Element] | None, typer.Option("--has", help="What the notice has; can be repeated.")
]

_COLUMNS = ("id", "tenant", "kind", "received_at", "due_at", "late", "missing", "hashes")


@app.command()
def add(
    ctx: typer.Context,
    tenant: Annotated[str, typer.Option(help="The platform that it came to.")],
    kind: Annotated[NoticeKind, typer.Option(help="By which law.")],
    has: Has = None,
    hash_: Annotated[
        list[str] | None,
        typer.Option("--hash", help="Of a depiction, as sha256:HEX (md5, sha1, pdq)."),
    ] = None,
    generation: Annotated[
        UUID | None, typer.Option(help="The generation that it names, if it came from here.")
    ] = None,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Take a notice. Its clock begins once it has everything that its law asks for.

    The notice itself, and who sent it, stay with the platform. Of depictions only hashes are taken.

    Exits with 0, or 2 (there is no such tenant or generation, a hash is none, or it could not be
    asked).

    Examples:
      imprimatur takedowns add --tenant harbour --kind take-it-down --has signature
        --has identification --has good-faith --has contact --hash sha256:6b86b2...
    """
    body: dict[str, object] = {
        "tenant": tenant,
        "kind": kind,
        "elements": [*(has or ())],
        "hashes": [[*each.partition(":")[::2]] for each in hash_ or ()],
        "submission": None if generation is None else str(generation),
        "person": person_or_login(person),
    }
    taken = operator.ask(data_dir_of(ctx), "POST", "/takedowns", body)
    if as_json:
        say_json(taken)
        return
    due = taken["due_at"]
    missing = ", ".join(taken["missing"])
    say(f"{taken['id']}: {f'to be decided by {due}' if due else f'not whole: {missing}'}")


@app.command("list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the notices that wait for a decision. What is due first comes first.

    Exits with 0, or 2 (it could not be asked).

    Examples:
      imprimatur takedowns list
    """
    found = operator.ask(data_dir_of(ctx), "GET", "/takedowns")
    if as_json:
        say_json({"takedowns": found})
        return
    titles = ["notice", "tenant", "kind", "received", "due", "late", "missing", "hashes"]
    say_table(titles, [[each[c] for c in _COLUMNS] for each in found], "None waits.")


@app.command()
def complete(
    ctx: typer.Context,
    notice: NoticeId,
    has: Has = None,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Say what else of a notice came. The clock begins once all of it is there.

    Exits with 0, 1 (there is no such notice, or it was decided), 2 (it could not be asked).

    Examples:
      imprimatur takedowns complete 5f0c2f1e-93a3-5d6e-8f7b-0a4c41d2b0aa --has signature
    """
    body = {"elements": [*(has or ())], "person": person_or_login(person)}
    done = operator.ask(data_dir_of(ctx), "POST", f"/takedowns/{notice}/elements", body)
    if as_json:
        say_json(done)
    else:
        say(f"{notice}: due {done['due_at'] or 'when it is whole'}")


@app.command()
def decide(
    ctx: typer.Context,
    notice: NoticeId,
    taken: Annotated[Taken, typer.Argument(help="Whether it is taken down.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept in the log. Required.")],
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Decide on a notice. What is taken down joins the tenant's own bank at once.

    From then on whatever matches it is stopped for that tenant. Cut off, the same again goes on.

    Exits with 0, 1 (there is no such notice, it was decided otherwise, or its bank is changed by
    two people), 2 (it could not be asked).

    Examples:
      imprimatur takedowns decide 5f0c2f1e-93a3-5d6e-8f7b-0a4c41d2b0aa down --reason "she is right"
    """
    body = {"taken": taken, "reason": reason, "person": person_or_login(person)}
    done = operator.ask(data_dir_of(ctx), "POST", f"/takedowns/{notice}/decision", body)
    if as_json:
        say_json(done)
    else:
        say(f"{notice}: {done['taken']}; {done['listed']} rows are in its tenant's bank")
