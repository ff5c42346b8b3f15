"""Shows on a terminal how far a run is."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn


@contextmanager
def progress(
    total: int | None, place: Callable[[], int], things: str = "texts"
) -> Generator[Callable[[int], None]]:
    """Show on stderr, if that is a terminal, how many `things` were judged, and how far that is."""
    columns = (
        TextColumn(f"{{task.fields[count]:>9,}} {things}"),
        BarColumn(bar_width=32),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    shown = Progress(
        *columns,
        console=console,
        transient=True,
        disable=not console.is_terminal,
        redirect_stdout=sys.stdout.isatty(),
    )
    with shown as bar:
        task = bar.add_task("", total=total, count=0)
        yield lambda count: bar.update(task, completed=place(), count=count)
