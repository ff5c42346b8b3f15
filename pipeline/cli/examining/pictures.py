"""Where pictures come from: files, folders, and lines that name or hold them."""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from classifiers.canonical import Limits
from pipeline.cli.errors import UnusableError

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp"})
"""What is taken for a picture in a folder; a file that is named is taken for one in any case."""
_MOST_BYTES = Limits().max_bytes
_LONGEST_LINE = _MOST_BYTES * 4 // 3 + 4096


@dataclass(frozen=True, slots=True)
class Named:
    """A picture to be read, by the name under which its answer is told."""

    name: str
    path: Path | None
    """None if `data` holds it."""
    data: bytes = field(default=b"", repr=False)
    problem: str = ""
    """Why there is nothing to be read, if there is not."""

    def read(self) -> bytes:
        """Read the picture, and a byte more than is allowed if there is more: it is refused then.

        Raises:
            OSError: it cannot be read.
        """
        if self.path is None:
            return self.data
        with self.path.open("rb") as file:
            return file.read(_MOST_BYTES + 1)


def in_files(paths: Sequence[Path]) -> Iterator[Named]:
    """Give each file that is named, and each picture below each folder, in order.

    Raises:
        UnusableError: one is neither.
    """
    for path in paths:
        if path.is_dir():
            found = (each for each in path.rglob("*") if each.suffix.lower() in SUFFIXES)
            yield from (Named(str(each), each) for each in sorted(found) if each.is_file())
        elif path.is_file():
            yield Named(str(path), path)
        else:
            raise UnusableError(str(path), "a file or a folder", "neither")


def in_lines(stream: BinaryIO) -> Iterator[Named]:
    """Give the picture of each line: {"id", "path"}, or {"id", "image"} with base64."""
    number = 0
    while line := stream.readline(_LONGEST_LINE + 1):
        number += 1
        if len(line) > _LONGEST_LINE:
            while line and not line.endswith(b"\n"):
                line = stream.readline(_LONGEST_LINE)
            yield _unread(number, f"expected at most {_LONGEST_LINE} bytes")
        elif line.strip():
            yield _named(number, line)


def weight(named: Named) -> int:
    """Return how many bytes are held for a picture that is still to be read."""
    return len(named.data)


def _named(number: int, line: bytes) -> Named:
    try:
        asked: Any = json.loads(line)
    except (ValueError, RecursionError):
        return _unread(number, "expected an object in JSON")
    name = asked.get("id") if isinstance(asked, dict) else None
    match asked:
        case {"path": str(path)} if "image" not in asked:
            return Named(str(name or path), Path(path))
        case {"image": str(image)} if "path" not in asked:
            name = str(name or f"line {number}")
            try:
                return Named(name, None, base64.b64decode(image, validate=True))
            except ValueError:
                return Named(name, None, problem="image: expected base64")
        case _:
            return _unread(number, "expected a string `path` or a string `image`, and not both")


def _unread(number: int, problem: str) -> Named:
    return Named(f"line {number}", None, problem=problem)
