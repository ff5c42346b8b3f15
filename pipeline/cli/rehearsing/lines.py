"""Lines of a rehearsal: each a whole request, with whom it was for, and which route it came on."""

import base64
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from PIL import Image as Drawing

from classifiers.content import Image
from pipeline.cli.screening.lines import Line
from pipeline.items import Json, Operation, Subject, Tier, Work
from pipeline.jobs.received import Received
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.limits import Limits
from pipeline.novelai.reader import read_json

OMITTED: Final = "omitted"
"""What stands in a request where a picture was that is not handed on."""
_LIMITS = Limits()
_PICTURES = frozenset(
    {"image", "mask", "reference_image", "reference_image_multiple", "director_reference_images"}
)
_CANVAS = {"director_reference_images": (1024, 1536)}
"""The sizes that NovelAI prescribes; any other picture is as large as what is asked for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, and the pictures of it that there are."""

    subject: Subject
    work: Work
    images: tuple[Image, ...] = field(repr=False)
    omitted: int


def asked_in(line: Line, subject: Subject) -> Asked:
    """Read a line; `subject` is on whose behalf, where the line does not say.

    Raises:
        RequestRefusedError: it is no such line, or asks for something that this gate does not
            serve.
        UnreadableError: a picture of it is none.
    """
    if line.data is None:
        raise RequestRefusedError(413, f"expected at most {_LIMITS.body_bytes} bytes")
    match read_json(line.data, _LIMITS):
        case {"request": dict(request)} as said:
            stand_ins: set[bytes] = set()
            filled, omitted = _filled(request, stand_ins)
            operation = _operation(said.get("route", Operation.GENERATE))
            body = json.dumps(filled).encode()
            received = Received("application/json", body, _subject(said, subject), operation)
            work = received.work(_LIMITS)
            images = tuple(each for each in work.images if each.data not in stand_ins)
            return Asked(received.subject, work, images, omitted)
        case _:
            raise RequestRefusedError(400, "expected an object `request`")


def _subject(said: Mapping[str, Json], default: Subject) -> Subject:
    tier, claim = said.get("tier", default.tier), said.get("age_claim", default.assured)
    if not isinstance(tier, str) or tier not in {*Tier} or not isinstance(claim, bool):
        raise RequestRefusedError(400, f"expected a tier {' or '.join(Tier)}, age_claim true/false")
    return Subject(default.tenant, tier=Tier(tier), assured=claim)


def _operation(route: Json) -> Operation:
    if not isinstance(route, str) or route not in {*Operation}:
        raise RequestRefusedError(400, f"route: expected one of {', '.join(Operation)}")
    return Operation(route)


def _filled(request: dict[str, Json], stand_ins: set[bytes]) -> tuple[dict[str, Json], int]:
    """Put a blank picture where one was omitted, so that the rest can be read; count them."""
    inside = request.get("parameters")
    if isinstance(inside, dict):
        filled, omitted = _filled(inside, stand_ins)
        return {**request, "parameters": filled}, omitted
    filled, omitted = {**request}, 0
    for key in sorted(_PICTURES & request.keys()):
        value = request[key]
        given = value if isinstance(value, list) else [value]
        count = sum(each == OMITTED for each in given)
        if count:
            blank = _blank(*_CANVAS.get(key, (request.get("width"), request.get("height"))))
            stand_ins.add(blank)
            text = base64.b64encode(blank).decode("ascii")
            full: list[Json] = [text if each == OMITTED else each for each in given]
            filled[key] = full if isinstance(value, list) else text
            omitted += count
    return filled, omitted


def _blank(width: Json, height: Json) -> bytes:
    sides = [side for side in (width, height) if isinstance(side, int) and 0 < side <= _MOST_SIDE]
    if len(sides) != 2:  # noqa: PLR2004 - two sides
        raise RequestRefusedError(400, "width, height: expected those of the omitted picture")
    return _drawn(*sides)


_MOST_SIDE = 4096


@cache
def _drawn(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Drawing.new("1", (width, height)).save(out, "PNG")
    return out.getvalue()
