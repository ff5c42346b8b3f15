"""Released pictures as the end of a stream: one `final` event each, and nothing before them.

NovelAI's stream shows a picture while it is drawn. Nothing may be shown that was not examined, so
here the picture is made by the plain route, passes the gates, and then its end is told in the form
that streaming clients read (novelai-api.md 1.5).
"""

import base64
import json
import struct
from collections.abc import Mapping
from typing import Final

from fastapi.responses import Response

from pipeline.gateway.answers import released_headers
from pipeline.items import Marked, Recorded, Released

SSE: Final = "text/event-stream"
MSGPACK: Final = "application/msgpack"
_GENERATION_IDS: Final = 10_000_000
_SHORT, _STRING, _MAP = 0x80, 0xA0, 0x80  # msgpack: small integers are their own byte
_UINT32, _BIN32 = 0xCE, 0xC6


def stream(released: Recorded[Released]) -> Response:
    """Answer as NovelAI's stream ends: as msgpack if the request said so, else as SSE."""
    outcome = released.outcome
    # an integer, because one community SDK takes nothing else
    generation = outcome.submission.id.int % _GENERATION_IDS
    packed = outcome.submission.work.stream == "msgpack"
    write = _frame if packed else _event
    return Response(
        b"".join(write(picture, generation) for picture in outcome.pictures),
        headers={
            **released_headers(released),
            "Content-Type": MSGPACK if packed else SSE,  # Starlette would add a charset
            "Cache-Control": "no-store",
        },
    )


def _event(picture: Marked, generation: int) -> bytes:
    image = base64.b64encode(picture.data).decode("ascii")
    told = json.dumps({**_final(picture, generation), "image": image})
    return f"event: final\ndata: {told}\n\n".encode("ascii")


def _frame(picture: Marked, generation: int) -> bytes:
    """Write a map in msgpack, after its length in four bytes."""
    said = _final(picture, generation)
    items = b"".join(_string(key) + _value(value) for key, value in said.items())
    image = _string("image") + struct.pack(">BI", _BIN32, len(picture.data)) + picture.data
    content = bytes([_MAP | (len(said) + 1)]) + items + image
    return struct.pack(">I", len(content)) + content


def _final(picture: Marked, generation: int) -> Mapping[str, str | int]:
    """Say what the event is, but for the picture; a `final` has no step and no sigma."""
    return {"event_type": "final", "samp_ix": picture.sealed.index, "gen_id": generation}


def _value(value: str | int) -> bytes:
    if isinstance(value, str):
        return _string(value)
    return bytes([value]) if value < _SHORT else struct.pack(">BI", _UINT32, value)


def _string(text: str) -> bytes:
    return bytes([_STRING | len(text)]) + text.encode("ascii")
