"""NCMEC's hash sharing, version 2: the XML of `entries`, all pages in one `queryResult`.

Expat reads it; a document type is refused, so there are no entities to blow up.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from classifiers.hash_bank import HashType
from classifiers.hash_bank_given import Given, known
from classifiers.hash_bank_rows import BadLine, BankFormatError, Page, Read

NAMESPACE = "https://hashsharing.ncmec.org/hashsharing/v2"
_TYPES = {
    "md5": HashType.MD5,
    "sha1": HashType.SHA1,
    "pdna": HashType.PHOTODNA,
    "pdq": HashType.PDQ,
}
_OTHERS = frozenset({"netclean", "videntifier", "tmk-pdqf", "ssvh-pdna", "ssvh-safer-hash"})
_IMAGE, _DELETED = ("queryResult", "images", "image"), ("queryResult", "images", "deletedImage")
_NEXT = ("queryResult", "paging", "next")
_PIECE = 1 << 20


def ncmec(text: str, given: Given) -> Iterator[Read]:
    """Yield a row for each fingerprint of a picture; videos and kinds of others are counted.

    An entry is named `member/id`. What was deleted is not listed: the file stands for all there is.

    Raises:
        BankFormatError: it is no such XML, or one page of several.
    """
    reader = _Reader(given)
    for _ in _parsed(text, reader):
        for _, rows in reader.entries:
            yield from rows
        reader.entries.clear()
    if reader.next:
        bad = BadLine(reader.next_at, "expected all pages in one: a next one is named")
        raise BankFormatError(given.source, [bad])


def ncmec_page(text: str, given: Given) -> Page:
    """Read one page of what changed: an entry stands for all there is of it, or says it is gone.

    Raises:
        BankFormatError: it is no such XML.
    """
    reader = _Reader(given)
    for _ in _parsed(text, reader):
        pass
    entries: dict[str, list[str]] = {}
    bad: list[BadLine] = []
    for entry, rows in reader.entries:
        entries[entry] = [row[1] for row in rows if not isinstance(row, BadLine)]
        bad += [row for row in rows if isinstance(row, BadLine)]
    return Page(entries, bad, reader.next)


def _parsed(text: str, reader: "_Reader") -> Iterator[None]:
    """Have `reader` read a text, and yield after each piece.

    Raises:
        BankFormatError: it is no such XML.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = lambda _: reader.end(parser.CurrentLineNumber)
    parser.CharacterDataHandler = reader.text.append
    parser.StartDoctypeDeclHandler = reader.doctype
    try:
        for first in range(0, len(text), _PIECE):
            parser.Parse(text[first : first + _PIECE], False)  # noqa: FBT003 - expat has no names
            yield
        parser.Parse("", True)  # noqa: FBT003 - the same
    except (expat.ExpatError, _OtherXmlError):
        bad = BadLine(parser.CurrentLineNumber, f"expected XML of the namespace {NAMESPACE}")
        raise BankFormatError(reader.given.source, [bad]) from None
    yield


class _OtherXmlError(Exception):
    """It is XML of another kind."""


@dataclass(slots=True)
class _Reader:
    """Where in the document it stands, and what was read of the entry there."""

    given: Given
    path: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    member: str = ""
    entry: str = ""
    label: str = ""
    found: list[tuple[str, str]] = field(default_factory=list)
    entries: list[tuple[str, list[Read]]] = field(default_factory=list)
    """Each entry that was read, by its name, with its rows; one that is gone has none."""
    next: str = ""
    next_at: int = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Begin an element."""
        space, _, local = name.partition(" ")
        if space != NAMESPACE or (not self.path and local != "queryResult"):
            raise _OtherXmlError
        self.path.append(local)
        self.text.clear()
        if tuple(self.path) in {_IMAGE, _DELETED}:
            self.member = self.entry = self.label = ""
            self.found = []
        if local == "member" and tuple(self.path[:-1]) in {_IMAGE, _DELETED}:
            self.member = attributes.get("id", "")

    def end(self, line: int) -> None:
        """End an element."""
        path, text = tuple(self.path), "".join(self.text).strip()
        self.path.pop()
        self.text.clear()
        if path[:-1] in {_IMAGE, _DELETED} and path[-1] == "id":
            self.entry = text
        elif path == (*_IMAGE, "classification"):
            self.label = text
        elif path[:-1] == (*_IMAGE, "fingerprints"):
            self.found.append((path[-1].lower(), text))
        elif path in {_IMAGE, _DELETED}:
            self.entries.append((f"{self.member}/{self.entry}", [*self._rows(line)]))
            self.given.skipped.update([path[-1]] if path == _DELETED else [])
        elif path == ("queryResult", "videos", "video"):
            self.given.skipped[path[-1]] += 1
        elif path == _NEXT:
            self.next, self.next_at = text, line

    def doctype(self, *_: object) -> None:
        """Refuse a document type."""
        raise _OtherXmlError

    def _rows(self, line: int) -> Iterator[Read]:
        if not self.member or not self.entry:
            yield BadLine(line, "expected an image with a member's id and an id")
            return
        for name, text in self.found:
            if name in _OTHERS or (name in _TYPES and not text):  # what is large has a href instead
                self.given.skipped[name] += 1
            elif name not in _TYPES:
                yield BadLine(line, "fingerprints: expected kinds that NCMEC documents")
            else:
                yield self._row(line, _TYPES[name], text)

    def _row(self, line: int, kind: HashType, text: str) -> Read:
        try:
            _, digest = known(text, kind)
        except ValueError as fault:
            return BadLine(line, str(fault))
        return line, self.given.line(kind, digest, f"{self.member}/{self.entry}", self.label)
