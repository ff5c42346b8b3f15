"""Chooses the reader by the first bytes of a file, never by what it was said to be."""

from classifiers.container import jpeg, png, webp
from classifiers.container.parts import Container, Notes
from classifiers.errors import Unreadable, UnreadableError

_OTHER_PICTURES = (
    b"GIF8",
    b"BM",
    b"II*\x00",
    b"MM\x00*",
    b"\x00\x00\x01\x00",
    b"8BPS",
    b"\xff\x0a",
)


def take_apart(data: bytes, max_metadata_bytes: int) -> Container:
    """Return what the file is made of. Nothing is decoded.

    Raises:
        UnreadableError: it is no PNG, JPEG or WebP with one whole still picture, or its texts are
            longer than `max_metadata_bytes` together.
    """
    notes = Notes(max_metadata_bytes)
    if data.startswith(png.MAGIC):
        return png.parse(data, notes)
    if data.startswith(jpeg.MAGIC):
        return jpeg.parse(data, notes)
    if data.startswith(webp.MAGIC) and data[8:12] == webp.FORM:
        return webp.parse(data, notes)
    if data.startswith(_OTHER_PICTURES) or data[4:8] == b"ftyp":
        message = "expected PNG, JPEG or WebP, got another format"
        raise UnreadableError(message, Unreadable.UNSUPPORTED_FORMAT)
    raise UnreadableError("expected PNG, JPEG or WebP", Unreadable.NOT_A_PICTURE)
