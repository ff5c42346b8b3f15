"""Any CSV file whose columns somebody has named, as police exports and members' lists are."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from classifiers.hash_bank import HashType
from classifiers.hash_bank_given import Given, known
from classifiers.hash_bank_rows import BadLine, BankFormatError, Read

FIELDS = ("hash", "type", "id", "classification", "severity")
"""What a column may be, besides the hash of one type, which is called as the type is."""
_TYPES = {kind.value: kind for kind in HashType}


def mapped(text: str, given: Given) -> Iterator[Read]:
    """Yield a row for each hash of each line after the header; an empty cell holds none.

    Raises:
        BankFormatError: a column that was named is not there.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=given.delimiter, strict=True)
    try:
        places = _places(next(reader, []), given)
        for row in reader:
            if row:
                yield from _read(reader.line_num, row, places, given)
    except csv.Error:
        yield BadLine(reader.line_num, "expected fields with each quote closed")


def _places(head: Sequence[str], given: Given) -> Mapping[str, int]:
    names = [name.strip() for name in head]
    unknown = sorted(set(given.columns) - {*FIELDS, *_TYPES})
    missing = sorted(name for name in given.columns.values() if names.count(name) != 1)
    if unknown or missing or not {"hash", *_TYPES} & set(given.columns):
        told = (
            f"expected columns to be among {', '.join((*FIELDS, *_TYPES))}"
            if unknown
            else f"expected the columns {', '.join(given.columns.values())} once each"
            if missing
            else "expected a column with hashes to be named"
        )
        raise BankFormatError(given.source, [BadLine(1, told)])
    return {ours: names.index(theirs) for ours, theirs in given.columns.items()}


def _read(
    number: int, row: Sequence[str], places: Mapping[str, int], given: Given
) -> Iterator[Read]:
    if len(row) <= max(places.values()):
        yield BadLine(number, "expected as many fields as the header has")
        return
    cells = {ours: row[place].strip() for ours, place in places.items()}
    kind = given.type
    if cells.get("type"):
        kind = _TYPES.get(cells["type"].lower().replace("-", ""))
        if kind is None:
            yield BadLine(number, f"type: expected one of {', '.join(_TYPES)}")
            return
    found = [(kind, cells["hash"])] if cells.get("hash") else []
    found += [(_TYPES[name], cells[name]) for name in cells if name in _TYPES and cells[name]]
    if not found:
        yield BadLine(number, "expected a hash")
    for each, text in found:
        try:
            type_, digest = known(text, each)
        except ValueError as fault:
            yield BadLine(number, str(fault))
        else:
            said = cells.get("classification", ""), cells.get("severity", "")
            yield number, given.line(type_, digest, cells.get("id", ""), *said)
