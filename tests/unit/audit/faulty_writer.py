"""Appends one entry at a time, while one write or one sync of SQLite's fails or ends the process.

SQLite calls its system through tables of functions (a VFS): each file that it opens is given one
in which `xWrite` and `xSync` are ours. Prints a line of JSON a round: which step failed and how,
whether it was reached, and what was acknowledged then, and afterwards without faults.
"""

import asyncio
import ctypes
import json
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from ctypes import CFUNCTYPE, c_int, c_int64, c_void_p
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from audit.entry import Entry, Kind
from audit.errors import NotDurableError
from audit.log import Log
from audit.seal import DetailKeys
from audit.signer import Ed25519Signer

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
STEPS = 200
"""More than an append has: the rounds end when a fault is not reached any more."""
HOWS = {"EIO": (778, 1034), "ENOSPC": (13, 1034), "kill": (0, 0)}
"""What a write and a sync answer: SQLITE_IOERR_WRITE, SQLITE_FULL, SQLITE_IOERR_FSYNC."""
_METHODS_BYTES = 152  # sqlite3_io_methods of version 3
_WRITE_AT, _SYNC_AT, _OPEN_AT = 24, 40, 40
_POINTER = ctypes.sizeof(c_void_p)

Open = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
# A name is handed on as the pointer that it is: SQLite keeps it for as long as the file is open.
Write = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
Sync = CFUNCTYPE(c_int, c_void_p, c_int)


@dataclass(slots=True)
class Disk:
    """The disk under SQLite, of which one step fails."""

    how: str
    left: int = -1
    """How many steps are still good; nothing fails below 0."""
    kept: list[object] = field(default_factory=list)
    """What SQLite has pointers to."""

    def spoil(self) -> None:
        """Put this disk under every file that SQLite opens from now on."""
        library = ctypes.CDLL(_library())
        library.sqlite3_vfs_find.restype = c_void_p
        vfs = library.sqlite3_vfs_find(None)
        place = c_void_p.from_address(vfs + _OPEN_AT)
        own_open = Open(place.value or 0)

        def opened(table: int, name: int | None, file: int, flags: int, out: int) -> int:
            answer = int(own_open(table, name, file, flags, out))
            methods = c_void_p.from_address(file)
            if answer == 0 and methods.value:
                methods.value = self._methods(methods.value)
            return answer

        self._put(place, Open(opened))
        self.kept.append(own_open)

    def _methods(self, own: int) -> int:
        copy = ctypes.create_string_buffer(ctypes.string_at(own, _METHODS_BYTES), _METHODS_BYTES)
        at = ctypes.addressof(copy)
        own_write = Write(c_void_p.from_address(own + _WRITE_AT).value or 0)
        own_sync = Sync(c_void_p.from_address(own + _SYNC_AT).value or 0)

        def write(file: int, data: int, amount: int, offset: int) -> int:
            def half() -> int:
                return int(own_write(file, data, amount // 2, offset))

            spoilt = self._spoilt(0, half)
            return int(own_write(file, data, amount, offset)) if spoilt is None else spoilt

        def sync(file: int, flags: int) -> int:
            spoilt = self._spoilt(1, lambda: 0)
            return int(own_sync(file, flags)) if spoilt is None else spoilt

        self._put(c_void_p.from_address(at + _WRITE_AT), Write(write))
        self._put(c_void_p.from_address(at + _SYNC_AT), Sync(sync))
        self.kept += [copy, own_write, own_sync]
        return at

    def _put(self, place: c_void_p, function: object) -> None:
        self.kept.append(function)
        place.value = ctypes.cast(function, c_void_p).value  # type: ignore[arg-type] # a function

    def _spoilt(self, which: int, half: Callable[[], int]) -> int | None:
        """Count a step down; at the last one it is torn in half, and fails or ends everything."""
        if self.left < 0:
            return None
        self.left -= 1
        if self.left >= 0:
            return None
        half()
        if self.how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        return HOWS[self.how][which]


def _library() -> str:
    """The SQLite that Python itself has loaded, and no second one."""
    sqlite3.connect(":memory:").close()
    maps = Path("/proc/self/maps").read_text("ascii").splitlines()
    (name,) = {line.split()[-1] for line in maps if "libsqlite3" in line}
    return name


async def write(folder: Path, number: int, disk: Disk, good: int) -> dict[str, object]:
    """Open the log, and append one entry while the disk has so many good steps left."""
    log = await Log.open(
        folder / "log.db",
        origin="gw.example/audit",
        signer=Ed25519Signer.load(folder / "key"),
        keys=DetailKeys.load(folder / "keys"),
        now=lambda: NOON,
    )
    disk.left = good
    entry = Entry(UUID(int=number), Kind.CONFIG, NOON, {}, {"person": "Ada"})
    try:
        receipt = await log.append(entry)
    except NotDurableError:
        return {"refused": True, "reached": True}
    reached, disk.left = disk.left < 0 <= good, -1
    return {"index": receipt.index, "checkpoint": receipt.checkpoint, "reached": reached}


def in_a_process(folder: Path, number: int, how: str, good: int) -> dict[str, object]:
    """Do it in a process of its own, which may not come back: nothing of it lives on."""
    path = folder / f"answer{number}.json"
    path.unlink(missing_ok=True)
    if (child := os.fork()) == 0:
        disk = Disk(how)
        disk.spoil()
        path.write_text(json.dumps(asyncio.run(write(folder, number, disk, good))))
        os._exit(0)
    os.waitpid(child, 0)
    return json.loads(path.read_text()) if path.exists() else {"killed": True, "reached": True}


def main(folder: Path) -> None:
    """Let each step of an append fail in each way, and append the same again without a fault."""
    number = 0
    for how in HOWS:
        for good in range(STEPS):
            number += 1
            told = in_a_process(folder, number, how, good)
            again = in_a_process(folder, number, how, -1)
            line = {"how": how, "step": good, "id": number, "told": told, "again": again}
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()
            if not told["reached"]:
                break


if __name__ == "__main__":
    main(Path(sys.argv[1]))
