"""The canonical CSV of a bank: RFC 4180, UTF-8, one header, one source, all or nothing."""

import csv
from collections.abc import Iterator
from datetime import datetime

from classifiers.hash_bank import HEADER, Bank, Kind, lines
from classifiers.hash_bank_rows import BadLine, BankFormatError, Read, take


def parse(data: bytes, *, source: str, kind: Kind, fetched_at: datetime) -> Bank:
    """Read a whole file. A byte order mark and either line end are tolerated.

    Raises:
        BankFormatError: with every bad line; nothing is taken of a file that has one.
    """
    listing = take(source, read(text_of(data, source), source))
    return Bank(source, kind, tuple(listing.entries()), fetched_at)


def write(bank: Bank) -> bytes:
    """Return the bank as a canonical CSV; `parse` gives the same entries back, sorted."""
    return "".join((",".join(HEADER), "\r\n", *lines(bank.entries))).encode()


def text_of(data: bytes, source: str) -> str:
    """Decode a file.

    Raises:
        BankFormatError: it is not UTF-8; the line is named.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        number = data.count(b"\n", 0, fault.start) + 1
        raise BankFormatError(source, [BadLine(number, "expected UTF-8")]) from None


def read(text: str, source: str) -> Iterator[Read]:
    """Yield each line after the header.

    Raises:
        BankFormatError: it has another header.
    """
    head, *rest = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    try:
        columns = next(csv.reader([head], strict=True), [])
    except csv.Error:
        columns = []
    if tuple(columns) != HEADER:
        raise BankFormatError(source, [BadLine(1, f"expected the header {HEADER}")])
    return enumerate(rest, 2)
