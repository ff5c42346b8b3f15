"""What outsiders remember of the log: its checkpoint, who vouches for it, and the keys under it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from audit.anchors import Anchor, AnchorKind, Anchors
from audit.checkpoint import Checkpoint
from audit.cosignature import WitnessKey, cosigned
from audit.note import Note
from audit.outsiders import Outsiders
from pipeline.cli import operator
from pipeline.cli.context import data_dir_of
from pipeline.cli.logfile import LOG, newest, read_key, read_text, reading
from pipeline.cli.operator import PersonName, person_or_login
from pipeline.cli.output import REFUSED, AsJson, note, say, say_json, say_table, stop, told

ANCHORS = "anchors.db"

AnchorsFile = Annotated[
    Path | None,
    typer.Option(
        "--anchors",
        help="What outsiders said of the log.",
        show_default="anchors.db beside the installation's own log",
    ),
]
WitnessKeys = Annotated[
    list[str] | None,
    typer.Option("--witness", help="The key of a witness you trust, or its file; repeatable."),
]
StampCertificates = Annotated[
    Path | None,
    typer.Option("--stamps", help="PEM: a time-stamp authority's certificate, then those above."),
]


def outsiders(witnesses: Sequence[str], stamps: Path | None) -> Outsiders:
    """Read whom a verifier trusts besides the log.

    Raises:
        MalformedError: something is no witness's key.
        OSError: a file cannot be read.
    """
    lines = [read_text(Path(each)) if Path(each).is_file() else each for each in witnesses]
    keys = tuple(WitnessKey.parse(line.strip()) for line in lines)
    return Outsiders(keys, None if stamps is None else stamps.read_bytes())


def checkpoint(
    ctx: typer.Context,
    vouched: Annotated[
        bool, typer.Option("--cosigned", help="The newest one that a witness cosigned.")
    ] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the log's newest signed checkpoint, with the cosignatures that witnesses put under it.

    Keep one where the gateway's operator cannot change it: `audit verify --known`
    and the setting outside.known_checkpoints hold the log to it.

    Exits with 0, 1 (nobody signed, or cosigned, anything yet), 2 (the log cannot be read).

    Examples:
      imprimatur audit checkpoint -o kept.txt
      imprimatur audit checkpoint --cosigned
    """
    with told():
        found = Anchors(data_dir_of(ctx) / ANCHORS).all(read_key(ctx, "").name)
    cosignatures = [each for each in found if each.kind is AnchorKind.COSIGNATURE]
    if vouched:
        text = cosignatures[-1].checkpoint if cosignatures else ""
    else:
        with reading(data_dir_of(ctx) / LOG) as connection:
            _, text = newest(connection)
    if not text:
        stop("no witness cosigned anything yet" if vouched else "nothing is signed yet", REFUSED)
    under = [each for each in cosignatures if each.checkpoint == text]
    whole = cosigned(text, [each.body for each in under])
    if output is not None:
        with told():
            output.write_text(whole, encoding="utf-8", newline="")
        note(f"wrote {output}")
    if as_json:
        size = Checkpoint.parse(Note.parse(text).text).size
        said = {"size": size, "witnesses": [each.who for each in under], "checkpoint": whole}
        say_json({**said, "anchors": [_row(each) for each in found if each.checkpoint == text]})
    elif output is None:
        typer.echo(whole, nl=False)


def witness(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Ask the witnesses and the time-stamp authority of the settings now, out of their turn.

    What they answer is kept in anchors.db, and `audit verify` holds the log to it.

    Exits with 0 (each vouched for the newest checkpoint), 1 (one did not: the reason is
    shown), 2 (they could not be asked).

    Examples:
      imprimatur audit witness
      imprimatur audit witness --json
    """
    answer = operator.ask(data_dir_of(ctx), "POST", "/audit/anchors")
    asked: list[dict[str, Any]] = answer["anchors"]
    if as_json:
        say_json(answer)
    else:
        columns = ["who", "kind", "size", "at", "behind", "fault"]
        rows = [[each["name"], *(each[name] for name in columns[1:])] for each in asked]
        say_table(columns, rows, "The settings name no witness and no time-stamp authority.")
    if not asked or any(each["fault"] for each in asked):
        raise typer.Exit(REFUSED)


def rotate(
    ctx: typer.Context,
    retire: Annotated[
        bool, typer.Option("--retire", help="End the overlap: the older key signs no more.")
    ] = False,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Change the key that signs the log: first add a new one, and later retire the old one.

    Each is an entry. In between both sign, so that whoever knows only the old key can follow
    the log to the new one. `audit verify` follows it from any key the log ever had.

    Exits with 0, 1 (there is no second key to retire to, or there is one already), 2 (it could
    not be done: nothing changed).

    Examples:
      imprimatur audit rotate --person Ada
      imprimatur audit rotate --retire --person Ada
    """
    who = {"person": person_or_login(person)}
    path = "/audit/keys/retired" if retire else "/audit/keys"
    answer = operator.ask(data_dir_of(ctx), "POST", path, who)
    if as_json:
        say_json(answer)
        return
    say(answer["vkey"])
    if not retire:
        note("it signs from now on, beside the older one: give it to verifiers, then --retire")
        note("make a backup of keys/ now: the log does not open without the new key")
    else:
        note(f"it signs no more: delete its key{' ' + answer['file'] if answer['file'] else ''}")


def _row(anchor: Anchor) -> dict[str, object]:
    return {"kind": anchor.kind.value, "who": anchor.who, "at": anchor.at, "size": anchor.size}
