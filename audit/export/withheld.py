"""Which entries an export leaves out: a line for each run of them, with its reason."""

from collections import Counter
from collections.abc import Iterator

from audit.canonical_json import canonical
from audit.errors import MalformedError
from audit.export.findings import ExportCheck
from audit.export.folder import Writing
from audit.export.manifest import Manifest
from audit.export.profile import Profile, Scope, Withheld
from audit.leaf import read_object
from audit.report import Findings


class RangeWriter:
    """Takes every index in order, and writes the runs of those that are left out."""

    def __init__(self, file: Writing) -> None:
        self._file = file
        self._first = self._last = 0
        self._why: Withheld | None = None

    def take(self, index: int, why: Withheld | None) -> None:
        """Take the next index; None is an entry that is in the export."""
        if why is not self._why:
            self.close()
            self._first, self._why = index, why
        self._last = index

    def close(self) -> None:
        """Write the run that is open."""
        if self._why is not None:
            said = {"first": self._first, "last": self._last, "reason": self._why.value}
            self._file.write(canonical(said) + b"\n")


class Ranges:
    """Reads the runs beside a walk over all indices, and counts them.

    Only below `border` can an entry have been dropped.
    """

    def __init__(
        self, manifest: Manifest, lines: Iterator[bytes], findings: Findings, border: int
    ) -> None:
        self._border = border
        self._said = manifest.withheld
        self._reasons = reasons_of(manifest.scope)
        self._size, self._lines, self._findings = manifest.size, lines, findings
        self._counts = Counter[str]()
        self._first, self._last = self._next(-1)

    @property
    def any(self) -> bool:
        """Whether anything is left out."""
        return bool(self._said) or bool(self._counts)

    def leaves_out(self, index: int) -> bool:
        """Whether this index is left out; they MUST come in order."""
        if index > self._last:
            self._first, self._last = self._next(self._last)
        return self._first <= index <= self._last

    def finish(self) -> None:
        """Hold the counts to the manifest's."""
        if self._counts != self._said or any(True for _ in self._lines):
            self._findings.add(ExportCheck.COMPLETE, "the manifest counts other entries left out")

    def _next(self, before: int) -> tuple[int, int]:
        line = next(self._lines, None)
        if line is None:
            return self._size, self._size
        try:
            first, last, reason = self._range(line, before)
        except MalformedError as fault:
            self._findings.add(ExportCheck.COMPLETE, f"withheld.jsonl: {fault}")
            return self._size, self._size
        self._counts[reason] += last - first + 1
        return first, last

    def _range(self, line: bytes, before: int) -> tuple[int, int, str]:
        said = read_object(line, "line")
        first, last, reason = (said.get(name) for name in ("first", "last", "reason"))
        if not isinstance(first, int) or not isinstance(last, int) or canonical(said) != line:
            raise MalformedError("range", "first, last and reason, in canonical form", "another")
        if not before < first <= last < self._size:
            raise MalformedError("range", "one after the last, inside the log", "another")
        if reason not in self._reasons:
            raise MalformedError("range", "a reason that the scope has", "another")
        if reason == Withheld.DROPPED and last >= self._border:
            raise MalformedError("range", "what the log says was dropped", "another")
        return first, last, str(reason)


def reasons_of(scope: Scope) -> frozenset[str]:
    """Return the reasons for which a scope can leave an entry out."""
    there = {
        Withheld.DROPPED: True,
        Withheld.OUTSIDE_PERIOD: scope.since is not None or scope.until is not None,
        Withheld.OTHER_TENANT: scope.tenant is not None,
        Withheld.OTHER_CASE: scope.profile is Profile.LAW_ENFORCEMENT,
        Withheld.NOT_SAMPLED: scope.sample is not None,
    }
    return frozenset(reason.value for reason, holds in there.items() if holds)
