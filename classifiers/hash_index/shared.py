"""Memory that the processes of one host read together, so that each segment is decrypted once.

It is a file of a file system in memory (Linux has one at /dev/shm), in a folder that only its owner
can enter, seen under its name only once it is whole, and mapped for reading. Whoever maps it holds
a shared lock for as long as the mapping lives; `sweep` takes away what nobody holds, what a killed
process left behind too. Who can read another process of the same user can read this, no more.

Where there is no such file system, or no room on it, the memory is the process's own.
"""

import fcntl
import mmap
import os
import stat
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import BankError

Memory = NDArray[np.uint8]
_LOCK = ".lock"


def place_of(name: str) -> Path | None:
    """Return where processes of this host can share memory under a name, if anywhere."""
    memory = Path(os.sep) / "dev" / "shm"
    return memory / name if memory.is_dir() and os.access(memory, os.W_OK) else None


def opened(place: Path | None, name: str, size: int, fill: Callable[[Memory], None]) -> Memory:
    """Return `size` bytes that `fill` has filled, here or in another process of this host.

    `place` MUST be a folder in memory: what is written there is not encrypted. The same name MUST
    mean the same content. With None the memory is this process's own.

    Raises:
        BankError: `place` is not ours alone; or as `fill` does, and then nothing stays behind.
    """
    if place is None:
        return _own(size, fill)
    own_folder(place)
    with _alone(place):
        found = _mapped(place / name, size)
        if found is None and _put(place / name, size, fill):
            found = _mapped(place / name, size)
    return _own(size, fill) if found is None else found


def sweep(place: Path | None, keep: Collection[str]) -> None:
    """Take away all that nobody maps, but what is named in `keep`; the folder itself stays.

    Were it taken away, of two processes that close at once one would find no lock to wait for.
    """
    if place is None or not place.is_dir():
        return
    with _alone(place):
        for path in place.iterdir():
            if path.name not in {_LOCK, *keep} and not _held(path):
                path.unlink()


def own_folder(place: Path) -> None:
    """Make the folder, or see that it is ours and nobody else can enter.

    Raises:
        BankError: it is not: another user could have put something there for us to believe.
    """
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        seen = place.lstat()
    except OSError:
        raise BankError("memory for segments: expected a folder that can be made") from None
    private = stat.S_ISDIR(seen.st_mode) and not seen.st_mode & 0o077
    if not private or seen.st_uid != os.geteuid():
        raise BankError("memory for segments: expected a folder of ours alone, got another's")


def _own(size: int, fill: Callable[[Memory], None]) -> Memory:
    memory = np.empty(size, np.uint8)
    fill(memory)
    memory.setflags(write=False)
    return memory


def _put(path: Path, size: int, fill: Callable[[Memory], None]) -> bool:
    """Make the file whole, or answer that there is no room for it."""
    draft = path.with_name(f"{path.name}.draft")
    handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        if not _room(handle, size):
            return False
        fill(np.frombuffer(mmap.mmap(handle, size), np.uint8))
        draft.rename(path)
    finally:
        os.close(handle)
        draft.unlink(missing_ok=True)
    return True


def _room(handle: int, size: int) -> bool:
    """Take the memory now: to run out of it while writing to a mapping kills the process."""
    try:
        os.posix_fallocate(handle, 0, size)
    except OSError:
        return False
    return True


def _mapped(path: Path, size: int) -> Memory | None:
    """Map the file for reading; the lock lasts as long as the mapping, which keeps the handle."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        if os.fstat(handle).st_size != size:
            return None
        return np.frombuffer(mmap.mmap(handle, size, prot=mmap.PROT_READ), np.uint8)
    finally:
        os.close(handle)


def _held(path: Path) -> bool:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


@contextmanager
def _alone(place: Path) -> Generator[None]:
    """Nobody else makes or takes away files in the folder meanwhile."""
    handle = os.open(place / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
