"""Lines of JSON: each a text or a whole NovelAI request in, one answer each out."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from classifiers.content import Prompt
from classifiers.errors import ClassifierError
from pipeline.cli.screening.asked import Manner
from pipeline.cli.screening.screener import Screened, Screener, Terms, screener
from pipeline.items import Json
from pipeline.novelai import request
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.limits import Limits
from pipeline.novelai.reader import read_json
from policies.decision import Action

_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Line:
    """One line as received; None when it is longer than any request may be."""

    number: int
    data: bytes | None = field(repr=False)


def lines_of(stream: BinaryIO) -> Iterator[Line]:
    """Give the lines of `stream` but the empty ones; one that is too long is never held whole."""
    most = _LIMITS.body_bytes
    number = 0
    while data := stream.readline(most + 1):
        number += 1
        if len(data) > most:
            while data and not data.endswith(b"\n"):
                data = stream.readline(most)
            yield Line(number, None)
        elif data := data.strip():
            yield Line(number, data)


def answer(judging: Screener, manner: Manner, line: Line) -> tuple[str, bool]:
    """Judge one line; return the answer as JSON, and whether it could be judged.

    A line that could not has the same keys, and says why: it is a block, since nobody looked.
    """
    said: dict[str, Any] = {"id": None}
    try:
        asked = _read(line)
        said["id"] = asked.get("id")
        screened = judging.screen(_prompt(asked, manner))
    except (RequestRefusedError, ClassifierError) as fault:
        return json.dumps({**said, **_NOTHING, "error": f"line {line.number}: {fault}"}), False
    return json.dumps(said | answered(screened)), True


def answers(terms: Terms, manner: Manner, lines: Sequence[Line]) -> list[tuple[str, bool]]:
    """Judge some lines, in order, in whatever process this is."""
    return [answer(screener(terms), manner, line) for line in lines]


def weight(line: Line) -> int:
    """Return how many bytes a line holds."""
    return len(line.data or b"")


def answered(screened: Screened) -> dict[str, Any]:
    """Return what was found and decided, as JSON has it."""
    return {
        "action": screened.decision.action,
        "codes": list(screened.codes),
        "signals": dict(screened.signals),
        "unavailable": list(screened.unavailable),
        "ms": screened.milliseconds,
    }


_NOTHING: dict[str, Any] = {
    "action": Action.BLOCK,
    "codes": [],
    "signals": {},
    "unavailable": [],
    "ms": 0.0,
}


def _read(line: Line) -> dict[str, Json]:
    if line.data is None:
        raise RequestRefusedError(413, f"expected at most {_LIMITS.body_bytes} bytes")
    return read_json(line.data, _LIMITS)


def _prompt(asked: dict[str, Json], manner: Manner) -> Prompt:
    match asked:
        case {"text": str(text)} if "request" not in asked:
            return manner.prompt(text)
        case {"request": dict(whole)} if "text" not in asked:
            return request.parse(whole, None, limits=_LIMITS).prompt
        case _:
            raise RequestRefusedError(
                400, "expected a string `text`, or an object `request`, and not both"
            )
