"""Says results on stdout, as a table or one JSON object, and problems on stderr, a line each.

Exit codes are the same for every command: 0 it is so, or it is done; 1 it is not so, or was
refused; 2 it could not be done, and the line on stderr says what to change.
"""

import json
import sys
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, NoReturn

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from audit.errors import AuditError
from classifiers.errors import ClassifierError
from pipeline.cli.errors import CliError
from pipeline.errors import PipelineError, SettingsError
from policies.errors import PolicyError

REFUSED = 1
UNABLE = 2
_PIPE_WIDTH = 240  # what is read by another program is not cut to 80 columns

AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON object on stdout, and nothing else.")
]


def say_json(answer: Mapping[str, object]) -> None:
    """Print one JSON object."""
    typer.echo(json.dumps(answer, indent=2, default=str))


def say(line: str) -> None:
    """Print a line."""
    typer.echo(plain(line))


def say_table(columns: Sequence[str], rows: Iterable[Sequence[object]], nothing: str) -> None:
    """Print rows under their columns, or the sentence `nothing` if there are none."""
    table = Table(*columns, box=box.SIMPLE_HEAD)
    for row in rows:
        table.add_row(*(Text(plain(each), overflow="fold") for each in row))
    if table.row_count:
        _console().print(table)
    else:
        say(nothing)


def say_pairs(pairs: Mapping[str, object]) -> None:
    """Print names and their values, one below the other."""
    table = Table(box=None, show_header=False)
    for name, value in pairs.items():
        table.add_row(Text(plain(name), style="bold"), Text(plain(value), overflow="fold"))
    _console().print(table)


def note(line: str) -> None:
    """Print a line beside the result: on stderr, where it spoils no JSON."""
    typer.echo(f"imprimatur: {plain(line)}", err=True)


def stop(problem: str, status: int = UNABLE) -> NoReturn:
    """Say what is wrong, and end with `status`."""
    for line in problem.splitlines() or ["it failed without a word"]:
        note(line)
    raise typer.Exit(status)


@contextmanager
def told() -> Generator[None]:
    """Tell the faults that have a name in lines that say what to change; others are bugs."""
    try:
        yield
    except SettingsError as fault:
        stop("\n".join(fault.problems))
    except PolicyError as fault:
        stop(str(fault))
    except (CliError, AuditError, PipelineError, ClassifierError) as fault:
        stop(str(fault))
    except OSError as fault:
        stop(f"{fault.filename or 'the system'}: {fault.strerror or type(fault).__name__}")


def plain(value: object) -> str:
    """Write a value so that it cannot steer the terminal, whoever wrote it."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(plain, value)) or "-"
    return "".join(
        sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in str(value)
    )


def plain_lines(text: str) -> str:
    """Write lines so that they cannot steer the terminal."""
    lines = text.removesuffix("\n").split("\n")
    return "\n".join(plain(line) if line else "" for line in lines)


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH)
