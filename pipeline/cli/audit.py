"""The audit log: verify it, read it, prove an entry of it to anybody.

All but `detail` only read the file, beside a running server or without one; `verify` and
`check-proof` need nothing of this installation but what they are given.
"""

import json
import sqlite3
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

from audit.anchors import Anchors
from audit.export.findings import ExportReport
from audit.leaf import Leaf
from audit.proof import Proof
from audit.report import Report
from audit.store import Row
from audit.tables import edge_of, rows
from audit.verify import verify_any
from pipeline.cli import operator
from pipeline.cli.context import data_dir_of
from pipeline.cli.erasure import erase, erasures, hold
from pipeline.cli.export import export
from pipeline.cli.log_database import copy, migrate
from pipeline.cli.logfile import LOG, MOMENT_SECONDS, Key, read_key, read_text, reading, require_log
from pipeline.cli.operator import PersonName, person_or_login
from pipeline.cli.output import (
    REFUSED,
    AsJson,
    note,
    plain,
    plain_lines,
    say,
    say_json,
    say_table,
    told,
)
from pipeline.cli.outside import (
    ANCHORS,
    AnchorsFile,
    StampCertificates,
    WitnessKeys,
    checkpoint,
    outsiders,
    rotate,
)
from pipeline.cli.outside import witness as ask_witnesses
from pipeline.cli.proofs import EntryId, check_proof, prove
from pipeline.cli.showing import show
from pipeline.cli.verifier import verifier

app = typer.Typer(help="Verify, read and prove the audit log.", no_args_is_help=True)

_FOLLOW_SECONDS = 0.5
_BATCH = 256
_LOOKS = 3


@app.command()
def verify(
    ctx: typer.Context,
    path: Annotated[
        Path | None, typer.Argument(help="The log's file, or a copy of it, or an export.")
    ] = None,
    vkey: Key = "",
    known: Annotated[
        list[Path] | None,
        typer.Option(
            "--known",
            "--known-checkpoint",
            help="A file with a checkpoint that you kept; can be repeated.",
        ),
    ] = None,
    receipt: Annotated[
        list[Path] | None,
        typer.Option(help="A file with a proof that you kept (audit prove); can be repeated."),
    ] = None,
    anchors: AnchorsFile = None,
    witness: WitnessKeys = None,
    stamps: StampCertificates = None,
    as_json: AsJson = False,
) -> None:
    """Verify a log or an export offline: every entry hashed again, every signature checked.

    It also says what it does not prove. Checkpoints that were kept elsewhere
    (each answer has one, in X-Audit-Checkpoint) show that nothing was cut off;
    a receipt, that its entry is the one it was, also where its shard was dropped.
    So do witnesses and time stamps, if you name whom of them you trust.

    Exits with 0 (everything checked holds), 1 (problems), 2 (it cannot be checked).

    Examples:
      imprimatur audit verify
      imprimatur audit verify copy.db --vkey log.vkey --known kept.txt
      imprimatur audit verify copy.db --vkey log.vkey --receipt it.proof
      imprimatur audit verify october.zip --vkey log.vkey
      imprimatur audit verify --witness witness.vkey --stamps tsa.pem
      imprimatur audit verify --json
    """
    if anchors is None and path is None:
        anchors = data_dir_of(ctx) / ANCHORS
    path = path or data_dir_of(ctx) / LOG
    with told():
        key = read_key(ctx, vkey)
        checkpoints = [read_text(each) for each in known or ()]
        receipts = [Proof.parse(read_text(each)) for each in receipt or ()]
        if not path.is_dir():
            require_log(path)
        with _bar() as watch:
            report = _verified(
                partial(
                    verify_any,
                    path,
                    key.write(),
                    known_checkpoints=checkpoints,
                    receipts=receipts,
                    anchors=Anchors(anchors).all(key.name) if anchors else (),
                    trusted=outsiders(witness or (), stamps),
                    watch=watch,
                )
            )
    typer.echo(report.as_json() if as_json else plain_lines(report.as_text()))
    if not report.ok:
        raise typer.Exit(REFUSED)


@app.command()
def tail(
    ctx: typer.Context,
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many entries.")] = 20,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with new ones until interrupted.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the newest entries, oldest first: index, time, kind, submission, action, code.

    With --follow each entry is a line; with --json too, a JSON object on a line.

    Exits with 0, or 2 (the log cannot be read).

    Examples:
      imprimatur audit tail -n 50
      imprimatur audit tail --follow
    """
    with reading(data_dir_of(ctx) / LOG) as connection:
        size = edge_of(connection).size
        found = rows(connection, max(0, size - count), min(size, count))
        if follow:
            _follow(connection, found, size, _json_line if as_json else _line)
        elif as_json:
            say_json({"size": size, "entries": [_entry(row) for row in found]})
        else:
            titles = ["index", "time", "kind", "submission", "action", "code"]
            say_table(titles, map(_cells, found), "The log is empty.")


app.command()(show)
app.command()(prove)
app.command("check-proof")(check_proof)
app.command()(copy)
app.command()(export)
app.command()(migrate)
app.command()(verifier)
app.command()(checkpoint)
app.command("witness")(ask_witnesses)
app.command()(rotate)
app.command()(erase)
app.command()(erasures)
app.add_typer(hold, name="hold")


@app.command()
def detail(
    ctx: typer.Context, entry_id: EntryId, person: PersonName = "", as_json: AsJson = False
) -> None:
    """Show what lies encrypted beside an entry: rules, scores, findings, personal fields.

    Before anything is shown, an entry says that you looked.

    Exits with 0, 1 (no such entry, no detail, or erased), 2 (it could not be asked).

    Examples:
      imprimatur audit detail 5f0c2f1e-93a3-5d6e-8f7b-0a4c41d2b0aa --json
      imprimatur audit detail 5f0c2f1e-93a3-5d6e-8f7b-0a4c41d2b0aa --person Ada
    """
    who = {"person": person_or_login(person)}
    opened = operator.ask(data_dir_of(ctx), "POST", f"/audit/{entry_id}/detail", who)
    if as_json:
        say_json({"id": str(entry_id), **opened})
        return
    say_table(["personal field", "value"], opened["personal"].items(), "No personal fields.")
    for line in json.dumps(opened["detail"], indent=2).splitlines():
        say(line)
    note(f"the log says that {who['person']} has seen this")


@contextmanager
def _bar() -> Generator[Callable[[int, int], None]]:
    """Show on stderr, if that is a terminal, how many entries were hashed again."""
    console = Console(stderr=True)
    columns = (BarColumn(bar_width=32), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, size: bar.update(task, completed=done, total=size)


def _verified(verify: Callable[[], Report | ExportReport]) -> Report | ExportReport:
    """Verify; look again if all that is wrong is that the last entries are not signed.

    A running server writes their signature into the file a moment after them.
    """
    report = verify()
    for _ in range(_LOOKS):
        if isinstance(report, ExportReport) or report.unsigned == 0 or report.problem_count > 1:
            break
        time.sleep(MOMENT_SECONDS)
        report = verify()
    return report


def _follow(
    connection: sqlite3.Connection, found: Sequence[Row], shown: int, write: Callable[[Row], str]
) -> None:
    """Print a line for each entry, and wait for more, until interrupted."""
    try:
        while True:
            for row in found:
                typer.echo(write(row))
            size = edge_of(connection).size
            found = rows(connection, shown, min(size - shown, _BATCH))
            shown += len(found)
            if not found:
                time.sleep(_FOLLOW_SECONDS)
    except KeyboardInterrupt:
        return


def _entry(row: Row) -> dict[str, Any]:
    return {"index": row.index, **json.loads(row.leaf)}


def _json_line(row: Row) -> str:
    return json.dumps(_entry(row))


def _line(row: Row) -> str:
    index, at, kind, submission, action, code = map(plain, _cells(row))
    return f"{index:>8}  {at}  {kind:<10}  {submission:<36}  {action:<18}  {code}"


def _cells(row: Row) -> list[object]:
    leaf = Leaf.parse(row.leaf)
    public = [leaf.public.get(name) for name in ("submission", "action", "code")]
    return [row.index, leaf.at, leaf.kind.value, *public]
