"""What measuring needs of a picture: its labels, its scores, and of which kind it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from classifiers.errors import UnreadableError
from pipeline.cli.examining.examiner import Examined, Terms, examiner
from pipeline.cli.examining.labelled import SIGNALS, Row
from pipeline.cli.examining.pictures import Named
from policies.decision import Action

_LARGE, _SMALL = 1024 * 1024, 256 * 256


@dataclass(frozen=True, slots=True)
class Scored:
    """A picture's labels and scores (None: nobody told), and the slices that it is in."""

    labels: tuple[bool | None, ...]
    scores: tuple[float | None, ...]
    slices: Mapping[str, str]
    is_judged: bool = True


def scored(labels: Sequence[str], terms: Terms, rows: Sequence[Row]) -> list[Scored]:
    """Look at some pictures, in order, in whatever process this is."""
    return [_scored(labels, terms, row) for row in rows]


def _scored(labels: Sequence[str], terms: Terms, row: Row) -> Scored:
    nobody = Scored(
        row.labels, tuple(None for _ in labels), {"source": row.source}, is_judged=False
    )
    try:
        seen = examiner(terms).examine(Named(row.path.name, row.path).read())
    except (UnreadableError, OSError):
        return nobody
    scores = tuple(_score(label, seen) for label in labels)
    rendition = str(examiner(terms).rendition(seen) or "nobody could say")
    slices = {"source": row.source, "rendition": rendition, "size": _size(seen)}
    return Scored(row.labels, scores, slices)


def _score(label: str, seen: Examined) -> float | None:
    if label in SIGNALS:
        return None if label in seen.unavailable else seen.signals.get(label)
    return float(seen.judged.decision.action not in {Action.ALLOW, Action.LABEL})


def _size(seen: Examined) -> str:
    pixels = seen.width * seen.height
    if pixels < _SMALL:
        return "below 256 x 256"
    return "below 1024 x 1024" if pixels < _LARGE else "1024 x 1024 and above"
