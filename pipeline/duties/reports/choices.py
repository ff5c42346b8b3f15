"""What people choose to say of a case: words of the service's own and nothing else.

No sentence is anybody's own, so that a choice can lie in app.db and be read by the second person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pipeline.duties.reports.document import FileFlag, IncidentType, ReportFlag
from pipeline.duties.reports.errors import NotReportableError

TYPES = frozenset({IncidentType.PORNOGRAPHY, IncidentType.ENTICEMENT, IncidentType.UNSOLICITED})
"""What a generator of pictures can be a place of."""
FILE_FLAGS = frozenset(
    {
        FileFlag.DRAWN,
        FileFlag.PHYSICAL_HARM,
        FileFlag.GORE,
        FileFlag.BESTIALITY,
        FileFlag.INFANT,
    }
)
"""What people can say of a file. That it was generated is said by the record."""
CLASSES = ("A1", "A2", "B1", "B2")


class Why(StrEnum):
    """Why a case is not reported."""

    MISTAKEN = "mistaken"
    """The machines were wrong: it is nothing of the kind."""
    NO_DUTY = "no_duty"
    """It is forbidden here, and is nothing that is reported there: a drawing, as a rule."""
    REPORTED = "reported"
    """It was reported by another way, or under another case."""
    NO_ROUTE = "no_route"
    """This tenant's profile reports nowhere, and says why."""


@dataclass(frozen=True, slots=True)
class Choices:
    """One draft."""

    incident: IncidentType
    urgent: bool = False
    """Whether it is asked to be looked at before others."""
    flags: frozenset[ReportFlag] = frozenset()
    file_flags: frozenset[FileFlag] = frozenset()
    classification: str | None = None
    why_not: Why | None = None
    """Why it is not to be reported; then nothing else counts."""

    def __post_init__(self) -> None:
        fits = self.incident in TYPES and self.file_flags <= FILE_FLAGS
        if not fits or self.classification not in {None, *CLASSES}:
            raise NotReportableError("draft", "what a generator can report", "another choice")

    def write(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return {
            "incident": self.incident.name,
            "urgent": self.urgent,
            "flags": sorted(each.value for each in self.flags),
            "file_flags": sorted(each.value for each in self.file_flags),
            "classification": self.classification,
            "why_not": self.why_not,
        }

    @classmethod
    def read(cls, kept: Mapping[str, Any] | None) -> "Choices":
        """Read back what `write` wrote.

        Raises:
            NotReportableError: there is no draft, or it is another version's.
        """
        try:
            return cls(
                IncidentType[kept["incident"]],  # type: ignore[index] # None is a TypeError
                bool(kept["urgent"]),  # type: ignore[index] # the same
                frozenset(map(ReportFlag, kept["flags"])),  # type: ignore[index] # the same
                frozenset(map(FileFlag, kept["file_flags"])),  # type: ignore[index] # the same
                kept["classification"],  # type: ignore[index] # the same
                None if kept["why_not"] is None else Why(kept["why_not"]),  # type: ignore[index] # the same
            )
        except (KeyError, TypeError, ValueError):
            raise NotReportableError("draft", "one of this version", "another") from None
