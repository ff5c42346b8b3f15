"""What a verification found, what it counted, and what it could not prove."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

MAX_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that does not hold; `index` is None where it is not one entry's."""

    index: int | None
    what: str


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of one verification.

    `problems` holds the first hundred of `problem_count`. `unsigned` counts the entries that no
    signature covers. `open_admissions` is no problem: each is a picture that never left.
    """

    origin: str
    entries: int
    root: str
    heads: int
    checkpoints: int
    known_checkpoints: int
    unsigned: int
    sealed: int
    erased: int
    admissions: int
    open_admissions: int
    problem_count: int
    problems: tuple[Problem, ...]
    not_proved: tuple[str, ...]

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
            "entries, re-hashed": self.entries,
            "heads": self.heads,
            "checkpoints, signatures verified": self.checkpoints,
            "checkpoints from outside": self.known_checkpoints,
            "entries under no signature": self.unsigned,
            "sealed details": self.sealed,
            "erased details, on record": self.erased,
            "admissions": self.admissions,
            "admissions without an outcome": self.open_admissions,
        }
        verdict = "everything checked holds" if self.ok else f"{self.problem_count} PROBLEMS"
        lines = [f"{self.origin}: {verdict}", f"  root  {self.root}"]
        lines += [f"  {count:>8}  {name}" for name, count in counts.items()]
        lines += [f"  problem: {_place(each)}{each.what}" for each in self.problems]
        lines += [f"  not proved: {each}" for each in self.not_proved]
        return "\n".join(lines) + "\n"


class Findings:
    """Collects problems during one verification."""

    def __init__(self) -> None:
        self.count = 0
        self._first: list[Problem] = []

    def add(self, what: str, index: int | None = None) -> None:
        """Note a problem; only the first hundred are kept, all are counted."""
        self.count += 1
        if len(self._first) < MAX_PROBLEMS:
            self._first.append(Problem(index, what))

    @property
    def first(self) -> Sequence[Problem]:
        """The problems that were kept."""
        return self._first


def _place(problem: Problem) -> str:
    return "" if problem.index is None else f"entry {problem.index}: "
