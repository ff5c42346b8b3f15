"""Takes a JPEG file apart (ITU-T T.81, annex B)."""

import re
from collections.abc import Iterator

from classifiers.container import exif
from classifiers.container.parts import (
    Container,
    Format,
    Notes,
    animated,
    not_a_picture,
    not_too_many,
    too_large,
    truncated,
)

MAGIC = b"\xff\xd8\xff"
_START = b"\xff\xd8"
_END = b"\xff\xd9"
_SCAN = 0xDA
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_COMMENT = 0xFE
_APP1 = 0xE1
_APP2 = 0xE2
_BESIDE = frozenset({_COMMENT, *range(0xE0, 0xF0)})
_DROPPED = _BESIDE - {0xE0, 0xEE}  # JFIF and Adobe make pixels
_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
_FRAME_BYTES = 6
MOST_SCANS = 64
"""A decoder goes over the whole picture once a scan, and a scan may be 42 bytes long. Encoders
write about ten."""


def parse(data: bytes, notes: Notes) -> Container:
    """Walk every segment up to the end of the picture.

    Raises:
        UnreadableError: it is no JPEG, is cut short, holds several pictures, or too many scans or
            too much text.
    """
    kept = [_START]
    beside: list[bytes] = []
    size: tuple[int, int] | None = None
    orientation = 1
    end = len(_START)
    for marker, body, whole in not_too_many(_segments(data)):
        end += len(whole)
        if marker in _FRAMES:
            if size is not None or len(body) < _FRAME_BYTES:
                raise not_a_picture("JPEG: expected one frame header")
            size = int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big")
        elif marker in _BESIDE:
            orientation = _told(marker, body, notes) or orientation
            beside.append(body)
        if marker not in _DROPPED or body.startswith(b"ICC_PROFILE\x00"):
            kept.append(whole)
    if size is None:
        raise not_a_picture("JPEG: expected a frame header, got none")
    return Container(
        format=Format.JPEG,
        width=size[0],
        height=size[1],
        pixels=b"".join((*kept, _END)),
        notes=tuple(notes.found),
        orientation=orientation,
        trailing_bytes=len(data) - end - len(_END),
        beside=tuple(beside),
    )


def _told(marker: int, body: bytes, notes: Notes) -> int | None:
    """Add the texts of what makes no pixels to `notes`; return the orientation, if it tells one."""
    if marker == _COMMENT:
        notes.add("Comment", body.decode("utf-8", errors="replace"))
    elif marker == _APP1 and body.startswith(b"Exif\x00\x00"):
        return exif.read(body, notes)
    elif marker == _APP1 and body.startswith(_XMP):
        notes.add("XMP", body.removeprefix(_XMP).decode("utf-8", errors="replace"))
    elif marker == _APP2 and body.startswith(b"MPF\x00"):
        raise animated("JPEG")
    return None


def _segments(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Each segment up to the end marker: its marker, its body and the whole of it.

    The whole of a scan holds its entropy-coded bytes too.
    """
    at = len(_START)
    scans = 0
    while data[at : at + 2] != _END:
        if data[at : at + 1] not in {b"\xff", b""}:
            raise not_a_picture("JPEG: expected a marker")
        while (
            data[at + 1 : at + 2] == b"\xff"
        ):  # any number of fill bytes may stand before a marker
            at += 1
        body_end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if body_end > len(data) or body_end < at + 4:
            raise truncated("JPEG")
        marker = data[at + 1]
        end = body_end
        if marker == _SCAN:
            scans += 1
            if scans > MOST_SCANS:
                raise too_large("JPEG scans", MOST_SCANS, scans)
            found = _NEXT_MARKER.search(data, body_end)
            if found is None:
                raise truncated("JPEG")
            end = found.start()
        yield marker, data[at + 4 : body_end], data[at:end]
        at = end
