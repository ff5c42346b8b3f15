"""Reads what the service answers, and what class of answer each of its codes is.

What came is somebody else's: a document type, an entity or an unknown root is refused, not read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from xml.parsers import expat

from pipeline.duties.reports.errors import AnswerError
from pipeline.duties.reports.rules import Schema

MOST_BYTES: Final = 1024 * 1024
_ROOTS = frozenset({"reportResponse", "reportDoneResponse"})


class Answer(StrEnum):
    """What follows from an answer."""

    DONE = "done"
    RETRY = "retry"
    """It failed there: the whole sequence can be begun anew later."""
    FIX = "fix"
    """What was sent is wrong: a person has to look."""
    REFUSED = "refused"
    """It takes nothing from us: a person has to look at the credentials."""
    GONE = "gone"
    """The report or the file is not there any more: begin anew."""
    FILED = "filed"
    """It was finished before: it is filed."""


_CLASSES = {
    0: Answer.DONE,
    1210: Answer.FIX,
    2000: Answer.REFUSED,
    3000: Answer.REFUSED,
    3100: Answer.REFUSED,
    3300: Answer.REFUSED,
    4000: Answer.FIX,
    4100: Answer.FIX,
    4110: Answer.FIX,
    4200: Answer.FIX,
    5001: Answer.GONE,
    5002: Answer.GONE,
    5101: Answer.GONE,
    5102: Answer.FILED,
}


def class_of(code: int) -> Answer:
    """Return what follows from a code; one that nobody knows is tried again."""
    return _CLASSES.get(code, Answer.RETRY)


@dataclass(frozen=True, slots=True)
class Said:
    """One answer, as it was read."""

    code: int
    report_id: str | None
    file_id: str | None
    hash: str | None = field(repr=False)
    """The MD5 of what arrived."""
    files: Sequence[str] = ()


def read_answer(xml: bytes) -> Said:
    """Read an answer.

    Raises:
        AnswerError: it is none that the service documents.
    """
    found = _Elements.of(xml)
    code = found.one("responseCode")
    if found.root not in _ROOTS or code is None or not code.isascii() or not code.isdigit():
        raise AnswerError("answer", "a response with a code", "another document")
    done = found.root == "reportDoneResponse"
    return Said(
        int(code),
        found.one("reportId"),
        None if done else found.one("fileId"),
        found.one("hash"),
        found.texts.get("fileId", ()) if done else (),
    )


def read_schema(xml: bytes) -> Schema:
    """Read which elements and which words for values a schema knows.

    Raises:
        AnswerError: it is no schema.
    """
    found = _Elements.of(xml)
    if found.root.rpartition(":")[2] != "schema":
        raise AnswerError("answer", "a schema", "another document")
    return Schema(frozenset(found.names("element")), frozenset(found.names("enumeration")))


@dataclass(slots=True)
class _Elements:
    """The texts of the elements of a document, and their names and values as attributes."""

    root: str = ""
    texts: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    said: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    _text: list[str] = field(default_factory=list[str])

    @classmethod
    def of(cls, xml: bytes) -> "_Elements":
        found, parser = cls(), expat.ParserCreate()
        parser.StartElementHandler = found.start
        parser.EndElementHandler = found.end
        parser.CharacterDataHandler = found._text.append
        parser.StartDoctypeDeclHandler = _no_doctype
        if len(xml) > MOST_BYTES:
            raise AnswerError("answer", f"at most {MOST_BYTES} bytes", len(xml))
        try:
            parser.Parse(xml, True)  # noqa: FBT003 - expat's own: it is the last piece
        except expat.ExpatError as fault:
            raise AnswerError("answer", "XML", f"error {fault.code}") from None
        return found

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.root = self.root or tag
        self._text.clear()
        for name in ("name", "value"):
            if name in attributes:
                self.said.append((tag.rpartition(":")[2], attributes[name]))

    def end(self, tag: str) -> None:
        text = "".join(self._text).strip()
        self._text.clear()
        if text:
            self.texts.setdefault(tag, []).append(text)

    def one(self, tag: str) -> str | None:
        texts = self.texts.get(tag, ())
        if len(texts) > 1:
            raise AnswerError("answer", f"one {tag}", len(texts))
        return texts[0] if texts else None

    def names(self, tag: str) -> list[str]:
        return [value for of, value in self.said if of == tag]


def _no_doctype(*_: object) -> None:
    raise AnswerError("answer", "no document type", "one")
