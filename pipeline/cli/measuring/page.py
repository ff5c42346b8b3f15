"""Curves and tables of what was measured, in a page of one file that loads nothing."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template

from pipeline.cli.measuring.measures import (
    Interval,
    Point,
    Ranking,
    average_precision,
    curve,
    recall_at,
)

_PAGE = Path(__file__).with_name("page.html")
_SIDE, _LEFT, _TOP = 200, 30, 10
"""The square of a curve, and the room beside and above it."""


def page(title: str, summary: str, sections: Mapping[str, str]) -> str:
    """Return a page; each section is its heading, and what stands below it as HTML."""
    below = "".join(f"<h2>{escape(name)}</h2>\n{html}\n" for name, html in sections.items())
    return Template(_PAGE.read_text(encoding="utf-8")).substitute(
        title=escape(title), summary=escape(summary), sections=below
    )


def paragraph(text: str) -> str:
    """Return a paragraph."""
    return f"<p>{escape(text)}</p>"


def percent(share: float) -> str:
    """Write a share as people read it."""
    return f"{share:.2%}"


def with_interval(share: float | None, interval: Interval | None) -> str:
    """Write a share and where the true one lies."""
    if share is None or interval is None:
        return "-"
    return f"{percent(share)} ({percent(interval.low)} to {percent(interval.high)})"


def table(rows: Sequence[Mapping[str, str]]) -> str:
    """Return rows as a table, with the names of the first as its head."""
    if not rows:
        return '<p class="soft">There were none.</p>'
    head = "".join(f"<th>{escape(name)}</th>" for name in rows[0])
    body = "".join(f"<tr>{_cells(row.values())}</tr>" for row in rows)
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def _cells(values: Iterable[str]) -> str:
    return "".join(f"<td>{escape(value)}</td>" for value in values)


def curves(figures: Iterable[str]) -> str:
    """Return figures side by side."""
    return f'<div class="curves">{"".join(figures)}</div>'


def figure(label: str, ranking: Ranking, untold: int) -> str:
    """Draw precision over recall; of `untold` cases nobody told anything."""
    area, points = average_precision(ranking), curve(ranking)
    name = escape(label)
    if area is None:
        why = "no signal tells it here" if untold else "no case, no curve"
        return f"<figure><figcaption>{name} <span>{why}</span></figcaption></figure>"
    said = f"area {percent(area)}"
    share = sum(ranking.cases) / (sum(ranking.cases) + sum(ranking.others))
    return (
        f"<figure><figcaption>{name} <span>{said}</span></figcaption>"
        f'<svg viewBox="0 0 {_SIDE + _LEFT + 10} {_SIDE + _TOP + 30}" role="img" '
        f'aria-label="Precision over recall of {name}: {said}">'
        f"{_axes()}{_line(share)}{_path(points)}{_mark(ranking)}</svg></figure>"
    )


def _axes() -> str:
    parts: list[str] = []
    for tenths in (0, 5, 10):
        share = tenths / 10
        parts += [
            f'<path class="grid" d="M{_x(0)} {_y(share)}H{_x(1)}M{_x(share)} {_y(0)}V{_y(1)}"/>',
            f'<text x="{_LEFT - 4}" y="{_y(share) + 3}" text-anchor="end">{share:g}</text>',
            f'<text x="{_x(share)}" y="{_y(0) + 12}" text-anchor="middle">{share:g}</text>',
        ]
    middle, low = _x(0.5), _y(0) + 24
    parts.append(f'<text x="{middle}" y="{low}" text-anchor="middle">recall</text>')
    return "".join(parts)


def _line(share: float) -> str:
    """Draw what chance would give."""
    return f'<path class="chance" d="M{_x(0)} {_y(share)}H{_x(1)}"/>'


def _path(points: Sequence[Point]) -> str:
    """Draw the steps that the area is summed over, level from each recall back to the last."""
    steps = f"M{_x(0)} {_y(points[0].precision)}"
    for point in points:
        steps += f"V{_y(point.precision)}H{_x(point.recall)}"
    return f'<path class="curve" d="{steps}"/>'


def _mark(ranking: Ranking) -> str:
    """Mark where recall is measured."""
    threshold, _ = recall_at(ranking)
    return "".join(
        f'<circle class="point" cx="{_x(point.recall)}" cy="{_y(point.precision)}" r="3.5"/>'
        for point in curve(ranking)
        if point.score == threshold
    )


def _x(share: float) -> float:
    return round(_LEFT + share * _SIDE, 1)


def _y(share: float) -> float:
    return round(_TOP + (1 - share) * _SIDE, 1)
