"""`imprimatur banks sync`: fetches what changed in the lists that services hand out."""

import os
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn

from pipeline.banks import open_banks
from pipeline.cli import operator
from pipeline.cli.context import data_dir_of
from pipeline.cli.errors import UnusableError
from pipeline.cli.operator import PersonName, part, person_or_login
from pipeline.cli.output import REFUSED, AsJson, note, say, say_json, told
from pipeline.settings import BankFile, load
from pipeline.settings.values import KEYS
from pipeline.synced_lists import Syncing

_SECONDS = 3600.0


def sync(
    ctx: typer.Context,
    bank: Annotated[
        str, typer.Argument(metavar="[BANK]", help="One bank; without it all that are synced.")
    ] = "",
    anew: Annotated[
        bool, typer.Option("--anew", help="Fetch everything, not only what changed.")
    ] = False,
    every: Annotated[
        float | None, typer.Option(metavar="HOURS", help="Stay, and do it every so often.", min=0.1)
    ] = None,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Fetch what changed in the lists that services hand out, and use it at once.

    Which banks are synced, from where and with what credentials stands in the
    settings (docs/banks.md). Nothing is taken of a list that does not come to
    its end. What came is a new version of its bank: it is tried as every
    version is, and set aside if it matches harmless pictures, or waits for two
    people where they decide. A bank that is not synced in time is stale, and
    what needs it is not served.

    Exits with 0, 1 (a version is set aside or waits), 2 (a list could not be fetched). With
    --every it goes on, whatever happens, until it is stopped.

    Examples:
      imprimatur banks sync
      imprimatur banks sync ncmec --anew
      imprimatur banks sync --every 6
    """
    data_dir, who = data_dir_of(ctx), person_or_login(person)
    with told():
        chosen = _chosen(load(data_dir, os.environ).banks, bank)
    while True:
        ends = [_synced(data_dir, each, who, anew=anew) for each in chosen]
        say_json({"banks": ends}) if as_json else _say(ends)
        if every is None:
            raise typer.Exit(max(end["exit"] for end in ends))
        time.sleep(every * _SECONDS)


def _chosen(banks: Sequence[BankFile], name: str) -> Sequence[BankFile]:
    synced = [bank for bank in banks if bank.sync is not None]
    chosen = [bank for bank in synced if name in {"", bank.source}]
    if not chosen:
        named = ", ".join(bank.source for bank in synced) or "none is"
        raise UnusableError("bank", f"one with `sync` in the settings ({named})", name or "none")
    return chosen


def _synced(data_dir: Path, bank: BankFile, who: str, *, anew: bool) -> dict[str, Any]:
    """Sync one bank, and have the server use it; return how it ended, `exit` among it."""
    end: dict[str, Any] = {"name": bank.source, "used": False}
    try:
        with _counted(bank.source) as tell, told():
            end |= asdict(_syncing(data_dir, tell).run(bank, anew=anew))
        body = {"person": who}
        end |= operator.ask(data_dir, "POST", f"/banks/{part(bank.source)}/use", body)
    except typer.Exit as fault:  # told already
        return end | {"exit": fault.exit_code}
    return end | {"exit": 0 if end["used"] else REFUSED}


def _syncing(data_dir: Path, tell: Callable[[int], None]) -> Syncing:
    from pipeline.app import now  # noqa: PLC0415 - it loads every model: not for `--help`

    return Syncing(open_banks(data_dir, data_dir / KEYS, now, os.urandom), now, told=tell)


@contextmanager
def _counted(name: str) -> Generator[Callable[[int], None]]:
    """Show on a terminal how many entries came so far; nobody knows how many will."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    with Progress(*columns, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(name, total=None)
        yield lambda entries: bar.update(task, description=f"{name}: {entries:,} entries")


def _say(ends: Sequence[Mapping[str, Any]]) -> None:
    for end in ends:
        if "rows" not in end:
            continue  # told already
        whole = " from the start" if end["from_the_start"] else ""
        said = f"{end['name']}: {end['changed']:,} entries{whole}, {end['rows']:,} rows now"
        for name, count in end["skipped"].items():
            note(f"skipped {count} of {name}: no picture can be compared with it")
        say(f"{said}: {'used from now on' if end['used'] else 'not used: see banks list'}")
