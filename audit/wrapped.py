r"""The keys of details from earlier periods, each wrapped under a period key, in one sorted file.

    imprimatur-wrapped-keys/1 KEY-ID COUNT \n
    entry id 16 | nonce 12 | wrapped key 48        COUNT times, in the order of the entry ids

It is written whole and never changed: who is not in the next file is erased. A wrapped key is bound
to its entry's id, so no two can be exchanged.
"""

import os
from bisect import bisect_left
from collections.abc import AsyncIterable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.errors import MalformedError, UntrustedError
from audit.fields import is_code
from audit.keyfile import sync_folder

_MAGIC = "imprimatur-wrapped-keys/1"
_HEADER_BYTES = 160
_ID_BYTES, _NONCE_BYTES, _KEY_BYTES = 16, 12, 48
ROW_BYTES = _ID_BYTES + _NONCE_BYTES + _KEY_BYTES
_DOMAIN = b"gw-wrapped/v1\x00"


@dataclass(frozen=True, slots=True)
class Wrapped:
    """One file of wrapped keys, open for reading."""

    key_id: str
    count: int
    _file: IO[bytes] = field(repr=False)

    def find(self, entry_id: UUID, period_key: bytes) -> bytes | None:
        """Return the key of an entry's detail; None if it is not here.

        Raises:
            UntrustedError: it does not open with `period_key`.
        """
        at = bisect_left(range(self.count), entry_id.bytes, key=lambda row: self.row(row)[:16])
        row = self.row(at)
        return _unwrapped(row, entry_id, period_key)

    def row(self, at: int) -> bytes:
        """Return the row at a place; nothing behind the last one."""
        self._file.seek(_HEADER_BYTES + at * ROW_BYTES)
        return self._file.read(ROW_BYTES)


class Forward:
    """Finds keys in a file in one pass: the ids asked for MUST ascend."""

    def __init__(self, kept: Wrapped) -> None:
        self._kept, self._at, self._row = kept, 0, kept.row(0)

    def find(self, entry_id: UUID, period_key: bytes) -> bytes | None:
        """Return the key of an entry's detail, as `Wrapped` does."""
        while self._row and self._row[:_ID_BYTES] < entry_id.bytes:
            self._at += 1
            self._row = self._kept.row(self._at)
        return _unwrapped(self._row, entry_id, period_key)


@contextmanager
def reading(path: Path) -> Generator[Wrapped | None]:
    """Open the file of wrapped keys; None if no period has ended yet.

    Raises:
        MalformedError: it is not such a file, or not whole.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        yield None
        return
    with file:
        magic, key_id, count = _header(file.read(_HEADER_BYTES))
        size = os.fstat(file.fileno()).st_size
        if magic != _MAGIC or not is_code(key_id) or size != _HEADER_BYTES + count * ROW_BYTES:
            raise MalformedError(path.name, "a whole file of wrapped keys", f"{size} bytes")
        yield Wrapped(key_id, count, file)


async def write(
    path: Path, key_id: str, period_key: bytes, keys: AsyncIterable[tuple[UUID, bytes]]
) -> int:
    """Put a new file in the place of the old, durably, with these keys; return how many.

    They MUST come in the order of the entry ids, each once.
    """
    new = path.with_suffix(".new")
    cipher, count = AESGCM(period_key), 0
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.seek(_HEADER_BYTES)
        async for entry_id, key in keys:
            nonce = os.urandom(_NONCE_BYTES)
            wrapped = cipher.encrypt(nonce, key, _DOMAIN + entry_id.bytes)
            file.write(entry_id.bytes + nonce + wrapped)
            count += 1
        file.seek(0)
        file.write(f"{_MAGIC} {key_id} {count}".encode().ljust(_HEADER_BYTES - 1) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync_folder(path.parent)
    return count


def _unwrapped(row: bytes, entry_id: UUID, period_key: bytes) -> bytes | None:
    if row[:_ID_BYTES] != entry_id.bytes:
        return None
    nonce, wrapped = row[_ID_BYTES : _ID_BYTES + _NONCE_BYTES], row[-_KEY_BYTES:]
    try:
        return AESGCM(period_key).decrypt(nonce, wrapped, _DOMAIN + entry_id.bytes)
    except InvalidTag as fault:
        raise UntrustedError("wrapped key", f"that of {entry_id} does not open") from fault


def _header(line: bytes) -> tuple[str, str, int]:
    words = line.decode("ascii", errors="replace").split()
    if len(line) != _HEADER_BYTES or len(words) != 3 or not words[2].isdecimal():  # noqa: PLR2004 - what it holds
        return "", "", 0
    return words[0], words[1], int(words[2])
