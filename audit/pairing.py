"""What entries owe each other: admissions their outcomes, details their leaves or an erasure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import cast
from uuid import UUID

from audit.entry import OUTCOMES, Kind
from audit.leaf import Leaf
from audit.report import Check, Findings

_NEED_ADMISSION = frozenset({Kind.GENERATED, Kind.RELEASE})


@dataclass(slots=True)
class Admission:
    """One submission on its way; `closed` holds the samples that came to an end."""

    samples: int
    closed: set[int] = field(default_factory=set[int])
    halted: bool = False

    @property
    def open(self) -> bool:
        """Whether something of it is still on its way."""
        return not self.halted and len(self.closed) < self.samples


class Pairing:
    """Follows submissions, details and erasures through one walk over the log."""

    def __init__(self, findings: Findings, check: IntEnum = Check.PAIRS) -> None:
        self._findings, self._check = findings, check
        self._admissions: dict[str, Admission] = {}
        self._sealed: dict[UUID, int] = {}
        self._erased: set[UUID] = set()

    def take(self, index: int, leaf: Leaf) -> None:
        """Follow one entry; they MUST come in order."""
        if leaf.sealed:
            self._sealed[leaf.entry_id] = index
        if leaf.kind is Kind.ERASE:
            self._erased.update(map(UUID, cast("Sequence[str]", leaf.public.get("entries", ()))))
        submission = leaf.public.get("submission")
        if isinstance(submission, str):
            self._follow(index, leaf, submission)

    def check_details(self, present: set[UUID]) -> None:
        """Hold the rows of the detail table to the leaves: none missing, none left over."""
        for entry_id, index in self._sealed.items():
            erased, here = entry_id in self._erased, entry_id in present
            if not here and not erased:
                self._findings.add(
                    self._check, "its detail is missing, and no erasure is on record", index
                )
            if here and erased:
                self._findings.add(
                    self._check, "its erasure is on record, and its detail is still here", index
                )
        for _ in present - self._sealed.keys():
            self._findings.add(self._check, "a detail belongs to no entry")

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Details sealed, details erased, admissions, admissions still open."""
        erased = len(self._erased & self._sealed.keys())
        waiting = sum(each.open for each in self._admissions.values())
        return len(self._sealed) - erased, erased, len(self._admissions), waiting

    def _follow(self, index: int, leaf: Leaf, submission: str) -> None:
        if leaf.kind is Kind.ADMIT:
            samples = cast("int", leaf.public.get("samples", 1))
            self._admissions.setdefault(submission, Admission(samples))
            return
        admission = self._admissions.get(submission)
        if admission is None:
            if leaf.kind in _NEED_ADMISSION:
                self._findings.add(
                    self._check, f"{leaf.kind} without an admission before it", index
                )
            return
        if leaf.kind is Kind.HALTED:
            admission.halted = True
        elif leaf.kind in OUTCOMES:
            admission.closed.add(cast("int", leaf.public.get("sample", 0)))
