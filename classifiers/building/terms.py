"""Builds the lists in `classifiers/terms` from what people have reviewed in `building/lists`.

    python -m classifiers.building.terms

It writes each list anew. An entry keeps its id for ever and no id is used twice: `ids.csv`
remembers every one that was ever given. What is yet to be reviewed, `building.candidates` prints.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import yaml

from classifiers.normalise import plain_form
from classifiers.vocabulary import Mode, TermList

HERE = Path(__file__).parent
LISTS = HERE / "lists"
TERMS = HERE.parent / "terms"
HARMLESS = "harmless"
TAG = "tag"
"""The language of tags, and of other names for them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A reviewed term: the list it belongs to, and its language, or its scope if it is harmless."""

    name: str
    language: str
    mode: Mode
    text: str


def reviewed() -> Iterator[Entry]:
    """Give all that was reviewed and kept, once each: the lists first, then tags and names.

    An entry that reads as one before it, when folded, is left out.
    """
    seen: set[tuple[str, str]] = set()
    for entry in (*_lists(), *_kept("tags.csv"), *_kept("people.csv")):
        scope = entry.language if entry.name == HARMLESS else ""
        key = (f"{entry.name}.{scope}", plain_form(entry.text))
        if key not in seen:
            seen.add(key)
            yield entry


def _lists() -> Iterator[Entry]:
    for name in (*TermList, HARMLESS):
        data: object = yaml.safe_load((LISTS / f"{name}.yaml").read_text("utf-8"))
        languages = cast("Mapping[str, Mapping[str, list[object]]]", data)
        for language, modes in languages.items():
            for mode, texts in modes.items():
                for text in texts:
                    yield Entry(str(name), language, Mode(mode), str(text))


def _kept(name: str) -> Iterator[Entry]:
    for row in csv.DictReader(io.StringIO((LISTS / name).read_text("utf-8"))):
        if row["keep"] == "yes":
            text = row["text"].replace("_", " ")
            yield Entry(row["list"], row.get("language") or TAG, Mode.WORD, text)


@dataclass(frozen=True, slots=True)
class Built:
    """The rows of each list, and those with an id that is new."""

    rows: Mapping[str, Sequence[tuple[str, str, str]]]
    new: Sequence[tuple[str, str, str]]


def built(entries: Iterable[Entry], issued: Sequence[Mapping[str, str]]) -> Built:
    """Give each entry its id: the one it always had, or the next one that was never used."""
    known = {_key(row["id"], row["mode"], row["text"]): row["id"] for row in issued}
    last: dict[str, int] = defaultdict(int)
    for row in issued:
        group, _, number = row["id"].rpartition(".")
        last[group] = max(last[group], int(number))
    rows: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    new: list[tuple[str, str, str]] = []
    for entry in entries:
        group = f"{entry.name}.{entry.language}"
        id_ = known.get((group, entry.mode, entry.text))
        if id_ is None:
            last[group] += 1
            id_ = f"{group}.{last[group]}"
            new.append((id_, entry.mode, entry.text))
        rows[entry.name].append((id_, entry.mode, entry.text))
    return Built(rows, new)


def _key(id_: str, mode: str, text: str) -> tuple[str, str, str]:
    return id_.rpartition(".")[0], mode, text


def issued() -> list[dict[str, str]]:
    """Return every id that was ever given, with what it was given to."""
    return list(csv.DictReader(io.StringIO((LISTS / "ids.csv").read_text("utf-8"))))


def written(rows: Iterable[tuple[str, str, str]]) -> str:
    """Return the rows of a list as its file holds them."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows((("id", "mode", "text"), *rows))
    return out.getvalue()


def build() -> None:
    """Write the lists, and remember the new ids."""
    before = issued()
    result = built(reviewed(), before)
    for name, rows in result.rows.items():
        (TERMS / f"{name}.csv").write_text(written(rows), "utf-8")
    known = [(row["id"], row["mode"], row["text"]) for row in before]
    (LISTS / "ids.csv").write_text(written([*known, *result.new]), "utf-8")


if __name__ == "__main__":
    build()
