"""What entries owe each other: admissions their outcomes, details their leaves or an erasure."""

from collections.abc import Iterable
from enum import IntEnum

from audit.entry import OUTCOMES, Kind
from audit.glance import Glance
from audit.report import Check, Findings

_NEED_ADMISSION = frozenset({Kind.GENERATED, Kind.RELEASE})


class Pairing:
    """Follows submissions, details and erasures through one walk over the log."""

    def __init__(self, findings: Findings, check: IntEnum = Check.PAIRS) -> None:
        self._findings, self._check = findings, check
        self._admissions: dict[str, int] = {}  # how many samples each has, 0 when it is over
        self._closed: dict[str, set[int]] = {}  # of those that are not: which samples are
        self._sealed: dict[bytes, int] = {}
        self._erased: set[bytes] = set()

    def take(self, index: int, entry: Glance) -> None:
        """Follow one entry; they MUST come in order."""
        if entry.sealed:
            self._sealed[entry.entry_id] = index
        if entry.submission is not None:
            self._follow(index, entry, entry.submission)

    def erase(self, entry_ids: Iterable[bytes]) -> None:
        """Remember what an `erase` entry names."""
        self._erased.update(entry_ids)

    def check_details(self, present: set[bytes], border: int = 0) -> None:
        """Hold the rows of the detail table to the leaves: none missing, none left over.

        What says of an erasure below `border` may have been dropped with its shard.
        """
        for entry_id, index in self._sealed.items():
            erased, here = entry_id in self._erased, entry_id in present
            if not here and not erased and index < border:
                self._erased.add(entry_id)
            elif not here and not erased:
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
        waiting = sum(samples > 0 for samples in self._admissions.values())
        return len(self._sealed) - erased, erased, len(self._admissions), waiting

    def _follow(self, index: int, entry: Glance, submission: str) -> None:
        if entry.kind is Kind.ADMIT:
            self._admissions.setdefault(submission, entry.samples)
        elif (samples := self._admissions.get(submission)) is None:
            if entry.kind in _NEED_ADMISSION:
                what = f"{entry.kind} without an admission before it"
                self._findings.add(self._check, what, index)
        elif samples and entry.kind in OUTCOMES:
            closed = self._closed.setdefault(submission, set())
            closed.add(entry.sample)
            if entry.kind is Kind.HALTED or len(closed) >= samples:
                self._admissions[submission] = 0
                del self._closed[submission]
