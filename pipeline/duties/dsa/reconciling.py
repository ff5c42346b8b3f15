"""Whether a report adds up: what was written is read again, and held against what was counted."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.duties.dsa.courses import Counted

NOT_FILED = "nothing is filed from here"


@dataclass(frozen=True, slots=True)
class Line:
    """Two sides that have to be equal, and what the second is made of."""

    name: str
    left: int
    right: Mapping[str, int]
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether they are equal."""
        return self.left == sum(self.right.values())

    def said(self) -> dict[str, object]:
        """Return it as it is written."""
        said: dict[str, object] = {"what": self.name, "left": self.left, "right": {**self.right}}
        return {**said, "holds": self.holds, **({"note": self.note} if self.note else {})}


def lines(counted: Counted, folder: Path) -> list[Line]:
    """Return every line. `folder` holds the tables as they were written."""
    known = ("released", "withheld", "refused", "open")
    told = ("given", "suppressed", "not_fetched")
    measures = len(counted.measures)
    by_terms = _read(folder, "6_own_initiative_TC")
    by_law = _read(folder, "5_own_initiative_illegal")
    means = _read(folder, "8_automated_means")
    filings = counted.filings
    confirmed = (
        {"filed": 0, "documented": 0, "open": counted.confirmed}
        if filings is None
        else {"filed": filings.filed, "documented": filings.documented, "open": filings.waiting}
    )
    return [
        Line("requests = decisions", counted.requests, {k: counted.standing[k] for k in known}),
        Line(
            "ends = measures + those without a ground in content",
            counted.ended,
            {"measures": measures, "without_ground": counted.without_ground},
        ),
        Line(
            "blocks = notices + suppressed", counted.blocks, {k: counted.notices[k] for k in told}
        ),
        Line("notices of nothing", 0, {"stray": counted.stray_notices}),
        Line("decisions on appeals that nobody made", 0, {"stray": counted.stray_decisions}),
        Line(
            "confirmed CSE = filed + documented non-report + open in time",
            counted.confirmed,
            confirmed,
            NOT_FILED if filings is None else "",
        ),
        Line(
            "measures = parts 5 and 6",
            measures,
            {"part_5": _sum(by_law, "TOTAL"), "part_6": _sum(by_terms, "TOTAL")},
        ),
        *_sums("part 5", by_law),
        *_sums("part 6", by_terms),
        Line("measures = part 8", measures, {"part_8": _means(means)}),
    ]


def _sums(part: str, rows: Sequence[Sequence[str]]) -> list[Line]:
    """Keywords sum to their category, and categories to the total."""
    total = Line(f"{part}: total = categories", _sum(rows, "TOTAL"), {"rows": _sum(rows, "STAT")})
    sums, category = dict[str, tuple[int, int]](), ""
    for row in rows:
        label, count = row[3], int(row[5])
        if label.startswith("STATEMENT_CATEGORY_"):
            category, sums[label] = label, (count, 0)
        elif category:
            of_category, so_far = sums[category]
            sums[category] = (of_category, so_far + count)
    wrong = {each for each, (of_category, below) in sums.items() if of_category != below}
    return [total, Line(f"{part}: categories = keywords", 0, dict.fromkeys(sorted(wrong), 1))]


def _sum(rows: Sequence[Sequence[str]], prefix: str) -> int:
    return sum(int(row[5]) for row in rows if row[3].startswith(prefix))


def _means(rows: Sequence[Sequence[str]]) -> int:
    total = [row for row in rows if row[5] == "Total number"]
    return sum(int(row[6]) for row in total if row[4].startswith("Number of measures"))


def _read(folder: Path, name: str) -> list[list[str]]:
    with (folder / f"Part_{name}.csv").open(encoding="utf-8", newline="") as file:
        return [*csv.reader(file)][1:]
