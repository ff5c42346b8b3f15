"""Takes a PNG or WebP file into its parts and puts them together again, byte for byte.

Only for files that were taken apart and decoded before (`classifiers.container`): nothing is
checked again, and what no format knows is kept where it stands.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.errors import MarkingError

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_FRAME: Final = 12  # length, type and check sum of a chunk
_PNG_END: Final = b"IEND"
_RIFF_HEAD: Final = 12
_XMP_KEY: Final = b"XML:com.adobe.xmp\x00"
_FLAGS: Final = 8  # where VP8X says which chunks there are
_SAYS_XMP: Final = 0x04

HEAD: Final = b"head"
"""The kind of what a file begins with."""
AFTER: Final = b"after"
"""The kind of what follows the end of the picture."""


@dataclass(frozen=True, slots=True)
class Part:
    """A chunk of a file, or what stands before or behind all of them."""

    kind: bytes
    whole: memoryview
    """Not copied: a picture has megabytes."""

    @property
    def is_mark(self) -> bool:
        """Whether it is XMP or a C2PA manifest: what stays true of one file alone."""
        if self.kind == b"iTXt":
            return bytes(self.whole[8 : 8 + len(_XMP_KEY)]) == _XMP_KEY
        return self.kind in {b"XMP ", b"caBX", b"C2PA"}


def taken_apart(data: bytes) -> tuple[Part, ...]:
    """Return the parts of a file, which together are all of it.

    Raises:
        MarkingError: it is neither PNG nor WebP, or its chunks do not fit together.
    """
    if data.startswith(_PNG):
        return tuple(_png(data))
    if data[:4] == b"RIFF" and data[8:_RIFF_HEAD] == b"WEBP":
        return tuple(_webp(data))
    raise MarkingError("PNG or WebP", "another file")


def joined(parts: Sequence[Part]) -> bytes:
    """Return the file of these parts; a WebP says its own length, and whether it has XMP."""
    if bytes(parts[0].whole) == _PNG:
        return b"".join(part.whole for part in parts)
    has_xmp = any(part.kind == b"XMP " for part in parts)
    chunks = [_saying(part, has_xmp=has_xmp) for part in parts[1:] if part.kind != AFTER]
    after = [part.whole for part in parts if part.kind == AFTER]
    length = (4 + sum(map(len, chunks))).to_bytes(4, "little")
    return b"".join((b"RIFF", length, b"WEBP", *chunks, *after))


def unmarked(data: bytes) -> bytes:
    """Return a file without any XMP and any C2PA manifest; all else of it as it is.

    Raises:
        MarkingError: as for `taken_apart`.
    """
    parts = taken_apart(data)
    kept = [part for part in parts if not part.is_mark]
    return data if len(kept) == len(parts) else joined(kept)


def _saying(part: Part, *, has_xmp: bool) -> memoryview | bytes:
    if part.kind != b"VP8X":
        return part.whole
    header = bytearray(part.whole)
    header[_FLAGS] = header[_FLAGS] & ~_SAYS_XMP | (_SAYS_XMP if has_xmp else 0)
    return bytes(header)


def _png(data: bytes) -> Iterator[Part]:
    file = memoryview(data)
    yield Part(HEAD, file[: len(_PNG)])
    at, kind = len(_PNG), b""
    while kind != _PNG_END:
        end = at + _PNG_FRAME + int.from_bytes(data[at : at + 4], "big")
        if end > len(data):
            raise MarkingError("whole chunks", "one cut short")
        kind = data[at + 4 : at + 8]
        yield Part(kind, file[at:end])
        at = end
    if at < len(data):
        yield Part(AFTER, file[at:])


def _webp(data: bytes) -> Iterator[Part]:
    file = memoryview(data)
    yield Part(HEAD, file[:_RIFF_HEAD])
    at, last = _RIFF_HEAD, 8 + int.from_bytes(data[4:8], "little")
    while at < last:
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        end = at + 8 + length + length % 2
        if end > min(last, len(data)):
            raise MarkingError("whole chunks", "one cut short")
        yield Part(data[at : at + 4], file[at:end])
        at = end
    if at < len(data):
        yield Part(AFTER, file[at:])
