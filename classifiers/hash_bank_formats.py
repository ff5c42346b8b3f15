"""The formats in which lists come, each read into one listing, whole or not at all."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum

from classifiers import hash_bank_csv
from classifiers.hash_bank_given import Given
from classifiers.hash_bank_mapped import mapped
from classifiers.hash_bank_ncmec import ncmec
from classifiers.hash_bank_plain import plain, threatexchange
from classifiers.hash_bank_rows import Listing, Read, take
from classifiers.hash_bank_stopncii import stopncii


class Format(StrEnum):
    """How a file is written."""

    CANONICAL = "canonical"
    PLAIN = "plain"
    THREATEXCHANGE = "threatexchange"
    NCMEC = "ncmec"
    STOPNCII = "stopncii"
    CSV = "csv"


def _canonical(text: str, given: Given) -> Iterator[Read]:
    return hash_bank_csv.read(text, given.source)


_READERS: Mapping[Format, Callable[[str, Given], Iterator[Read]]] = {
    Format.CANONICAL: _canonical,
    Format.PLAIN: plain,
    Format.THREATEXCHANGE: threatexchange,
    Format.NCMEC: ncmec,
    Format.STOPNCII: stopncii,
    Format.CSV: mapped,
}


def parse(
    data: bytes, form: Format, given: Given, told: Callable[[int], None] | None = None
) -> Listing:
    """Read a whole file; `told` learns how many rows were read.

    Raises:
        BankFormatError: with every bad line; nothing is taken of a file that has one.
    """
    text = hash_bank_csv.text_of(data, given.source)
    return take(given.source, _READERS[form](text, given), told)
