"""Files that are either whole and durable or not there."""

import os
from pathlib import Path

from audit.keyfile import sync_folder

PART = ".part"
"""How the name of a file that is being written ends; a crash leaves it, and a sweep takes it."""


def write_once(path: Path, data: bytes) -> None:
    """Write a new file for its owner alone (0600); it is whole and durable once this returns.

    A crash leaves a `.part` file at most, never half of `path`. The folder is made, for its
    owner alone, if it is not there.

    Raises:
        FileExistsError: a file that was written is never overwritten.
        OSError: the disk is full, read-only or failed; `path` is not there.
    """
    make_folder(path.parent)
    part = f"{path}.{os.urandom(8).hex()}{PART}"
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            _write(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.link(part, path)  # unlike a rename, a link refuses to replace what is there
    finally:
        Path(part).unlink(missing_ok=True)
    sync_folder(path.parent)


def replace_whole(path: Path, data: bytes) -> None:
    """Write a file for its owner alone (0600) in the place of the one that is there, durably.

    A crash leaves the old one or the new one, and a `.part` file at most.

    Raises:
        OSError: the disk is full, read-only or failed; the old one is still there.
    """
    part = path.with_name(f"{path.name}.{os.urandom(8).hex()}{PART}")
    try:
        write_once(part, data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(path.parent)


def _write(descriptor: int, data: bytes) -> None:
    """Write all of it: the system may take less at a time."""
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def make_folder(folder: Path) -> None:
    """Make a folder that only its owner can enter (0700), durably; one that exists is left."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)
