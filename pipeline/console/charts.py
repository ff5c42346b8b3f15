"""Charts: bars drawn by the server as SVG, with a table of the same beside each.

They are readable without colour: what belongs to the period before is an outline, what belongs to
this one is filled, an interval is a line, and each bar has its number written beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_WIDTH: Final = 320
"""Of the longest bar."""
LABEL: Final = 250
"""Of what is written left of the bars."""
ROW: Final = 34
BAR: Final = 12


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: a name, a value, the value of the period before, and an interval if it has one."""

    name: str
    value: float | None
    """None where nothing is known: there is no bar, and the row says so."""
    before: float | None = None
    interval: tuple[float, float] | None = None
    told: str = ""
    """The value in words; without it, the number."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A bar in pixels."""

    name: str
    told: str
    told_before: str
    width: float
    width_before: float
    line: tuple[float, float] | None
    top: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Rows under one title, which says what is counted, and in what."""

    id: str
    title: str
    unit: str
    bars: Sequence[Bar]
    otherwise: str = "Nothing was counted."
    """Said instead, if there are no rows."""

    @property
    def compares(self) -> bool:
        """Whether any row has a value of the period before."""
        return any(bar.before is not None for bar in self.bars)

    @property
    def height(self) -> int:
        """In pixels."""
        return ROW * len(self.bars)

    @property
    def width(self) -> int:
        """In pixels, with what is written at the ends."""
        return LABEL + _WIDTH + 220

    def drawn(self) -> Sequence[Drawn]:
        """Return the rows in pixels; the greatest value of all is the longest bar."""
        most = max((_most(bar) for bar in self.bars), default=0.0) or 1.0

        def wide(value: float | None) -> float:
            return round(max(value or 0.0, 0.0) / most * _WIDTH, 1)

        return [
            Drawn(
                _short(bar.name),
                bar.told or _number(bar.value),
                "" if bar.before is None else _number(bar.before),
                wide(bar.value),
                wide(bar.before),
                None if bar.interval is None else (wide(bar.interval[0]), wide(bar.interval[1])),
                place * ROW,
            )
            for place, bar in enumerate(self.bars)
        ]

    def rows(self) -> Sequence[Sequence[str]]:
        """Return what the table says: names in full, and numbers."""
        return [
            (
                bar.name,
                bar.told or _number(bar.value),
                *((_number(bar.before),) if self.compares else ()),
            )
            for bar in self.bars
        ]


def _most(bar: Bar) -> float:
    return max(bar.value or 0.0, bar.before or 0.0, bar.interval[1] if bar.interval else 0.0)


def _number(value: float | None) -> str:
    if value is None:
        return "not known"
    return f"{value:.0f}" if value == int(value) else f"{value:.3f}"


def _short(name: str, most: int = 34) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"
