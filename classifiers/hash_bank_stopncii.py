"""StopNCII's hashes, as its API answers: JSON, all records of all pages in one `hashRecords`.

{"count": 1, "hasMoreRecords": false, "hashRecords": [{"lastModtimestamp": 1767322984,
 "signalType": "ImagePDQ", "hashValue": "...", "hashStatus": "Active", ...}]}
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, ValidationError

from classifiers.hash_bank import HashType, Status
from classifiers.hash_bank_given import Given, known, written
from classifiers.hash_bank_rows import BadLine, BankFormatError, Page, Read

_GONE = frozenset({"withdrawn", "deleted"})
_LIVE = frozenset({"unknown", "received", "active"})
_OTHERS = frozenset({"VideoMD5", "VideoTMK", "Text", "URL", "Unknown"})


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    signalType: str  # noqa: N815 - their name
    hashValue: str  # noqa: N815 - their name
    hashStatus: str  # noqa: N815 - their name
    lastModtimestamp: int | None = None  # noqa: N815 - their name


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    hashRecords: list[dict[str, object]]  # noqa: N815 - their name
    hasMoreRecords: bool = False  # noqa: N815 - their name
    nextPageToken: str | None = None  # noqa: N815 - their name
    nextSetTimestamp: int | None = None  # noqa: N815 - their name


def stopncii(text: str, given: Given) -> Iterator[Read]:
    """Yield a row for each record of a picture; a withdrawn one is retracted. Others are counted.

    Numbers are those of records. Case numbers are not kept: they are people's.

    Raises:
        BankFormatError: it is no such answer, or one page of several.
    """
    answer = _answer(text, given)
    if answer.hasMoreRecords:
        told = "expected the last page, with the records of all: more are to come"
        raise BankFormatError(given.source, [BadLine(1, told)])
    yield from _rows(answer, given)


def stopncii_page(text: str, given: Given) -> Page:
    """Read one page of what changed: a record takes the place of the one before it.

    Raises:
        BankFormatError: it is no such answer, or one that says that more comes and not where.
    """
    answer = _answer(text, given)
    lost = answer.hasMoreRecords and not answer.nextPageToken
    if lost or answer.nextSetTimestamp is None:
        told = "expected nextSetTimestamp, and nextPageToken where there is more"
        raise BankFormatError(given.source, [BadLine(1, told)])
    rows = [*_rows(answer, given)]
    entries = {row[1].split(",", 2)[1]: [row[1]] for row in rows if not isinstance(row, BadLine)}
    bad = [row for row in rows if isinstance(row, BadLine)]
    token = answer.nextPageToken if answer.hasMoreRecords else None
    return Page(entries, bad, token or "", str(answer.nextSetTimestamp))


def _answer(text: str, given: Given) -> _Answer:
    try:
        return _Answer.model_validate(json.loads(text))
    except (ValueError, RecursionError):
        told = "expected JSON with a list of hashRecords"
        raise BankFormatError(given.source, [BadLine(1, told)]) from None


def _rows(answer: _Answer, given: Given) -> Iterator[Read]:
    for number, record in enumerate(answer.hashRecords, 1):
        try:
            read = _row(record, given)
        except (ValidationError, OverflowError, OSError):
            yield BadLine(number, "expected a record with signalType, hashValue and hashStatus")
        except ValueError as fault:
            yield BadLine(number, str(fault))
        else:
            if read:
                yield number, read


def _row(record: dict[str, object], given: Given) -> str:
    """Return the line of a record, or nothing for what is of no picture."""
    one = _Record.model_validate(record)
    if one.signalType in _OTHERS:
        given.skipped[one.signalType] += 1
        return ""
    if one.signalType != "ImagePDQ":
        raise ValueError("signalType: expected one that StopNCII documents")
    state = one.hashStatus.lower()
    if state not in _GONE | _LIVE:
        raise ValueError("hashStatus: expected one that StopNCII documents")
    _, digest = known(one.hashValue, HashType.PDQ)
    status = Status.RETRACTED if state in _GONE else Status.ACTIVE
    stamp = one.lastModtimestamp
    at = "" if stamp is None else written(datetime.fromtimestamp(stamp, UTC))
    return given.line(HashType.PDQ, digest, classification="ImagePDQ", status=status, at=at)
