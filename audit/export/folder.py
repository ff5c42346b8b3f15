"""The files of an export: written once each, packed in the one way, and read back strictly."""

import re
import struct
import zipfile
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Protocol

from audit.errors import MalformedError

MANIFEST, SIGNATURE = "manifest.json", "manifest.note"
MAX_NAME = 200
MAX_FILES = 1_000_000
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*){0,9}", re.ASCII)
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16
_UNIX = 3
_PIECE = 1 << 20
_END_BYTES = 22
_END = b"PK\x05\x06"
_DAMAGED = (
    zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, UnicodeDecodeError,
    struct.error,
)  # fmt: skip
"""What the standard library raises at a zip file that it cannot make sense of."""


@dataclass(frozen=True, slots=True)
class File:
    """What the manifest says of one file."""

    sha256: str
    size: int


class Writing:
    """One file on its way: what goes into it is hashed and counted."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = sha256()
        self._size = 0

    def write(self, data: bytes) -> None:
        """Add to the file."""
        self._hash.update(data)
        self._size += len(data)
        self._file.write(data)

    @property
    def done(self) -> File:
        """What was written so far."""
        return File(self._hash.hexdigest(), self._size)


class Folder:
    """A new directory that fills with files; `files` tells of those that are whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files: dict[str, File] = {}

    @contextmanager
    def open(self, name: str) -> Generator[Writing]:
        """Write a file piece by piece; a name can be written once."""
        path = self.path / require_name(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            writing = Writing(file)
            yield writing
        self.files[name] = writing.done

    def write(self, name: str, data: bytes) -> None:
        """Write a file at once."""
        with self.open(name) as file:
            file.write(data)


class Source(Protocol):
    """An export as it came: its files by name, none of them believed yet."""

    @property
    def sizes(self) -> Mapping[str, int]:
        """Every file there is, and how many bytes it has."""
        ...

    def open(self, name: str, /) -> BinaryIO:
        """Read a file, which MUST be one of `sizes`."""
        ...


class _Directory:
    def __init__(self, path: Path) -> None:
        self._path = path
        self.sizes = dict(sorted(self._found(path)))

    def _found(self, folder: Path) -> Iterator[tuple[str, int]]:
        for path in folder.iterdir():
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                raise MalformedError("export", "files and directories", "something else")
            if path.is_dir():
                yield from self._found(path)
            else:
                name = path.relative_to(self._path).as_posix()
                yield require_name(name), path.stat().st_size

    def open(self, name: str, /) -> BinaryIO:
        return (self._path / name).open("rb")


class _Packed:
    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        members = archive.infolist()
        self.sizes = {require_name(each.filename): each.file_size for each in members}
        if len(self.sizes) != len(members) or archive.comment or not _ends(path):
            raise MalformedError("export", "each name once, and nothing beside", "more")
        if any(each.compress_type != zipfile.ZIP_STORED for each in members):
            raise MalformedError("export", "files that are stored as they are", "packed ones")
        if any(each.compress_size != each.file_size or each.flag_bits & 1 for each in members):
            raise MalformedError("export", "files that are stored as they are", "others")

    def open(self, name: str, /) -> BinaryIO:
        return self._archive.open(name)  # type: ignore[return-value]  # it reads as one


def require_name(name: str) -> str:
    """Return a name that means the same file on every system.

    Raises:
        MalformedError: it could lead out of the folder, or be spelled otherwise.
    """
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        raise MalformedError("name of a file", "plain parts and slashes", name[:MAX_NAME])
    return name


@contextmanager
def open_source(path: Path) -> Generator[Source]:
    """Open an export, packed or not.

    Raises:
        MalformedError: it is none, or has more in it than an export has.
    """
    if path.is_dir():
        yield _Directory(path)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            yield _Packed(path, archive)
    except _DAMAGED as fault:
        what = "a directory, or a zip file that is whole"
        raise MalformedError("export", what, type(fault).__name__) from fault


def pack(folder: Path, path: Path) -> None:
    """Put a directory into a new zip file: the same files always make the same bytes."""
    names = sorted(each.relative_to(folder).as_posix() for each in _all_files(folder))
    with zipfile.ZipFile(path, "x", zipfile.ZIP_STORED) as archive:
        for name in names:
            info = zipfile.ZipInfo(require_name(name), _LONG_AGO)
            info.create_system, info.external_attr = _UNIX, _MODE
            info.file_size = (folder / name).stat().st_size  # says whether it is a large one
            with (folder / name).open("rb") as source, archive.open(info, "w") as target:
                for piece in pieces(source):
                    target.write(piece)


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """Yield a file in pieces of a megabyte."""
    while piece := file.read(_PIECE):
        yield piece


def _all_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _ends(path: Path) -> bool:
    """Whether nothing follows the archive's own end."""
    with path.open("rb") as file:
        file.seek(-_END_BYTES, 2)
        return file.read(4) == _END
