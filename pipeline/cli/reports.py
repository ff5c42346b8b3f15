"""Reports: the cases that wait, and filing one with the child-safety team's key.

The key opens here what is to be filed; it is read from its file, and goes nowhere.
"""

from base64 import b64decode, b64encode
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from pipeline.cli import operator
from pipeline.cli.context import data_dir_of
from pipeline.cli.operator import PersonName, person_or_login
from pipeline.cli.output import REFUSED, AsJson, say, say_json, say_pairs, say_table, stop, told

app = typer.Typer(help="Cases that have to be reported or not, and filing.", no_args_is_help=True)

CaseId = Annotated[UUID, typer.Argument(metavar="CASE", help="The case's id.")]
TeamKey = Annotated[
    Path,
    typer.Option(
        "--key", help="The child-safety team's private key (0600).", exists=True, dir_okay=False
    ),
]
Reason = Annotated[str, typer.Option(help="Why, for the log.")]

_COLUMNS = ("id", "tenant", "code", "standing", "due_at", "late", "answered", "number")
_FILED = {"filed", "tried"}


@app.command("list")
def list_(
    ctx: typer.Context,
    ended: Annotated[
        bool, typer.Option("--ended", help="Those that were filed or closed instead.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the cases that wait for people, or that have ended. What is due first comes first.

    Exits with 0, or 2 (it could not be asked).

    Examples:
      imprimatur reports list
      imprimatur reports list --ended --json
    """
    cases = operator.ask(data_dir_of(ctx), "GET", f"/reports?ended={str(ended).lower()}")
    if as_json:
        say_json({"reports": cases})
        return
    titles = ["case", "tenant", "code", "standing", "due", "late", "answers", "number"]
    say_table(titles, [[case[column] for column in _COLUMNS] for case in cases], "There are none.")


@app.command()
def show(ctx: typer.Context, case: CaseId, as_json: AsJson = False) -> None:
    """Show how far a case came, and each call that was made for it; never what it is about.

    Exits with 0, 1 (there is no such case, or nothing of it is in the quarantine yet), 2 (it
    could not be asked).

    Examples:
      imprimatur reports show 5f0c2f1e-93a3-5d6e-8f7b-0a4c41d2b0aa
    """
    shown = operator.ask(data_dir_of(ctx), "GET", f"/reports/{case}")
    if as_json:
        say_json(shown)
        return
    calls, objects = shown.pop("calls"), shown.pop("objects")
    shown.pop("answers")
    say_pairs(shown)
    rows = [[each["id"], each["picture"], each["viewed"]] for each in objects]
    say_table(["object", "picture", "viewed"], rows, "Nothing is in the quarantine.")
    titles = ["attempt", "call", "begun", "status", "code", "request"]
    columns = ("attempt", "call", "begun_at", "status", "code", "request_id")
    say_table(titles, [[each[c] for c in columns] for each in calls], "No call was made.")


@app.command()
def file(
    ctx: typer.Context, case: CaseId, key: TeamKey, person: PersonName = "", as_json: AsJson = False
) -> None:
    """File a case on which two people agreed. Cut off or refused, the same again goes on.

    Opens what is in the quarantine with the team's key, and has the server file it. To file twice
    is to file once.

    Exits with 0 (it is filed, or went through the service's test), 1 (it is not: why is printed),
    2 (it could not be asked).

    Examples:
      imprimatur reports file 5f0c2f1e-93a3-5d6e-8f7b-0a4c41d2b0aa --key /media/team/team.key
    """
    data_dir = data_dir_of(ctx)
    body = _body(data_dir, case, key, person, "to be filed")
    filed: dict[str, Any] = operator.ask(data_dir, "POST", f"/reports/{case}/filing", body)
    if as_json:
        say_json(filed)
    if filed["standing"] not in _FILED:
        stop(f"{case} stands at {filed['standing']}: it is not filed", REFUSED)
    if not as_json:
        told_as = "went through the service's test, and is not filed"
        done = f"is filed as {filed['number']}" if filed["standing"] == "filed" else told_as
        say(f"{case} {done}")


@app.command()
def pack(
    ctx: typer.Context,
    case: CaseId,
    key: TeamKey,
    out: Annotated[Path, typer.Option("--out", "-o", help="The new file, for you alone (0600).")],
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Write an approved case into a file for a national authority. It is not handed over by that.

    Exits with 0, 1 (it is not approved, or has another route), 2 (it could not be done).

    Examples:
      imprimatur reports pack 5f0c2f1e-93a3-5d6e-8f7b-0a4c41d2b0aa --key team.key -o case.zip
    """
    data_dir = data_dir_of(ctx)
    body = _body(data_dir, case, key, person, "a pack for an authority")
    made = operator.ask(data_dir, "POST", f"/reports/{case}/pack", body)
    with told():
        from pipeline.files import write_once  # noqa: PLC0415 - not for `--help`

        write_once(out, b64decode(made["pack"]))
    if as_json:
        say_json({"id": str(case), "file": str(out)})
    else:
        say(f"{out}: take it to the authority, then run `imprimatur reports handed-over {case}`")


@app.command("handed-over")
def handed_over(
    ctx: typer.Context, case: CaseId, person: PersonName = "", as_json: AsJson = False
) -> None:
    """Say that you took a case's pack to the authority. What it is about is kept for a year.

    Exits with 0, 1 (it is not approved, or has another route), 2 (it could not be asked).

    Examples:
      imprimatur reports handed-over 5f0c2f1e-93a3-5d6e-8f7b-0a4c41d2b0aa
    """
    body = {"person": person_or_login(person)}
    done = operator.ask(data_dir_of(ctx), "POST", f"/reports/{case}/handed-over", body)
    if as_json:
        say_json(done)
    else:
        say(f"{case} was handed over, and is kept until {done['keep_until']}")


@app.command()
def copy(
    ctx: typer.Context,
    case: CaseId,
    key: TeamKey,
    reason: Reason,
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder, for you alone (0700).")],
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Copy what lies in the quarantine of a case out of it, opened. That, and why, is on record.

    For an authority that asks by law. Nothing is shown; each object is a file named by its id.

    Exits with 0, 1 (nothing of it is in the quarantine), 2 (it could not be done).

    Examples:
      imprimatur reports copy 5f0c2f1e-93a3-5d6e-8f7b-0a4c41d2b0aa --key t.key -o it --reason law
    """
    objects = _objects(data_dir_of(ctx), case, key, "copied", reason, person)
    with told():
        from pipeline.files import write_once  # noqa: PLC0415 - not for `--help`

        for name, data in objects.items():
            write_once(out / name, data)
    if as_json:
        say_json({"id": str(case), "files": [str(out / name) for name in objects]})
    else:
        say(f"{out}: {len(objects)} files. The log has who copied them, and why")


@app.command()
def destroy(
    ctx: typer.Context,
    case: CaseId,
    key: TeamKey,
    reason: Reason,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Destroy what lies in the quarantine of a case that was closed, or kept for its year.

    That, and why, is on record before. Nothing brings it back. While a legal hold stands over it,
    it stays (`imprimatur audit hold lift`).

    Exits with 0, 1 (it has to be kept, or there is nothing), 2 (it could not be done).

    Examples:
      imprimatur reports destroy 5f0c2f1e-93a3-5d6e-8f7b-0a4c41d2b0aa --key team.key --reason over
    """
    data_dir = data_dir_of(ctx)
    _objects(data_dir, case, key, "opened", reason, person)  # only whoever has the key destroys
    body = {"person": person_or_login(person), "reason": reason}
    gone = operator.ask(data_dir, "POST", f"/reports/{case}/destruction", body)
    if as_json:
        say_json(gone)
    else:
        say(f"{len(gone['objects'])} objects of {case} are destroyed")


def _body(data_dir: Path, case: UUID, key: Path, person: str, reason: str) -> dict[str, object]:
    """Return who asks, and what belongs to a case, opened with the team's key."""
    objects = _objects(data_dir, case, key, "opened", reason, person)
    encoded = {name: b64encode(data).decode() for name, data in objects.items()}
    return {"person": person_or_login(person), "objects": encoded}


def _objects(
    data_dir: Path, case: UUID, key: Path, act: str, reason: str, person: str
) -> dict[str, bytes]:
    """Open what belongs to a case, by name, once the log has who does, and why.

    What that is, is in no other answer: without an entry nothing is opened. One that a wrong key
    then does not open is on record all the same.
    """
    body = {"person": person_or_login(person), "act": act, "reason": reason}
    noted = operator.ask(data_dir, "POST", f"/reports/{case}/custody", body)
    with told():
        return {name: _opened(data_dir, name, key) for name in noted["objects"]}


def _opened(data_dir: Path, name: str, key: Path) -> bytes:
    """Open one object of the quarantine.

    Raises:
        QuarantineError: it does not open with this key.
    """
    from pipeline.errors import QuarantineError  # noqa: PLC0415 - not for `--help`
    from pipeline.quarantine import open_with, read_private_key  # noqa: PLC0415 - the same

    path = data_dir / "quarantine" / f"{UUID(name)}.sealed"
    try:
        sealed = path.read_bytes()
    except OSError as fault:
        raise QuarantineError("object", "a file in the quarantine", type(fault).__name__) from None
    return open_with(read_private_key(key), sealed).data
