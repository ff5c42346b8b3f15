"""Texts that somebody labelled: which label is told by which signals, and how a row is read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.cli.errors import UnusableError
from pipeline.cli.measuring.sheet import columns_of, labelled

_HARMS = (
    "sexual",
    "nonconsent",
    "animal",
    "gore_violence",
    "hate",
    "harassment",
    "self_harm",
    "illegal",
)
LABELS: Mapping[str, tuple[str, ...]] = {
    "sexual": ("text.sexual", "text.model.sexual"),
    "minor_present": (
        "text.minor.term",
        "text.minor.age",
        "text.minor.context",
        "text.minor.character",
        "text.model.minor_present",
    ),
    "nonconsent": ("text.sexual.nonconsent", "text.model.nonconsent"),
    "animal": ("text.sexual.animal", "text.model.animal"),
    "gore_violence": ("text.gore", "text.model.gore_violence"),
    "hate": ("text.hate", "text.model.hate"),
    "harassment": ("text.model.harassment",),
    "self_harm": ("text.self_harm", "text.model.self_harm"),
    "illegal": ("text.model.illegal",),
    "real_person": ("text.real_person", "text.model.real_person"),
    "risky": (
        "text.sexual",
        "text.gore",
        "text.hate",
        "text.self_harm",
        *(f"text.model.{harm}" for harm in _HARMS),
    ),
}
"""For each label the signals, or the families of signals, of which the highest is its score."""
_TEXT, _SOURCE = "text", "source"


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled text; a label that nobody gave it is None."""

    text: str = field(repr=False)
    source: str
    labels: tuple[bool | None, ...]
    """In the order of `Sheet.labels`."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file of labelled texts, opened and found in order as far as its head goes."""

    path: Path
    labels: tuple[str, ...]
    others: tuple[str, ...]
    """Columns that are no label that is known here."""

    @classmethod
    def open(cls, path: Path) -> "Sheet":
        """Read the head of the file.

        Raises:
            UnusableError: it is not UTF-8, or lacks a column.
            OSError: it cannot be read.
        """
        columns = columns_of(path)
        if missing := {_TEXT, _SOURCE} - set(columns):
            expected = "the columns text, source and labels"
            raise UnusableError(str(path), expected, f"none called {', '.join(sorted(missing))}")
        if len(set(columns)) != len(columns):
            raise UnusableError(str(path), "each column once", "one twice")
        rest = [name for name in columns if name not in {_TEXT, _SOURCE}]
        labels = tuple(name for name in rest if name in LABELS)
        if not labels:
            raise UnusableError(str(path), f"a label among {', '.join(LABELS)}", "none")
        return cls(path, labels, tuple(name for name in rest if name not in LABELS))

    def rows(self) -> Iterator[Row]:
        """Read row by row.

        Raises:
            UnusableError: a row is not as the head says.
            OSError: it cannot be read.
        """
        for given, labels in labelled(self.path, self.labels):
            yield Row(given[_TEXT], given[_SOURCE], labels)


def score(
    label: str, signals: Mapping[str, float], unavailable: Sequence[str] = ()
) -> float | None:
    """Return the highest score of what tells `label`; None if nobody can say that it is not so.

    That is: nobody said any of it, or what was said is 0 and somebody else could not look.
    """
    told = [value for name, value in signals.items() if _tells(name, label)]
    highest = max(told, default=0.0)
    if highest > 0:
        return highest
    return None if not told or any(_tells(name, label) for name in unavailable) else highest


def _tells(name: str, label: str) -> bool:
    return any(name == family or name.startswith(f"{family}.") for family in LABELS[label])
