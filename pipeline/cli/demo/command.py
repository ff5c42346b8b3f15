"""The command that shows all of it: `imprimatur demo`."""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

from pipeline.cli.output import REFUSED, AsJson, note, say, say_json, stop, told

_WIDTH = 132  # what is read by another program is not cut to 80 columns


def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the servers up, and say where and with which key.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(
            help="Where to write the report.", show_default="a new folder", dir_okay=False
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show every kind of outcome: what is released, held, refused, and survives a crash.

    It starts a sandbox (harmless drawings, nothing is paid) and a gateway on free
    ports of this machine, sends them requests over HTTP, kills the gateway once,
    verifies the audit log offline, and writes a report to look at in a browser.

    Exits with 0 (every outcome is the right one), 1 (one is not), 2 (it could not be shown).

    Examples:
      imprimatur demo
      imprimatur demo --keep
      imprimatur demo --json --report demo.html
    """
    if report is not None and not report.absolute().parent.is_dir():
        stop(f"{report.parent}: there is no such folder: make it, or choose another")
    folder = Path(tempfile.mkdtemp(prefix="imprimatur-demo-"))
    path = (report or folder / "report.html").absolute()
    from pipeline.cli.demo.show import show  # noqa: PLC0415 - half a second, not for --help

    try:
        with told(), _progress(quiet=as_json) as tell:
            shown = asyncio.run(show(folder / "data", path, tell, keep=keep))
    except BaseException:
        note(f"everything is left in {folder}")
        raise
    if not shown.ok:
        note(f"everything is left in {folder}")
    elif not keep:
        _tidy(folder, path)
    if as_json:
        say_json(shown.said)
    else:
        _say(shown.table, shown.said)
    if not shown.ok:
        raise typer.Exit(REFUSED)


def _tidy(folder: Path, report: Path) -> None:
    """Take away what nobody will look at, once everything is right."""
    shutil.rmtree(folder / "data")
    for leftover in folder.iterdir():
        if leftover != report:
            leftover.unlink()
    if report.parent != folder:
        folder.rmdir()


def _say(table: Table, shown: Mapping[str, Any]) -> None:
    Console(width=None if sys.stdout.isatty() else _WIDTH).print(table)
    cases, audit = shown["cases"], shown["audit"]
    right = sum(case["ok"] for case in cases)
    typer.echo()
    say(f"outcomes   {right} of {len(cases)} are right, in {shown['seconds']} s")
    say(f"audit log  {audit['entries']} entries hashed again: {_verdict(audit)}")
    say(f"report     {shown['report']}")
    if kept := shown["kept"]:
        say(f"gateway    {kept['gateway']}")
        say(f"sandbox    {kept['sandbox']}")
        say(f"key        {kept['key']}")
        say(f"data       {kept['data_dir']}")
        say(f"to stop    kill {' '.join(map(str, kept['processes']))}")


def _verdict(audit: Mapping[str, Any]) -> str:
    if audit["ok"]:
        known = audit["known_checkpoints"]
        return f"everything holds, also against {known} checkpoints that callers kept"
    return f"{audit['problem_count']} PROBLEMS"


@contextmanager
def _progress(*, quiet: bool) -> Generator[Callable[[str], None]]:
    """Show on stderr what happens now."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24))
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as bar:
        task = bar.add_task("", total=None)
        yield lambda doing: bar.update(task, description=f"{doing:<44}")
