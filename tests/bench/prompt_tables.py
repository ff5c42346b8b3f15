"""The tables of `make evaluate-prompts`."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.table import Table

from pipeline.cli.measuring.measures import Rate
from pipeline.cli.measuring.page import percent


@dataclass(frozen=True, slots=True)
class Row:
    """One disguise: how many words it was tried on, caught, refused as unreadable, and raised."""

    disguise: str
    tried: int
    caught: int
    refused: int
    raised: int
    """Unlisted words in the same disguise that something was found in: false alarms."""


@dataclass(frozen=True, slots=True)
class Harmless:
    """One source of harmless texts: how many were stopped, or why it was not measured."""

    source: str
    budget: float
    stopped: Rate | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Took:
    """How long one kind of text took, in milliseconds by the clock and of the processor."""

    what: str
    p50: float
    p95: float
    cpu_p50: float
    cpu_p95: float
    """On a busy machine it says more than the clock."""
    budget: int


def of_disguises(rows: Iterable[Row]) -> Table:
    """Give a line for each disguise, in bold where something got past."""
    table = Table("disguise", "words", "caught", "refused as unreadable", "false alarms")
    for row in rows:
        left = row.tried - row.caught
        counts = (row.caught, row.refused if left else "", row.raised or "")
        style = "bold" if left else ""
        table.add_row(row.disguise, str(row.tried), *map(str, counts), style=style)
    return table


def of_harmless(rows: Iterable[Harmless]) -> Table:
    """Give a line for each source."""
    table = Table("harmless texts", "texts", "stopped", "share", "95 % interval", "budget")
    for row in rows:
        if row.stopped is None:
            table.add_row(row.source, "-", "-", row.why, "-", f"{row.budget:.1%}")
            continue
        share, interval = row.stopped.share, row.stopped.interval
        shown = "-" if share is None else percent(share)
        between = "" if interval is None else f"{percent(interval.low)} to {percent(interval.high)}"
        counts = (f"{row.stopped.total:,}", str(row.stopped.hits))
        table.add_row(row.source, *counts, shown, between, f"{row.budget:.1%}")
    return table


def of_latency(rows: Iterable[Took]) -> Table:
    """Give a line for each kind of text."""
    table = Table("reading and judging, one thread", "p50", "p95", "CPU p50", "CPU p95", "budget")
    for row in rows:
        took = (row.p50, row.p95, row.cpu_p50, row.cpu_p95, row.budget)
        table.add_row(row.what, *(f"{each:.3g} ms" for each in took))
    return table
