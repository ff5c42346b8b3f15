"""Writes a PNG file: eight-bit RGBA, text chunks first, one compressed run of rows.

It writes what the PNG specification asks and no more, quickly: every row is stored as its
difference from the row above (filter "Up"), which flat colours turn into zeros.
"""

import struct
import zlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_EIGHT_BITS, _RGBA, _UP = 8, 6, 2


def write(pixels: NDArray[np.uint8], texts: Mapping[str, str]) -> bytes:
    """The file for `pixels`, shape (height, width, 4), with `texts` as text chunks in order."""
    height, width, _ = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, _EIGHT_BITS, _RGBA, 0, 0, 0)
    return b"".join(
        (
            SIGNATURE,
            _chunk(b"IHDR", header),
            *(_text(key, value) for key, value in texts.items()),
            _chunk(b"IDAT", zlib.compress(_rows(pixels), 1)),
            _chunk(b"IEND", b""),
        ),
    )


def _rows(pixels: NDArray[np.uint8]) -> bytes:
    height, width, channels = pixels.shape
    flat = pixels.reshape(height, width * channels)
    rows = np.empty((height, 1 + width * channels), np.uint8)
    rows[:, 0] = _UP
    rows[0, 1:] = flat[0]
    np.subtract(flat[1:], flat[:-1], out=rows[1:, 1:])
    return rows.tobytes()


def _text(key: str, value: str) -> bytes:
    """A tEXt chunk, or iTXt for text that Latin-1 cannot hold."""
    try:
        return _chunk(b"tEXt", key.encode("ascii") + b"\0" + value.encode("latin-1"))
    except UnicodeEncodeError:
        text = value.encode("utf-8", "replace")
        return _chunk(b"iTXt", key.encode("ascii") + b"\0\0\0\0\0" + text)


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(content, zlib.crc32(kind))
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)
