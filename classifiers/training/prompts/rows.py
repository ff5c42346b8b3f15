"""One text to learn from or to be measured on, with what its source says about it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Self

from classifiers.content import Grammar, Prompt, Text
from classifiers.normalise import read
from classifiers.prompt_heads import HEADS, Head


class Kind(StrEnum):
    """Where a text comes from."""

    REAL = "real"
    """Somebody wrote it, for another purpose than this."""
    PAIRED = "paired"
    """A model wrote it, as one of a pair."""
    COMPOSED = "composed"
    """Put together here out of real tags, names or captions."""


class Split(StrEnum):
    """What a text is for."""

    TRAIN = "train"
    DEV = "dev"
    """Calibration and thresholds."""
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Row:
    """One text. A head that is missing from `labels` is one on which its source is silent."""

    source: str
    group: str
    """Rows of one group stay on one side of every split."""
    text: str = field(repr=False)
    labels: Mapping[Head, int]
    kind: Kind = Kind.REAL
    split: Split = Split.TRAIN
    tags: tuple[str, ...] = ()
    """What it is made of, if it may be put in another order."""

    @property
    def is_benign(self) -> bool:
        """Whether its source says of no head that it applies, age and names aside."""
        return not any(self.labels.get(head) for head in HARMS)

    def to_json(self) -> str:
        """Write it as one line."""
        known = {
            "source": self.source,
            "group": self.group,
            "text": self.text,
            "labels": {str(head): value for head, value in self.labels.items()},
            "kind": self.kind,
            "split": self.split,
        }
        return json.dumps(known, ensure_ascii=False)

    @classmethod
    def from_json(cls, line: str) -> Self:
        """Read what `to_json` wrote."""
        known = json.loads(line)
        labels = {Head(name): int(value) for name, value in known["labels"].items()}
        kind, split = Kind(known["kind"]), Split(known["split"])
        return cls(known["source"], known["group"], known["text"], labels, kind, split)

    def but(self, *without: Head) -> "Row":
        """Return it silent on some heads."""
        left = {head: value for head, value in self.labels.items() if head not in without}
        return replace(self, labels=left)


HARMS = tuple(head for head in HEADS if head not in {Head.MINOR_PRESENT, Head.REAL_PERSON})
"""Heads of which a text that is asked for ought to have none."""


def safe(**known: int) -> dict[Head, int]:
    """Return labels of a text that has none of the harms, and what else is known."""
    return dict.fromkeys(HARMS, 0) | {Head(name): value for name, value in known.items()}


def as_served(text: str) -> str:
    """Return `text` as the model meets it: folded, with its grammar undone."""
    reading = read(Prompt((Text("prompt", text),), Grammar.V4))
    return " ".join(reading.asked().split())


def write(path: Path, rows: Iterable[Row]) -> None:
    """Write rows, a line each."""
    path.write_text("".join(f"{row.to_json()}\n" for row in rows), "utf-8")


def read_rows(path: Path) -> Iterator[Row]:
    """Read what `write` wrote."""
    with path.open(encoding="utf-8") as lines:
        yield from map(Row.from_json, lines)
