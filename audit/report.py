"""What a verification found, what it counted, and what it could not prove."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import IntEnum

MAX_PROBLEMS = 100


class Check(IntEnum):
    """The steps of a verification, in their order; `TITLES` says what each one holds."""

    IDENTITY = 1
    CHECKPOINTS = 2
    ENTRIES = 3
    TREE = 4
    END = 5
    PAIRS = 6


TITLES: Mapping[IntEnum, str] = {
    Check.IDENTITY: "the file says it is the log that the key names",
    Check.CHECKPOINTS: "every checkpoint is of this log, and signed by the keys it had by then",
    Check.ENTRIES: "every entry: next index, bytes and hash agree, canonical form, its own id",
    Check.TREE: "every tile node, head and checkpoint is what those entries lead to",
    Check.END: "the state and the newest head are the end, and a signature covers every entry",
    Check.PAIRS: "nothing released without an admission, no detail missing without an erasure",
}
HASHED: Mapping[IntEnum, str] = {
    Check.IDENTITY: TITLES[Check.IDENTITY],
    Check.CHECKPOINTS: TITLES[Check.CHECKPOINTS],
    Check.ENTRIES: "every entry: next index, bytes and hash agree",
    Check.TREE: TITLES[Check.TREE],
    Check.END: TITLES[Check.END],
}
"""The same where entries are hashed and not read."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that does not hold; `index` is None where it is not one entry's."""

    index: int | None
    what: str
    check: IntEnum


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the verification, and how many problems it found."""

    number: int
    title: str
    problems: int


@dataclass(frozen=True, slots=True)
class Vouching:
    """The largest checkpoint that an outsider spoke of whom the verifier trusts, and when."""

    kind: str
    who: str
    size: int
    at: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """A shard that was dropped: the entries from `first` up to `size`, closed and dropped when."""

    number: int
    first: int
    size: int
    closed_at: str
    dropped_at: str
    days: int


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of one verification.

    `problems` holds the first hundred of `problem_count`. `unsigned` counts the entries that no
    signature covers. `open_admissions` is no problem: each is a picture that never left.
    `strangers` counts the anchors of outsiders that the verifier did not name. Of `dropped` entries
    only the hashes are there; `shards` says on which record.
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
    steps: tuple[Step, ...]
    problem_count: int
    problems: tuple[Problem, ...]
    not_proved: tuple[str, ...]
    vouched: tuple[Vouching, ...] = ()
    strangers: int = 0
    dropped: int = 0
    shards: tuple[Dropped, ...] = ()

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
            "entries, re-hashed": self.entries - self.dropped,
            "hashes of dropped entries": self.dropped,
            "heads": self.heads,
            "checkpoints, signatures verified": self.checkpoints,
            "checkpoints from outside": self.known_checkpoints,
            "entries under no signature": self.unsigned,
            "sealed details": self.sealed,
            "erased details, on record": self.erased,
            "anchors by outsiders that were not named": self.strangers,
            "admissions": self.admissions,
            "admissions without an outcome": self.open_admissions,
        }
        verdict = "everything checked holds" if self.ok else f"{self.problem_count} PROBLEMS"
        lines = [f"{self.origin}: {verdict}", f"  root  {self.root}"]
        lines += [f"  {count:>8}  {name}" for name, count in counts.items()]
        lines += [
            f"  {each.size:>8}  {each.kind} by {each.who}, {each.at}" for each in self.vouched
        ]
        lines += [
            f"  dropped on {each.dropped_at}: entries {each.first} to {each.size - 1}, closed on"
            f" {each.closed_at} with {each.days} days to stay"
            for each in self.shards
        ]
        return (
            "\n".join([*lines, *outcome_lines(self.steps, self.problems, self.not_proved)]) + "\n"
        )


def outcome_lines(
    steps: Sequence[Step], problems: Sequence[Problem], not_proved: Sequence[str]
) -> list[str]:
    """Write each step, each problem, and what was not proved, a line each."""
    return [
        *(f"  ({each.number}) {_outcome(each)}: {each.title}" for each in steps),
        *(f"  problem: ({each.check.value}) {_place(each)}{each.what}" for each in problems),
        *(f"  not proved: {each}" for each in not_proved),
    ]


class Findings:
    """Collects problems during one verification, whose steps have these titles."""

    def __init__(self, titles: Mapping[IntEnum, str]) -> None:
        self._titles = titles
        self._counts = Counter[IntEnum]()
        self._first: list[Problem] = []

    def add(self, check: IntEnum, what: str, index: int | None = None) -> None:
        """Note a problem; only the first hundred are kept, all are counted."""
        self._counts[check] += 1
        if len(self._first) < MAX_PROBLEMS:
            self._first.append(Problem(index, what, check))

    @property
    def count(self) -> int:
        """How many problems there are."""
        return self._counts.total()

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step with its number of problems."""
        return tuple(
            Step(check.value, title, self._counts[check]) for check, title in self._titles.items()
        )

    @property
    def first(self) -> Sequence[Problem]:
        """The problems that were kept."""
        return self._first


def _outcome(step: Step) -> str:
    return f"{step.problems} PROBLEMS" if step.problems else "holds"


def _place(problem: Problem) -> str:
    return "" if problem.index is None else f"entry {problem.index}: "
