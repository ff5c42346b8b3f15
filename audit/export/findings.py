"""What a verification of an export found: its numbered steps, its counts, what it did not prove."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import IntEnum

from audit.report import Problem, Step, Vouching, outcome_lines


class ExportCheck(IntEnum):
    """The steps of an export's verification, in their order."""

    FILES = 1
    CHECKPOINTS = 2
    ENTRIES = 3
    TREE = 4
    COMPLETE = 5
    SIGNATURE = 6
    DISCLOSED = 7
    VIEWS = 8


EXPORT_TITLES: Mapping[IntEnum, str] = {
    ExportCheck.FILES: "every file of the manifest is here as it says, and no other",
    ExportCheck.CHECKPOINTS: "every checkpoint is signed by the log's key and of this log",
    ExportCheck.ENTRIES: "every entry: bytes hashed again, its place proved, canonical form",
    ExportCheck.TREE: "every tile, checkpoint and proof is what those hashes lead to",
    ExportCheck.COMPLETE: "each entry is here or left out with a reason that the scope has",
    ExportCheck.SIGNATURE: "the manifest is signed by the key in the log's entry of this export",
    ExportCheck.DISCLOSED: "every disclosed value is what its entry commits to",
    ExportCheck.VIEWS: "tables and figures say what the entries say, policies have their digests",
}


@dataclass(frozen=True, slots=True)
class ExportReport:
    """The outcome of one verification; `problems` holds the first hundred of `problem_count`."""

    origin: str
    profile: str
    export: str
    entries: int
    root: str
    disclosed: int
    withheld: Mapping[str, int]
    values: int
    erased: int
    checkpoints: int
    known_checkpoints: int
    steps: tuple[Step, ...]
    problem_count: int
    problems: tuple[Problem, ...]
    not_proved: tuple[str, ...]
    vouched: tuple[Vouching, ...] = ()
    strangers: int = 0

    @property
    def ok(self) -> bool:
        """Whether everything that was checked holds."""
        return self.problem_count == 0

    def as_json(self) -> str:
        """Write the report for machines."""
        return json.dumps({"ok": self.ok, **asdict(self)}, indent=2)

    def as_text(self) -> str:
        """Write the report for people."""
        counts = {
            "entries in the log": self.entries,
            "entries in the export, re-hashed": self.disclosed,
            **{f"left out: {why}": count for why, count in self.withheld.items()},
            "commitments opened": self.values,
            "details erased before": self.erased,
            "checkpoints, signatures verified": self.checkpoints,
            "checkpoints from outside": self.known_checkpoints,
            "anchors by outsiders that were not named": self.strangers,
        }
        verdict = "everything checked holds" if self.ok else f"{self.problem_count} PROBLEMS"
        lines = [
            f"{self.origin}, export {self.export} for {self.profile}: {verdict}",
            f"  root  {self.root}",
            *(f"  {count:>8}  {name}" for name, count in counts.items()),
            *(f"  {each.size:>8}  {each.kind} by {each.who}, {each.at}" for each in self.vouched),
            *outcome_lines(self.steps, self.problems, self.not_proved),
        ]
        return "\n".join(lines) + "\n"
