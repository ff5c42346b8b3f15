"""The fork guard: it remembers the newest checkpoint of a log, where its backups do not reach.

It changes by compare-and-swap and before anything is signed. So a restored backup, a promoted stale
replica or a second log under the same key meets it and stops: a key signs one history, or none.
"""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from audit.checkpoint import Checkpoint
from audit.errors import ConflictError, MalformedError, NotDurableError, UnusableError

_SLOT_BYTES = 512
_SLOTS = 2


class Guard(Protocol):
    """Remembers one checkpoint. MUST lie where restoring the log does not restore it too."""

    def newest(self) -> Checkpoint | None:
        """Return what it remembers; None is an empty guard, at which a log may begin.

        Raises:
            NotDurableError: it cannot be asked now; nothing may be signed.
            UnusableError: there is no guard, or it holds nothing that can be read.
        """
        ...

    def swap(self, old: Checkpoint | None, new: Checkpoint, /) -> None:
        """Remember `new`, durably, if what is remembered is `old`.

        Callers MUST have seen that `new` extends `old`.

        Raises:
            ConflictError: somebody else moved it; it still holds what they put.
            NotDurableError, UnusableError: as `newest`.
        """
        ...


@dataclass(slots=True)
class MemoryGuard:
    """Remembers as long as its process lives: what was restored from a backup goes on unseen."""

    held: Checkpoint | None = None

    def newest(self) -> Checkpoint | None:
        """Return what was put here last."""
        return self.held

    def swap(self, old: Checkpoint | None, new: Checkpoint, /) -> None:
        """Remember it; see `Guard`."""
        if old != self.held:
            raise ConflictError("fork guard", "somebody else moved it")
        self.held = new


@dataclass(frozen=True, slots=True)
class FileGuard:
    """A guard in one small file, which an operator makes, empty, on another volume.

    Two slots are written in turn, each with its digest: a write that is cut off spoils the older
    one. A missing file is no empty guard: the volume may just not be mounted.
    """

    path: Path

    def newest(self) -> Checkpoint | None:
        """Return what the file remembers; see `Guard`."""
        with self._locked(fcntl.LOCK_SH) as descriptor:
            newest = _newest(self._slots(descriptor))
            return None if newest is None else newest[1]

    def swap(self, old: Checkpoint | None, new: Checkpoint, /) -> None:
        """Write the slot that is not the newest, and sync it; see `Guard`."""
        with self._locked(fcntl.LOCK_EX) as descriptor:
            newest = _newest(self._slots(descriptor))
            if (None if newest is None else newest[1]) != old:
                raise ConflictError("fork guard", "somebody else moved it")
            slot = 0 if newest is None else 1 - newest[0]
            os.pwrite(descriptor, _write(new), slot * _SLOT_BYTES)
            os.fsync(descriptor)

    def _slots(self, descriptor: int) -> list[Checkpoint | None]:
        """Read both slots; those that are torn or empty are None.

        Raises:
            UnusableError: something is in the file, and neither slot can be read.
        """
        content = os.pread(descriptor, _SLOTS * _SLOT_BYTES + 1, 0)
        slots = [_read(content[at : at + _SLOT_BYTES]) for at in (0, _SLOT_BYTES)]
        if content and not any(slots):
            raise UnusableError(self.path.name, "it holds no checkpoint: it is no fork guard")
        return slots

    @contextmanager
    def _locked(self, how: int) -> Generator[int]:
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, how)
                yield descriptor
            finally:
                os.close(descriptor)
        except FileNotFoundError as fault:
            hint = "there is no such fork guard: mount its volume, or make an empty file to begin"
            raise UnusableError(str(self.path), hint) from fault
        except OSError as fault:
            raise NotDurableError("fork guard", fault.strerror or type(fault).__name__) from fault


def _newest(slots: list[Checkpoint | None]) -> tuple[int, Checkpoint] | None:
    found = [(place, each) for place, each in enumerate(slots) if each is not None]
    return max(found, key=lambda slot: slot[1].size, default=None)


def _write(checkpoint: Checkpoint) -> bytes:
    text = checkpoint.text()
    slot = f"{text}{sha256(text.encode()).hexdigest()}\n".encode()
    if len(slot) > _SLOT_BYTES:
        raise MalformedError("fork guard", f"an origin that fits {_SLOT_BYTES} bytes", len(slot))
    return slot.ljust(_SLOT_BYTES - 1) + b"\n"


def _read(slot: bytes) -> Checkpoint | None:
    try:
        checkpoint = Checkpoint.parse("\n".join(slot.decode().split("\n")[:3]) + "\n")
    except (UnicodeDecodeError, MalformedError):
        return None
    return checkpoint if _write(checkpoint) == slot else None
