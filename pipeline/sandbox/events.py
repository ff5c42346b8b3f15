"""The forms of a stream: previews while a picture is drawn, then the picture (section 1.5).

Several samples take turns. A preview is a small JPEG that sharpens; the end is the whole file.
"""

import json
import struct
from base64 import b64encode
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Final

from PIL import Image
from starlette.responses import Response

from pipeline.sandbox.studio import Picture

KINDS: Final = frozenset({"sse", "msgpack"})
_TYPES: Final = {"sse": "text/event-stream", "msgpack": "application/msgpack"}
_STEEPEST_SIGMA: Final = 20_000.0
_PREVIEW_SIDE: Final = 256
_GEN_ID: Final = 6_214_152
_Told = Mapping[str, str | int | float | bytes]


def answer(pictures: list[Picture], steps: int, kind: str, *, breaks_off: bool) -> Response:
    """A whole stream, or one that ends in an error before the first picture is whole."""
    told = [*_previews(pictures, steps)]
    if breaks_off:
        told.append({"event_type": "error", "samp_ix": 0, "message": "Internal Server Error"})
    else:
        told += [
            {"event_type": "final", "samp_ix": index, "gen_id": _GEN_ID, "image": picture.content}
            for index, picture in enumerate(pictures)
        ]
    write = _frame if kind == "msgpack" else _event
    headers = {"content-type": _TYPES[kind], "cache-control": "no-cache"}
    return Response(b"".join(map(write, told)), 200, headers)


def _previews(pictures: list[Picture], steps: int) -> Iterator[_Told]:
    small = [_preview(picture.content) for picture in pictures]
    for step in range(steps - 1):
        for index, image in enumerate(small):
            yield {
                "event_type": "intermediate",
                "samp_ix": index,
                "step_ix": step,
                "gen_id": _GEN_ID,
                "sigma": _STEEPEST_SIGMA / (1 << step) if step else _STEEPEST_SIGMA,
                "image": image,
            }


def _preview(content: bytes) -> bytes:
    file = BytesIO()
    with Image.open(BytesIO(content)) as picture:
        small = picture.convert("RGB")
        small.thumbnail((_PREVIEW_SIDE, _PREVIEW_SIDE))
        small.save(file, "JPEG", quality=60)
    return file.getvalue()


def _event(told: _Told) -> bytes:
    shown = {
        key: b64encode(value).decode("ascii") if isinstance(value, bytes) else value
        for key, value in told.items()
    }
    return f"event: {shown['event_type']}\ndata: {json.dumps(shown)}\n\n".encode("ascii")


def _frame(told: _Told) -> bytes:
    packed = bytes([0x80 | len(told)])
    packed += b"".join(_packed(key) + _packed(value) for key, value in told.items())
    return struct.pack(">I", len(packed)) + packed


def _packed(value: str | float | bytes) -> bytes:
    """One value in MessagePack's widest form of its kind."""
    match value:
        case str():
            return struct.pack(">BI", 0xDB, len(value.encode())) + value.encode()
        case bytes():
            return struct.pack(">BI", 0xC6, len(value)) + value
        case int():
            return struct.pack(">BI", 0xCE, value)
        case float():
            return struct.pack(">Bd", 0xCB, value)
