"""Finds the whole pictures that a file carries beside its own: thumbnails, previews, appended ones.

Wherever it is kept, in EXIF, in XMP, in what a program wrote for itself or behind the end, such a
picture begins as a file of its own does. What begins so and is no whole picture is none. One that
is kept as bare samples, or under a cipher, is not found.
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from classifiers.container import jpeg, png, webp
from classifiers.container.parts import Container, Note, too_large
from classifiers.container.take_apart import take_apart
from classifiers.errors import Unreadable, UnreadableError

MOST_BEGUN: Final = 8
"""In one file. By chance the first bytes of a picture stand nowhere."""
_BEGINNINGS: Final = (
    re.compile(re.escape(jpeg.MAGIC)),
    re.compile(re.escape(png.MAGIC)),
    re.compile(webp.MAGIC + b"...." + webp.FORM, re.DOTALL),  # the first word alone is a word
)
_IN_BASE64: Final = ("/9j/", "iVBORw0KGgo", "UklGR")
"""As which these begin where XMP has them."""
_BASE64: Final = re.compile("[A-Za-z0-9+/]+")
_RAW_PROFILE: Final = "Raw profile type "
"""Begins the keyword of a PNG's text that is EXIF or XMP in hexadecimal digits, as ImageMagick
writes it: after a line with its kind and one with its length."""
_NO_PICTURE: Final = frozenset({Unreadable.NOT_A_PICTURE, Unreadable.TRUNCATED})


@dataclass(frozen=True, slots=True)
class Beside:
    """One whole file within another, not yet decoded."""

    data: bytes = field(repr=False)
    container: Container = field(repr=False)


def pictures_beside(
    data: bytes, container: Container, max_metadata_bytes: int
) -> tuple[Beside, ...]:
    """Return every picture that `data`, of which `container` was taken apart, holds beside its own.

    Those that such a picture holds are among them.

    Raises:
        UnreadableError: more begin than `MOST_BEGUN`, or one is animated or beyond the limits.
    """
    appended = data[len(data) - container.trailing_bytes :]
    waiting = [appended, *_carried(container)]
    found: list[Beside] = []
    begun = 0
    while waiting:
        body = waiting.pop()
        at = _begin(body, 0)
        while at is not None:
            begun += 1
            if begun > MOST_BEGUN:
                raise too_large("pictures begun beside the picture", MOST_BEGUN, begun)
            whole = _whole(body[at:], max_metadata_bytes)
            if whole is not None:
                found.append(whole)
                waiting += _carried(whole.container)
            at = _begin(body, at + (1 if whole is None else len(whole.data)))
    return tuple(found)


def _whole(data: bytes, max_metadata_bytes: int) -> Beside | None:
    """Return the picture that `data` begins with, without what follows it."""
    try:
        container = take_apart(data, max_metadata_bytes)
    except UnreadableError as error:
        if error.kind in _NO_PICTURE:
            return None
        raise
    return Beside(data[: len(data) - container.trailing_bytes], container)


def _begin(body: bytes, start: int) -> int | None:
    """Return where, from `start` on, a picture may begin."""
    found = (beginning.search(body, start) for beginning in _BEGINNINGS)
    return min((match.start() for match in found if match is not None), default=None)


def _carried(container: Container) -> Iterator[bytes]:
    yield from container.beside
    for note in container.notes:
        yield from _written(note)


def _written(note: Note) -> Iterator[bytes]:
    """Give what a text has in digits."""
    if note.key.startswith(_RAW_PROFILE):
        try:
            yield bytes.fromhex("".join(note.text.split()[2:]))
        except ValueError:
            return
    if any(beginning in note.text for beginning in _IN_BASE64):
        text = "".join(note.text.replace("&#xA;", "").split())
        for run in _BASE64.finditer(text):
            starts = [run[0].find(beginning) for beginning in _IN_BASE64]
            for start in sorted(at for at in starts if at >= 0):
                yield _bytes_of(run[0][start:])


def _bytes_of(digits: str) -> bytes:
    """Read base64 up to its last whole group of four digits, and what is left of it."""
    try:
        return b64decode(digits + "=" * (-len(digits) % 4))
    except binascii.Error:  # one digit alone is left over
        return b64decode(digits[:-1])
