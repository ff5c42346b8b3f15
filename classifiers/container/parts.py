"""What a picture file is made of: the part that makes pixels, and the rest."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from classifiers.errors import Unreadable, UnreadableError

MOST_PARTS = 65_536
"""Chunks or segments of one file, each of which is looked at; four bytes may make one. The largest
files of programs that write small ones have some ten thousand."""
T = TypeVar("T")


class Format(StrEnum):
    """The formats that are read; the value is Pillow's name of it."""

    PNG = "PNG"
    JPEG = "JPEG"
    WEBP = "WEBP"


@dataclass(frozen=True, slots=True)
class Note:
    """One text that a file carries beside its pixels. Whoever made the file wrote it."""

    key: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Container:
    """A whole file with one still picture, not yet decoded."""

    format: Format
    width: int
    height: int
    """Width and height as the header says, before `orientation`."""
    pixels: bytes = field(repr=False)
    """The file without text, EXIF, XMP and whatever follows its end: all that a decoder needs."""
    notes: tuple[Note, ...] = field(default=(), repr=False)
    orientation: int = 1
    """EXIF orientation, 1 to 8."""
    trailing_bytes: int = 0
    """How many bytes follow the end of the picture."""
    beside: tuple[bytes, ...] = field(default=(), repr=False)
    """What it carries in one piece each that makes no pixels of it: EXIF, application data."""


def not_a_picture(what: str) -> UnreadableError:
    """The error for a file that breaks its own format."""
    return UnreadableError(what, Unreadable.NOT_A_PICTURE)


def truncated(what: str) -> UnreadableError:
    """The error for a file that ends too early."""
    return UnreadableError(f"{what}: the file ends before the picture does", Unreadable.TRUNCATED)


def animated(what: str) -> UnreadableError:
    """The error for a file that holds more than one picture."""
    return UnreadableError(f"{what}: expected one still picture, got several", Unreadable.ANIMATED)


def too_large(what: str, most: int, got: int) -> UnreadableError:
    """The error for whatever is beyond a limit."""
    return UnreadableError(f"{what}: expected at most {most}, got {got}", Unreadable.TOO_LARGE)


def not_too_many(parts: Iterator[T]) -> Iterator[T]:
    """Give each part of a file.

    Raises:
        UnreadableError: there are more than `MOST_PARTS`.
    """
    for number, part in enumerate(parts):
        if number == MOST_PARTS:
            raise too_large("parts of a file", MOST_PARTS, number + 1)
        yield part


class Notes:
    """Collects the texts of one file up to a limit, so that none is read in part.

    Raises:
        UnreadableError: on `add`, the texts together are longer than the limit.
    """

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.left = most_bytes
        self.found: list[Note] = []

    def add(self, key: str, text: str) -> None:
        """Keep `text`, which is not empty."""
        self.left -= len(key) + len(text)
        if self.left < 0:
            raise too_large("metadata bytes", self.most_bytes, self.most_bytes - self.left)
        if text:
            self.found.append(Note(key, text))
