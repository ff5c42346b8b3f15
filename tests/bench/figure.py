"""One line of the table: what was measured, what it may be, and what it is compared with."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured number. It is never asserted: machines differ, ratios in one run do not."""

    what: str
    measured: float
    unit: str = "ms"
    cpu_ms: float | None = None
    """The processor's time for the same; on a busy machine it says more than the clock."""
    budget: str = ""
    peer: str = ""
    """What did the same, or the unavoidable part of it, in the same run."""
    peer_measured: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times the peer."""
        return None if not self.peer_measured else self.measured / self.peer_measured

    def written(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {**asdict(self), "ratio": self.ratio}


@dataclass(frozen=True, slots=True)
class Times:
    """How long some runs took, by the clock and by the processor, in milliseconds."""

    wall: Sequence[float]
    cpu: Sequence[float]

    @property
    def median(self) -> float:
        """The median by the clock."""
        return statistics.median(self.wall)

    @property
    def cpu_median(self) -> float:
        """The median by the processor."""
        return statistics.median(self.cpu)

    @property
    def p95(self) -> float:
        """The 95th percentile by the clock."""
        return nearest(self.wall, 0.95)

    @property
    def cpu_p95(self) -> float:
        """The 95th percentile by the processor."""
        return nearest(self.cpu, 0.95)


def nearest(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of them lie."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def timed(work: Callable[[], object], rounds: int) -> Times:
    """Run `work` so many times, after once that warms up."""
    work()
    wall: list[float] = []
    cpu: list[float] = []
    for _ in range(rounds):
        began, busy = time.perf_counter(), time.process_time()
        work()
        wall.append((time.perf_counter() - began) * 1000)
        cpu.append((time.process_time() - busy) * 1000)
    return Times(wall, cpu)


def show(title: str, figures: Sequence[Figure]) -> None:
    """Print a table."""
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("what", ratio=4)
    for name in ("measured", "CPU", "budget"):
        table.add_column(name, justify="right")
    table.add_column("compared with", ratio=3)
    for name in ("measured", "ratio"):
        table.add_column(name, justify="right")
    for each in figures:
        table.add_row(
            each.what,
            _number(each.measured, each.unit),
            "" if each.cpu_ms is None else _number(each.cpu_ms, "ms"),
            each.budget,
            each.peer,
            "" if each.peer_measured is None else _number(each.peer_measured, each.unit),
            "" if each.ratio is None else f"{each.ratio:.2f}",
        )
    Console(width=130, highlight=False).print(table)


def _number(value: float, unit: str) -> str:
    return f"{value:.{0 if value >= 100 else 1 if value >= 10 else 2}f} {unit}"
