"""Reads a CSV file of labelled things: each label 1, 0, or nothing where nobody knows."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pipeline.cli.errors import UnusableError

_VALUES: Mapping[str, bool | None] = {"1": True, "0": False, "": None}
Labelled = tuple[Mapping[str, str], tuple[bool | None, ...]]
"""The fields of one record by column, and its labels in the order that was asked for."""


def columns_of(path: Path) -> Sequence[str]:
    """Read the head of the file.

    Raises:
        UnusableError: it is no CSV file in UTF-8.
        OSError: it cannot be read.
    """
    return next(_records(path), [])


def labelled(path: Path, labels: Sequence[str]) -> Iterator[Labelled]:
    """Read record by record.

    Raises:
        UnusableError: a record is not as the head says.
        OSError: it cannot be read.
    """
    records = _records(path)
    columns = next(records)
    for number, record in enumerate(records, start=2):
        where = f"{path}, record {number}"
        if len(record) != len(columns):
            raise UnusableError(where, f"{len(columns)} fields", str(len(record)))
        given = dict(zip(columns, record, strict=True))
        said = [given[name].strip() for name in labels]
        if not set(said) <= _VALUES.keys():
            raise UnusableError(where, "1, 0 or nothing for each label", "something else")
        yield given, tuple(_VALUES[label] for label in said)


def _records(path: Path) -> Iterator[Sequence[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from csv.reader(file, strict=True)
    except UnicodeDecodeError:
        raise UnusableError(str(path), "UTF-8 text", "something else") from None
    except csv.Error as fault:
        raise UnusableError(str(path), "a CSV file", str(fault)) from None
