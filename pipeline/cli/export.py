"""`imprimatur audit export`: what a regulator, auditor, authority or subject is given."""

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

from audit.errors import MalformedError
from audit.export.manifest import Manifest
from audit.export.order import Tell
from audit.export.profile import MILLION, Profile, Scope
from audit.export.table import require_parquet
from audit.fields import write_time
from pipeline.cli import exporting
from pipeline.cli.context import data_dir_of
from pipeline.cli.operator import PersonName, person_or_login
from pipeline.cli.output import AsJson, note, say_json, say_pairs, told

_NONCE_BYTES = 32


def export(
    ctx: typer.Context,
    profile: Annotated[Profile, typer.Option(help="Who it is for.")],
    out: Annotated[Path, typer.Option(help="The new directory, or the new .zip file.")],
    since: Annotated[str, typer.Option(help="From this day or time on, in UTC.")] = "",
    until: Annotated[str, typer.Option(help="Up to this day or time, without it.")] = "",
    tenant: Annotated[str, typer.Option(help="What is of this tenant only.")] = "",
    submission: Annotated[
        list[UUID] | None, typer.Option(help="law_enforcement: the case's; can be repeated.")
    ] = None,
    subject: Annotated[str, typer.Option(help="data_subject: the tenant's id of them.")] = "",
    authority: Annotated[str, typer.Option(help="Who asks by what right, in a line.")] = "",
    sample: Annotated[
        float | None, typer.Option(min=0, max=100, help="auditor: of the submissions, in percent.")
    ] = None,
    parquet: Annotated[bool, typer.Option(help="The table as Parquet too, beside CSV.")] = False,
    person: PersonName = "",
    second: Annotated[str, typer.Option(help="law_enforcement: who else agreed.")] = "",
    as_json: AsJson = False,
) -> None:
    r"""Write an export that proves itself: signed, checked offline, and on record in the log first.

    A regulator is given entries, an auditor a sample with its rules and scores,
    law enforcement a case with its names (and two persons' word for it), a
    subject what is about them, everybody counts. Whatever would tip somebody
    off is in none that a subject sees. Check it with `imprimatur audit verify`.

    Exits with 0, 1 (refused: no such tenant, no second person), 2 (it could not be made).

    Examples:
      imprimatur audit export --profile regulator --since 2026-10-01 --parquet --out october.zip
      imprimatur audit export --profile auditor --sample 5 --out sample
      imprimatur audit export --profile law_enforcement --submission ID --authority "court 7" \
        --person Ada --second Bea --out case.zip
      imprimatur audit export --profile data_subject --tenant harbour --subject u1 --out u1.zip
      imprimatur audit export --profile transparency --since 2026-01-01 --out 2026
    """
    with told():
        scope = Scope(
            profile,
            nonce=os.urandom(_NONCE_BYTES).hex(),
            since=_time(since),
            until=_time(until),
            tenant=tenant or None,
            submissions=tuple(map(str, submission or ())),
            subject=subject or None,
            authority=authority or None,
            sample=None if sample is None else round(sample * MILLION / 100),
        )
        scope.check()
        if parquet:
            require_parquet()  # before the log says that an export was made
        asked = exporting.Asked(
            scope, person_or_login(person), second or None, out, parquet=parquet
        )
        with _bar() as bar:
            manifest = exporting.export(data_dir_of(ctx), asked, bar)
    said = _said(manifest, out)
    if as_json:
        say_json(said)
    else:
        say_pairs(said)
        note(f"the log says who made it: check it with `imprimatur audit verify {out}`")


def _said(manifest: Manifest, out: Path) -> dict[str, object]:
    left_out = {f"left out, {why}": count for why, count in manifest.withheld.items()}
    return {
        "path": str(out),
        "export": str(manifest.export),
        "index": manifest.index,
        "size of the log": manifest.size,
        "entries": manifest.disclosed,
        **left_out,
        "erased details": manifest.erased,
        "policies missing": [*manifest.policies_missing],
        "files": len(manifest.files),
    }


def _time(given: str) -> str | None:
    """Read a day or a time, which is in UTC unless it says otherwise.

    Raises:
        MalformedError: it is neither.
    """
    if not given:
        return None
    try:
        at = datetime.fromisoformat(given)
    except ValueError as fault:
        raise MalformedError("time", "a day (2026-10-01) or a time", given) from fault
    return write_time(at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC))


@contextmanager
def _bar() -> Generator[Callable[[int], Tell]]:
    """Show on stderr, if that is a terminal, how far it is; a subject's goes over the log twice."""
    console = Console(stderr=True)
    columns = (BarColumn(bar_width=32), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:

        def begun(size: int) -> Tell:
            task = bar.add_task("", total=size)
            return lambda done: bar.update(task, completed=done)

        yield begun
