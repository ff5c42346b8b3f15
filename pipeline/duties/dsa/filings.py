"""What became of what people confirmed to be of `CSE.*`: the one place that reads reports."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from audit.entry import Kind
from audit.leaf import Leaf
from pipeline.items import NEVER_RELEASED
from pipeline.store.reports import DUE, Standing

_DONE: Final = frozenset({f"report.{each.value}" for each in (Standing.FILED, Standing.HANDED_OFF)})
_AGREED: Final = "report.approved"
"""The event of the entry by which a second person agrees to report something, or not to."""


@dataclass(frozen=True, slots=True)
class Filings:
    """Of confirmed cases: those filed, those documented as not to be, and those still in time."""

    filed: int = 0
    documented: int = 0
    waiting: int = 0
    late: int = 0
    """Of those that are neither, those for which there is no time left."""


def confirms(leaf: Leaf) -> bool:
    """Whether people say by an entry that something is of `CSE.*`: a ruling, or two on a report."""
    said = leaf.public
    if str(said.get("code", "")).partition(".")[0] != NEVER_RELEASED:
        return False
    ruled = leaf.kind is Kind.RULING and said.get("outcome") == "rejected"
    return ruled or (leaf.kind is Kind.REPORT and said.get("event") == _AGREED)


def filings_of(
    courses: Sequence[Sequence[Leaf]], has: Callable[[str], bool], as_of: datetime
) -> Filings | None:
    """Count what became of what was confirmed; None where the log knows of no report at all.

    Then nothing is filed from here, and nobody can say it of anything.
    """
    if not any(leaf.kind is Kind.REPORT for course in courses for leaf in course):
        return None
    found = Filings()
    for course in courses:
        confirmed = [leaf.at for leaf in course if confirms(leaf) and has(leaf.at)]
        if confirmed:
            found = _counted(found, course, datetime.fromisoformat(confirmed[0]) + DUE >= as_of)
    return found


def _counted(found: Filings, course: Sequence[Leaf], in_time: bool) -> Filings:
    events = {str(leaf.public.get("event")) for leaf in course if leaf.kind is Kind.REPORT}
    if events & _DONE:
        return replace(found, filed=found.filed + 1)
    agreed = [leaf for leaf in course if leaf.public.get("event") == _AGREED]
    if agreed and agreed[-1].public.get("outcome") == Standing.NOT_REPORTED.value:
        return replace(found, documented=found.documented + 1)
    if in_time:
        return replace(found, waiting=found.waiting + 1)
    return replace(found, late=found.late + 1)
