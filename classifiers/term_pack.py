"""Operators' own terms, laid on the lists that ship and found like those, in every spelling.

    id,list,mode,text
    1,minor,word,...

Beyond the search nobody sees the texts: what is found is called `pack.<name>.<id>`, and what is
wrong with a file is told by its line.
"""

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from classifiers.errors import TermsError
from classifiers.vocabulary import PACKED, Mode, Row, Term, TermList, Vocabulary, terms

MOST_BYTES = 8 << 20
"""The size of a file that is read at all: more than a hundred thousand terms."""
_COLUMNS = ["id", "list", "mode", "text"]
_ID = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)
_LISTS = {one.value: one for one in TermList}
_MODES = frozenset(mode.value for mode in Mode)


@dataclass(frozen=True, slots=True)
class TermPack:
    """The terms of one pack. `digest` is that of the file they came in."""

    name: str
    digest: str
    terms: tuple[Term, ...] = field(repr=False)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many terms each of its lists has."""
        return dict(sorted(Counter(name for one in self.terms for name in one.lists).items()))

    def ids(self, name: TermList) -> tuple[str, ...]:
        """Return the ids of its terms of one list, as the file has them."""
        start = len(f"{PACKED}{self.name}.")
        return tuple(one.id[start:] for one in self.terms if name in one.lists)


def parse(name: str, digest: str, data: bytes) -> TermPack:
    """Read the CSV file of a pack.

    Raises:
        TermsError: a row is not an id, the name of a list, a mode and a text, or an id is there
            twice or is its own text. The message tells the line and never what it holds.
    """
    by_list: dict[TermList, list[Row]] = {}
    seen: set[str] = set()
    for line, (id_, list_, mode, text) in _rows(name, data):
        if not _ID.fullmatch(id_) or id_ in seen or id_.casefold() == text.casefold():
            raise _fault(name, line, "an id of its own: letters, digits, - and _, not its text")
        if list_ not in _LISTS:
            raise _fault(name, line, f"a list among {', '.join(_LISTS)}")
        if mode not in _MODES:
            raise _fault(name, line, f"a mode among {', '.join(sorted(_MODES))}")
        if not _has_letters(text):
            raise _fault(name, line, "a text with a letter or a digit in it")
        seen.add(id_)
        by_list.setdefault(_LISTS[list_], []).append((f"{PACKED}{name}.{id_}", mode, text))
    if not seen:
        raise _fault(name, 2, "a term")
    made = [
        term
        for list_, rows in by_list.items()
        for term in terms(f"term pack {name}", rows, frozenset({list_}))
    ]
    return TermPack(name, digest, tuple(made))


def laid_on(listed: Vocabulary, packs: Sequence[TermPack]) -> Vocabulary:
    """Return `listed` with the terms of all `packs`; its digest tells which packs they are."""
    if not packs:
        return listed
    digests = ":".join([listed.digest, *(f"{pack.name}={pack.digest}" for pack in packs)])
    return replace(
        listed,
        digest=hashlib.sha256(digests.encode()).hexdigest(),
        terms=(*listed.terms, *(term for pack in packs for term in pack.terms)),
    )


def _rows(name: str, data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with its line, the head left out."""
    if len(data) > MOST_BYTES:
        raise _fault(name, 1, f"at most {MOST_BYTES} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _fault(name, 1, "UTF-8") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        if next(reader, []) != _COLUMNS:
            raise _fault(name, 1, f"the columns {','.join(_COLUMNS)}")
        for row in reader:
            if row and len(row) != len(_COLUMNS):
                raise _fault(name, reader.line_num, "four cells")
            if row:
                yield reader.line_num, [cell.strip() for cell in row]
    except csv.Error:
        raise _fault(name, reader.line_num, "CSV with each quote closed") from None


def _has_letters(text: str) -> bool:
    return any(letter.isalnum() for letter in text) and text.isprintable()


def _fault(name: str, line: int, expected: str) -> TermsError:
    return TermsError(f"term pack {name}, line {line}: expected {expected}")
