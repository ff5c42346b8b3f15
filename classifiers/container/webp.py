"""Takes a WebP file apart (RFC 9649)."""

from collections.abc import Iterator

from classifiers.container import exif
from classifiers.container.parts import (
    Container,
    Format,
    Notes,
    animated,
    not_a_picture,
    not_too_many,
    truncated,
)

MAGIC = b"RIFF"
FORM = b"WEBP"
_HEAD = 12
_PIXELS = frozenset({b"VP8X", b"ICCP", b"ALPH", b"VP8 ", b"VP8L"})
_ANIMATION = 0x02
_ALPHA_AND_PROFILE = 0x30
_EXTENDED_BYTES = 10
_HEADER_BYTES = {b"VP8X": _EXTENDED_BYTES, b"VP8 ": 10, b"VP8L": 5}


def parse(data: bytes, notes: Notes) -> Container:
    """Walk every chunk of the RIFF form.

    Raises:
        UnreadableError: it is no WebP, is cut short, animated, or carries too much text.
    """
    kept: list[bytes] = []
    beside: list[bytes] = []
    sizes: list[tuple[int, int]] = []
    orientation = 1
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise truncated("WebP")
    for kind, body, whole in not_too_many(_chunks(data[:end])):
        if kind in _HEADER_BYTES:
            sizes.append(_size(kind, body))
        if kind in {b"ANIM", b"ANMF"} or (kind == b"VP8X" and body[0] & _ANIMATION):
            raise animated("WebP")
        if kind == b"EXIF":
            orientation = exif.read(body, notes)
        elif kind == b"XMP ":
            notes.add("XMP", body.decode("utf-8", errors="replace"))
        if kind == b"VP8X":  # it says which chunks follow; those that are dropped no longer do
            kept.append(whole[:8] + bytes([body[0] & _ALPHA_AND_PROFILE]) + whole[9:])
        elif kind in _PIXELS:
            kept.append(whole)
        else:
            beside.append(body)
    if len(set(sizes)) != 1:
        raise not_a_picture("WebP: expected one picture of one size")
    form = FORM + b"".join(kept)
    return Container(
        format=Format.WEBP,
        width=sizes[0][0],
        height=sizes[0][1],
        pixels=MAGIC + len(form).to_bytes(4, "little") + form,
        notes=tuple(notes.found),
        orientation=orientation,
        trailing_bytes=len(data) - end,
        beside=tuple(beside),
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Each chunk: its type, its body and the whole of it, padded to even length."""
    at = _HEAD
    while at < len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        whole = data[at : at + 8 + length + length % 2]
        if len(whole) < 8 + length:
            raise truncated("WebP")
        kind = whole[:4]
        yield kind, whole[8 : 8 + length], whole if len(whole) % 2 == 0 else whole + b"\x00"
        at += len(whole)


def _size(kind: bytes, body: bytes) -> tuple[int, int]:
    """Width and height as one of the three headers says."""
    if len(body) < _HEADER_BYTES[kind]:
        raise not_a_picture("WebP: a header is too short")
    if kind == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return (
        int.from_bytes(body[6:8], "little") & 0x3FFF,
        int.from_bytes(body[8:10], "little") & 0x3FFF,
    )
