"""Says where those who looked at one picture saw different things.

Nothing is decided by it: the highest score counts, whoever disagrees. It is for the record, so that
people find out whose scores mean something else than the others'.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from classifiers.signals import Finding, Picture, Signal, SignalName

APART: Final = 0.5
"""From which difference of two scores on they disagree: one of them is on each side of a half."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Of one picture and one question: who says most, and who says least."""

    name: SignalName
    carrier: str
    index: int
    highest: str
    lowest: str
    apart: float


def disagreements(findings: Iterable[Finding]) -> tuple[Disagreement, ...]:
    """Return each question of a picture to which two sources give scores that are `APART`.

    Of a source the highest score counts, whichever part of the picture it is of. Who could not look
    disagrees with nobody.
    """
    said: dict[tuple[SignalName, str, int], dict[str, float]] = {}
    for found in findings:
        if isinstance(found, Signal) and isinstance(found.where, Picture):
            by = said.setdefault((found.name, found.where.carrier, found.where.index), {})
            by[found.source] = max(by.get(found.source, 0.0), found.score)
    widest = (_between(*key, by) for key, by in sorted(said.items()))
    return tuple(each for each in widest if each.apart >= APART)


def _between(name: SignalName, carrier: str, index: int, by: dict[str, float]) -> Disagreement:
    ranked = sorted(by, key=lambda source: (by[source], source))
    low, high = ranked[0], ranked[-1]
    return Disagreement(name, carrier, index, high, low, by[high] - by[low])
