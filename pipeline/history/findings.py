"""Reads findings from JSON, in the form in which the audit log's detail has them.

    [{"name": "text.gore", "score": 0.7}, {"name": "image.person", "unavailable": "failed"}]

`where` is a field's path, perhaps with its span (`input[0, 4]`), or a picture's carrier and index,
perhaps with its box (`parameters.image/0[8, 8, 64, 64]`). A whole detail can be read as well.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import cast

from classifiers.signals import (
    Field,
    Finding,
    Picture,
    Reason,
    Signal,
    SignalName,
    Unavailable,
    Where,
)
from pipeline.errors import FindingsError
from policies.facts import OUTPUT_CARRIER

_NUMBERS = r"\[(\d{1,9}(?:, ?\d{1,9})*)\]"
_FIELD = re.compile(rf"(?P<path>.+?)(?:{_NUMBERS})?", re.ASCII | re.DOTALL)
_PICTURE = re.compile(rf"(?P<carrier>.+)/(?P<index>\d{{1,9}})(?:{_NUMBERS})?", re.ASCII | re.DOTALL)
_SOURCE = "file"
_KEYS = {"name", "where", "source", "score", "evidence", "unavailable"}


def read_findings(text: str) -> tuple[Finding, ...]:
    """Read a list of findings, or an object that holds one under `findings` (or `detail`).

    Raises:
        FindingsError: it is something else; it says which finding, and what was expected.
    """
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError):
        raise FindingsError("findings", "JSON", "something else") from None
    for name in ("detail", "findings"):
        if isinstance(document, dict) and name in document:
            document = cast("dict[str, object]", document)[name]
    return findings_of(document)


def findings_of(document: object) -> tuple[Finding, ...]:
    """Read a list of findings that was parsed.

    Raises:
        FindingsError: it is something else; it says which finding, and what was expected.
    """
    if not isinstance(document, list):
        raise FindingsError("findings", "a list", f"a {type(document).__name__}")
    items = cast("list[object]", document)
    return tuple(_finding(item, f"findings[{number}]") for number, item in enumerate(items))


def _finding(item: object, place: str) -> Finding:
    if not isinstance(item, dict):
        raise FindingsError(place, "an object with a name", f"a {type(item).__name__}")
    said = cast("dict[str, object]", item)
    for key in sorted(said.keys() - _KEYS):
        raise FindingsError(place, f"the keys {', '.join(sorted(_KEYS))}", repr(key))
    if ("score" in said) == ("unavailable" in said):
        raise FindingsError(place, "either a score or `unavailable`", "both or neither")
    name = SignalName(_word(said, "name", [*SignalName], place))
    where = _where(said, name, place)
    source = _text(said, "source", _SOURCE, place)
    if "unavailable" in said:
        reason = Reason(_word(said, "unavailable", [*Reason], place))
        return Unavailable(name, where, source, reason)
    score = said["score"]
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        raise FindingsError(place, "a score from 0 to 1", repr(score))
    return Signal(name, float(score), where, source, _text(said, "evidence", "", place))


def _where(said: Mapping[str, object], name: SignalName, place: str) -> Where:
    of_text = name.startswith("text.")
    written = _text(said, "where", "*" if of_text else f"{OUTPUT_CARRIER}/0", place)
    match = (_FIELD if of_text else _PICTURE).fullmatch(written)
    if match is None:
        expected = f"where: {'a path' if of_text else 'carrier/index'}"
        raise FindingsError(place, expected, repr(written))
    numbers = [int(each) for each in (match[match.re.groups] or "").split(",") if each]
    if of_text:
        span = (numbers[0], numbers[1]) if len(numbers) == len(("start", "end")) else None
        return Field(match["path"] if span or not numbers else written, span)
    if len(numbers) not in {0, len("xywh")}:
        raise FindingsError(place, "where: a box of four numbers", repr(written))
    box = (numbers[0], numbers[1], numbers[2], numbers[3]) if numbers else None
    return Picture(match["carrier"], int(match["index"]), box)


def _text(said: Mapping[str, object], key: str, otherwise: str, place: str) -> str:
    value = said.get(key, otherwise)
    if not isinstance(value, str):
        raise FindingsError(place, f"{key}: a text", f"a {type(value).__name__}")
    return value


def _word(said: Mapping[str, object], key: str, known: Sequence[str], place: str) -> str:
    value = said.get(key)
    if not isinstance(value, str) or value not in known:
        raise FindingsError(place, f"{key}: one of {', '.join(known)}", repr(value))
    return value
