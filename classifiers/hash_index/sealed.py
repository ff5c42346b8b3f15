"""A file that only who has the key can read, and nobody can change unnoticed.

    "imprimatur sealed 1", newline | salt, 32 bytes | length of the content, u64 | pieces

Each piece is 1 MiB of content (the last one what is left) under AES-256-GCM, with its 16-byte tag;
its number is the nonce, and numbers are little-endian. The key is HKDF-SHA256 of the owner's key,
the salt, the file's name and the length: no two files share one, so no nonce comes twice, and a
piece that is altered, moved, left out, or of another file or under another name does not open.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from numpy.typing import NDArray

from classifiers.errors import BankError

KEY_BYTES = 32
_MAGIC = b"imprimatur sealed 1\n"
_SALT = 32
_LENGTH = 8
_HEAD = len(_MAGIC) + _SALT + _LENGTH
_PIECE = 1 << 20
_TAG = 16


def write(path: Path, key: bytes, content: NDArray[np.uint8]) -> None:
    """Seal `content` under `path`, for its owner alone (0600), whole and durable or not at all.

    What was there before stays until then. A crash leaves a `.draft` at most, sealed like the rest.
    """
    salt = os.urandom(_SALT)
    cipher = _cipher(key, salt, path.name, len(content))
    draft = path.with_name(f".{path.name}.draft")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(_MAGIC + salt + len(content).to_bytes(_LENGTH, "little"))
        for nonce, piece in _pieces(len(content)):
            file.write(cipher.encrypt(nonce, content[piece].data, None))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync(path.parent)


def length(path: Path) -> int:
    """Return how long the content says it is; only `read_into` proves it.

    Raises:
        BankError: it is no sealed file, or not as long as it says.
        FileNotFoundError: there is no such file.
    """
    with _opened(path) as file:
        head = file.read(_HEAD)
        size = os.fstat(file.fileno()).st_size
    said = int.from_bytes(head[-_LENGTH:], "little")
    if not head.startswith(_MAGIC) or size != _HEAD + said + _count(said) * _TAG:
        raise _broken(path)
    return said


def identity(path: Path) -> bytes:
    """Return what no two writings of a file share: the same answer means the same content.

    Raises:
        BankError: it cannot be read.
        FileNotFoundError: there is no such file.
    """
    try:
        handle = os.open(path, os.O_RDONLY)  # every request asks: no file object is made of it
        try:
            return os.read(handle, _HEAD)
        finally:
            os.close(handle)
    except FileNotFoundError:
        raise
    except OSError:
        raise _broken(path) from None


def read_into(path: Path, key: bytes, memory: NDArray[np.uint8]) -> None:
    """Open the file into `memory`, which MUST be as long as `length` says.

    Raises:
        BankError: a piece does not verify; `memory` then holds nothing that may be used.
        FileNotFoundError: there is no such file.
    """
    with _opened(path) as file:
        head = file.read(_HEAD)
        cipher = _cipher(key, head[len(_MAGIC) : -_LENGTH], path.name, len(memory))
        for nonce, piece in _pieces(len(memory)):
            part = memory[piece]
            try:
                plain = cipher.decrypt(nonce, file.read(len(part) + _TAG), None)
            except (InvalidTag, OSError):
                raise _broken(path) from None
            part[:] = np.frombuffer(plain, np.uint8)


def sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise
    except OSError:
        raise _broken(path) from None


def _count(size: int) -> int:
    """Even nothing is a piece, so that its tag proves that there is nothing."""
    return max(1, -(-size // _PIECE))


def _cipher(key: bytes, salt: bytes, name: str, size: int) -> AESGCM:
    if len(key) != KEY_BYTES:
        message = f"key of sealed files: expected {KEY_BYTES} bytes, got {len(key)}"
        raise ValueError(message)
    info = _MAGIC + size.to_bytes(_LENGTH, "little") + name.encode()
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt, info).derive(key))


def _pieces(size: int) -> Iterator[tuple[bytes, slice]]:
    for number in range(_count(size)):
        first = number * _PIECE
        yield number.to_bytes(12, "little"), slice(first, min(first + _PIECE, size))


def _broken(path: Path) -> BankError:
    return BankError(f"sealed file {path.name}: expected one that verifies, got another")
