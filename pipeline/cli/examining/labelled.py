"""Pictures that somebody labelled.

A label is the name of a signal of pictures, which is measured by its score, or a code, which is
measured by whether the policy stops the picture. A set of pictures that are `CSE.*` is a crime to
hold: such a label is refused, but where nothing is written save scores.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from classifiers.signals import SignalName
from pipeline.cli.errors import UnusableError
from pipeline.cli.measuring.sheet import columns_of, labelled
from policies.labels import HarmCode

SIGNALS = frozenset(
    name.value
    for name in SignalName
    if name.startswith("image.") and not name.startswith(("image.mark.", "image.mask"))
)
_PATH, _SOURCE = "path", "source"
_CODES = frozenset(code.value for code in HarmCode)
_FORBIDDEN = "CSE."


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled picture; a label that nobody gave it is None."""

    path: Path
    source: str
    labels: tuple[bool | None, ...]
    """In the order of the sheet's."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """A file that labels pictures, found in order as far as its head goes."""

    path: Path
    labels: tuple[str, ...]

    @classmethod
    def open(cls, path: Path, *, whatever: bool = False) -> "Pictures":
        """Read the head of the file; with `whatever`, a label may be a code of `CSE.*`.

        Raises:
            UnusableError: it is not UTF-8, lacks a column, or has one that is no label.
            OSError: it cannot be read.
        """
        columns = columns_of(path)
        rest = tuple(name for name in columns if name not in {_PATH, _SOURCE})
        if not whatever and any(name.startswith(_FORBIDDEN) for name in rest):
            expected = "no picture that is labelled CSE.*: build no such set (docs/examine.md)"
            raise UnusableError(str(path), expected, "one")
        if missing := {_PATH, _SOURCE} - set(columns):
            expected = "the columns path, source and labels"
            raise UnusableError(str(path), expected, f"none called {', '.join(sorted(missing))}")
        unknown = set(rest) - SIGNALS - _CODES
        if unknown or not rest or len(set(columns)) != len(columns):
            got = ", ".join(sorted(unknown)) or "none, or one twice"
            expected = f"labels that are codes or among {', '.join(sorted(SIGNALS))}"
            raise UnusableError(str(path), expected, got)
        return cls(path, rest)

    def rows(self) -> Iterator[Row]:
        """Read row by row; a path is from where the file lies.

        Raises:
            UnusableError: a row is not as the head says.
            OSError: it cannot be read.
        """
        for given, labels in labelled(self.path, self.labels):
            yield Row(self.path.parent / given[_PATH], given[_SOURCE], labels)
