"""Takes a PNG file apart (W3C PNG third edition, section 5)."""

import zlib
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

MAGIC = b"\x89PNG\r\n\x1a\n"
_PIXELS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"iCCP", b"IDAT", b"IEND"})
_ANIMATION = frozenset({b"acTL", b"fcTL", b"fdAT"})
_HEADER_BYTES = 13
_FRAME = 12  # length, type and check sum of a chunk


def parse(data: bytes, notes: Notes) -> Container:
    """Walk every chunk up to the end of the picture.

    Raises:
        UnreadableError: it is no PNG, is cut short, animated, or carries too much text.
    """
    kept = [MAGIC]
    beside: list[bytes] = []
    seen: set[bytes] = set()
    size = (0, 0)
    orientation = 1
    end = len(MAGIC)
    for kind, body, whole in not_too_many(_chunks(data)):
        if kind in _ANIMATION:
            raise animated("PNG")
        if (kind == b"IHDR") == bool(seen):  # the first chunk, and that one only
            raise not_a_picture("PNG: expected one header, as its first chunk")
        if kind == b"IHDR":
            size = _size(body)
        elif kind == b"eXIf":
            orientation = exif.read(body, notes)
        elif kind in {b"tEXt", b"zTXt", b"iTXt"}:
            notes.add(*_text(kind, body, notes.left))
        if kind in _PIXELS:
            kept.append(whole)
        else:
            beside.append(body)
        seen.add(kind)
        end += len(whole)
    if b"IDAT" not in seen:
        raise not_a_picture("PNG: expected pixels, got none")
    return Container(
        format=Format.PNG,
        width=size[0],
        height=size[1],
        pixels=b"".join(kept),
        notes=tuple(notes.found),
        orientation=orientation,
        trailing_bytes=len(data) - end,
        beside=tuple(beside),
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Each chunk up to IEND: its type, its body and the whole of it."""
    at = len(MAGIC)
    while True:
        length = int.from_bytes(data[at : at + 4], "big")
        whole = data[at : at + _FRAME + length]
        if len(whole) < _FRAME + length:
            raise truncated("PNG")
        kind = whole[4:8]
        if zlib.crc32(whole[4:-4]) != int.from_bytes(whole[-4:], "big"):
            raise not_a_picture("PNG: the check sum of a chunk does not hold")
        yield kind, whole[8:-4], whole
        if kind == b"IEND":
            return
        at += len(whole)


def _size(body: bytes) -> tuple[int, int]:
    if len(body) != _HEADER_BYTES:
        message = f"PNG: expected a header of {_HEADER_BYTES} bytes, got {len(body)}"
        raise not_a_picture(message)
    return int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big")


def _text(kind: bytes, body: bytes, most: int) -> tuple[str, str]:
    """Keyword and text of a tEXt, zTXt or iTXt chunk."""
    key, _, rest = body.partition(b"\x00")
    encoding = "latin-1"
    packed = kind == b"zTXt"
    if packed:
        rest = rest[1:]  # the compression method; there is only one
    elif kind == b"iTXt":
        encoding = "utf-8"
        packed = rest[:1] == b"\x01"
        rest = rest[2:].partition(b"\x00")[2].partition(b"\x00")[2]  # language, translated key
    if packed:
        rest = _unpack(rest, most)
    return key.decode("latin-1"), rest.decode(encoding, errors="replace")


def _unpack(packed: bytes, most: int) -> bytes:
    """Inflate, but never more than `most` bytes: a small chunk can hold gigabytes."""
    inflate = zlib.decompressobj()
    try:
        text = inflate.decompress(packed, most + 1)
    except zlib.error:
        raise not_a_picture("PNG: a compressed text does not inflate") from None
    if len(text) > most:
        raise too_large("metadata bytes", most, len(text))
    return text
