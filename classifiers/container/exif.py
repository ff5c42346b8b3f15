"""Reads from EXIF what a reviewer or a decoder needs: texts and the orientation.

EXIF is read leniently: what does not parse is left out. That is safe, because nothing of it is
ever forwarded, and the pixels that are judged are the pixels that are forwarded.
"""

import struct
from collections.abc import Iterator
from typing import Literal

from classifiers.container.parts import Notes

_ORIENTATION = 0x0112
_EXIF_FOLDER = 0x8769
_TEXTS = {
    0x010D: "DocumentName",
    0x010E: "ImageDescription",
    0x0131: "Software",
    0x013B: "Artist",
    0x8298: "Copyright",
    0x9286: "UserComment",
    0x9C9B: "XPTitle",
    0x9C9C: "XPComment",
    0x9C9E: "XPKeywords",
    0x9C9F: "XPSubject",
}
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 7: 1}
_ASCII = 2
_INLINE = 4
_MOST_TAGS = 512
_ORIENTATIONS = range(1, 9)

_Order = Literal["little", "big"]


def read(data: bytes, notes: Notes) -> int:
    """Add the texts of one EXIF block to `notes` and return the orientation, 1 when there is none.

    Raises:
        UnreadableError: the texts are longer than `notes` may hold.
    """
    data = data.removeprefix(b"Exif\x00\x00")
    order: _Order = "little" if data[:2] == b"II" else "big"
    orientation = 1
    folders = [int.from_bytes(data[4:8], order)] if data[:2] in {b"II", b"MM"} else []
    for folder in folders:  # at most two: the first one and its EXIF folder
        for tag, kind, value in _tags(data, folder, order):
            if tag == _EXIF_FOLDER and len(folders) == 1:
                folders.append(int.from_bytes(value[:4], order))
            elif tag == _ORIENTATION and int.from_bytes(value[:2], order) in _ORIENTATIONS:
                orientation = int.from_bytes(value[:2], order)
            elif tag in _TEXTS:
                notes.add(_TEXTS[tag], _text(tag, kind, value, order))
    return orientation


def _tags(data: bytes, at: int, order: _Order) -> Iterator[tuple[int, int, bytes]]:
    """Each tag of the folder at `at`: its number, its type and its bytes."""
    layout = struct.Struct("<HHI4s" if order == "little" else ">HHI4s")
    count = min(int.from_bytes(data[at : at + 2], order), _MOST_TAGS)
    for start in range(at + 2, at + 2 + count * layout.size, layout.size):
        if start + layout.size > len(data):
            return
        tag, kind, length, value = layout.unpack_from(data, start)
        size = length * _SIZES.get(kind, 0)
        if size > _INLINE:
            offset = int.from_bytes(value, order)
            value = data[offset : offset + size]
        yield tag, kind, value[:size]


def _text(tag: int, kind: int, value: bytes, order: _Order) -> str:
    """The text of one tag: XP tags are UTF-16, user comments name their encoding, others UTF-8."""
    encoding = "utf-8"
    if _TEXTS[tag].startswith("XP"):
        encoding = "utf-16-le"
    elif _TEXTS[tag] == "UserComment" and kind != _ASCII:
        head, value = value[:8], value[8:]
        if head == b"UNICODE\x00":
            encoding = "utf-16-le" if order == "little" else "utf-16-be"
    return value.decode(encoding, errors="replace").strip("\x00 ")
