"""Files that are either whole and durable or not there."""

import os
import tempfile
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
    descriptor, name = tempfile.mkstemp(dir=path.parent, suffix=PART)
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(part)  # unlike a rename, a link refuses to replace what is there
    finally:
        part.unlink(missing_ok=True)
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Make a folder that only its owner can enter (0700), durably; one that exists is left."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)
