"""Secret files: made once, for their owner alone, and refused if others can read them."""

import os
import stat
from pathlib import Path

from audit.errors import UnusableError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def create_secret(path: Path, content: str) -> None:
    """Write a new file that only its owner can read (0600), durably.

    Raises:
        FileExistsError: a secret is never overwritten.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def read_secret(path: Path) -> str:
    """Read a secret file.

    Raises:
        UnusableError: somebody besides the owner may read or change it.
    """
    with path.open(encoding="ascii") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & _OTHERS:
            raise UnusableError(path.name, f"expected mode 0600, got {mode:04o}")
        return file.read()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: a synced file in an unsynced folder can vanish."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_secret(path: Path, content: str) -> None:
    """Put new content in the place of a secret file, durably, and overwrite what was there.

    On a medium that never writes in place (copy-on-write, flash) the old bytes may outlive this.
    """
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)  # of an attempt that was cut off
    with path.open("r+b") as old:
        create_secret(new, content)
        new.replace(path)
        sync_folder(path.parent)
        old.write(bytes(os.fstat(old.fileno()).st_size))
        old.flush()
        os.fsync(old.fileno())
