"""The command that makes a transparency report from the log alone."""

import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import Connection
from typing import Annotated, Any

import typer

from audit.leaf import Leaf
from audit.tables import dropped, edge_of, root_at, rows
from pipeline.cli.context import data_dir_of
from pipeline.cli.log_database import log_file
from pipeline.cli.logfile import read_text, reading
from pipeline.cli.output import REFUSED, AsJson, note, say_json, say_table, stop, told
from pipeline.duties.dsa.accuracy import Accuracy
from pipeline.duties.dsa.courses import Query, counted
from pipeline.duties.dsa.parts import Duty, Parts, Provider
from pipeline.duties.dsa.publishing import Published, publish
from pipeline.duties.dsa.reconciling import Line

_BATCH = 256
_NO_SAMPLE = "No second looks by people are known for this period."


def transparency(
    ctx: typer.Context,
    tenant: Annotated[str, typer.Option(help="The platform whose report it is.")],
    provider: Annotated[str, typer.Option(help="Who provides the service.")],
    service: Annotated[str, typer.Option(help="The service: one report is of one.")],
    first: Annotated[datetime, typer.Option("--from", help="The first day (2026-01-01).")],
    last: Annotated[datetime, typer.Option("--to", help="The last day.")],
    as_of: Annotated[datetime, typer.Option(help="As it was known at this moment, in UTC.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The new folder.")],
    duty: Annotated[Duty, typer.Option(help="What the provider is.")] = Duty.PLATFORM,
    previous: Annotated[str, typer.Option(help="The day of the report before.")] = "",
    quality: Annotated[
        Path | None, typer.Option(help="What `imprimatur quality --json` said of the same days.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make the tables of a DSA transparency report, and show that they add up.

    Everything is counted from the public part of the log: the same question has the same answer,
    byte for byte. What does not come through the gateway is left empty, and says so.

    Exits with 0, 1 (it does not add up: each line that does not is told), 2 (it cannot be made).

    Examples:
      imprimatur dsa transparency --tenant harbour --provider "Harbour Ltd" --service Harbour \
        --from 2026-01-01 --to 2026-12-31 --as-of 2027-01-15 -o report-2026
    """
    query = Query(tenant, first.date(), last.date(), as_of.replace(tzinfo=as_of.tzinfo or UTC))
    if query.last < query.first or query.as_of.date() < query.first:
        stop("--from, --to, --as-of: expected them in this order of time")
    if out.exists():
        stop(f"{out}: it is there already")
    with log_file(data_dir_of(ctx)) as file, reading(file) as connection, told():
        size = _size(connection, query.as_of)
        found = counted(_leaves(connection, size), query)
        sampled = _sampled(quality, query)
        reporting = Provider(provider, service, duty, previous)
        parts = Parts(reporting, query, found, sampled, _NO_SAMPLE)
        made = _published(parts, out, size, root_at(connection, size))
    _tell(made, out, as_json=as_json)


def _sampled(path: Path | None, query: Query) -> Sequence[Accuracy]:
    """Read how right each classifier was, of the same platform and days."""
    if path is None:
        return ()
    try:
        said = json.loads(read_text(path))
        days = tuple(datetime.fromisoformat(said[each]).date() for each in ("since", "until"))
        found = [_accuracy(each) for each in said["classifiers"]]
        whose = said["tenant"]
    except (ValueError, KeyError, TypeError):
        stop(f"{path}: expected what `imprimatur quality --json` prints")
    if (whose, *days) != (query.tenant, query.first, query.last + timedelta(days=1)):
        stop(f"{path}: it is of another platform, or of other days")
    return found


def _accuracy(said: Mapping[str, Any]) -> Accuracy:
    hits, alarms, misses, rests = (
        int(said[name]) for name in ("hits", "false_alarms", "misses", "rests")
    )
    frame = "of what was let go or held"
    return Accuracy(str(said["classifier"]), hits, alarms, misses, rests, frame)


def _size(connection: Connection, as_of: datetime) -> int:
    """Return how far the log had come at a moment; say if it may not have come so far yet."""
    size = edge_of(connection).size
    if dropped(connection, 0, size):
        note("entries of closed shards were dropped: what they said is not counted")
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        found = rows(connection, middle, 1)
        if found and datetime.fromisoformat(Leaf.parse(found[0].leaf).at) <= as_of:
            low = middle + 1
        else:
            high = middle
    if low == size:
        note("the log holds nothing from after --as-of: if that is still to come, make it again")
    return low


def _leaves(connection: Connection, size: int) -> Iterable[Leaf]:
    for start in range(0, size, _BATCH):
        found = rows(connection, start, _BATCH)
        yield from (Leaf.parse(row.leaf) for row in found if row.index < min(size, start + _BATCH))


def _published(parts: Parts, out: Path, size: int, root: bytes) -> Published:
    """Write into a folder that is put in its place once it is whole."""
    with tempfile.TemporaryDirectory(dir=out.absolute().parent, prefix=".report-") as part:
        folder = Path(part) / "report"
        folder.mkdir()
        made = publish(parts, folder, size, root)
        shutil.move(folder, out)
    return made


def _tell(made: Published, out: Path, *, as_json: bool) -> None:
    if as_json:
        lines = [each.said() for each in made.lines]
        say_json({"path": str(out), "files": made.files, "adds_up": made.holds, "lines": lines})
    else:
        said = [(each.name, each.left, _sum(each), _held(each), each.note) for each in made.lines]
        say_table(("what", "is", "of", "holds", ""), said, "")
        note(f"wrote {len(made.files)} files into {out}")
    if not made.holds:
        raise typer.Exit(REFUSED)


def _sum(line: Line) -> str:
    return " + ".join(f"{count} {name}" for name, count in line.right.items()) or "0"


def _held(line: Line) -> str:
    return "yes" if line.holds else "NO"
