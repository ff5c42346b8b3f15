"""The quarantine: what only the child-safety team can open.

The gateway holds the team's public key and nothing else: what it seals here it cannot read back.
The private key is made and kept by the team, on a machine that is not the gateway's.

A sealed object is one file, of this format:

    magic "IMPQ" | version 1 | id 16 | recipient 32 | ephemeral 32 | nonce 12 | ciphertext

`recipient` and `ephemeral` are X25519 public keys. The AES-256-GCM key is HKDF-SHA256 over their
shared secret, with no salt and everything up to and including `ephemeral` as `info`; the same
bytes are the associated data. The plaintext is the length of the facts (4 bytes, big-endian), the
facts as JSON in UTF-8, and the object. One ephemeral key seals one object.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from uuid import UUID

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from audit.errors import AuditError
from audit.keyfile import create_secret, read_secret, sync_folder
from pipeline.errors import QuarantineError
from pipeline.files import write_once

_MAGIC = b"IMPQ\x01"
_KEY_BYTES = 32
_NONCE_BYTES = 12
_RECIPIENT = len(_MAGIC) + 16
_EPHEMERAL = _RECIPIENT + _KEY_BYTES
_NONCE = _EPHEMERAL + _KEY_BYTES
_CIPHERTEXT = _NONCE + _NONCE_BYTES

Facts = Mapping[str, "str | int | float | bool | None"]


@dataclass(frozen=True, slots=True)
class Opened:
    """What the child-safety team sees of one object."""

    id: UUID
    facts: Facts
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Seals objects to the child-safety team's public key, in a directory."""

    directory: Path
    recipient: X25519PublicKey
    random: Callable[[int], bytes] = field(repr=False)

    async def put(self, data: bytes, facts: Facts, object_id: UUID) -> None:
        """Seal `data` with `facts` under an id; returns only when the object is durable.

        Nobody but the team can read either again. `facts` name what it is and whence: digests,
        ids, codes. What is there under that id already stays as it is.

        Raises:
            QuarantineError: nothing was sealed.
        """
        try:
            await asyncio.to_thread(self._put, data, facts, object_id)
        except (OSError, ValueError) as fault:
            raise QuarantineError(
                "quarantine", "a working disk and key", type(fault).__name__
            ) from fault

    def _put(self, data: bytes, facts: Facts, object_id: UUID) -> None:
        path = self.path(object_id)
        if path.exists():
            return
        try:
            write_once(path, seal(self.recipient, object_id, data, facts, self.random))
        except FileExistsError:
            if not path.exists():
                raise  # else somebody sealed it meanwhile

    async def destroy(self, object_id: UUID) -> None:
        """Destroy an object, durably; one that is gone stays gone. MUST be on record before.

        Raises:
            QuarantineError: it may be there still.
        """
        try:
            await asyncio.to_thread(self._destroy, object_id)
        except OSError as fault:
            raise QuarantineError("quarantine", "a working disk", type(fault).__name__) from fault

    def _destroy(self, object_id: UUID) -> None:
        self.path(object_id).unlink(missing_ok=True)
        sync_folder(self.directory)

    def path(self, object_id: UUID) -> Path:
        """Return the file that holds an object."""
        return self.directory / f"{object_id}.sealed"


def seal(
    recipient: X25519PublicKey,
    object_id: UUID,
    data: bytes,
    facts: Facts,
    random: Callable[[int], bytes],
) -> bytes:
    """Return the sealed object; `random` returns that many bytes nobody can guess."""
    ephemeral = X25519PrivateKey.from_private_bytes(random(_KEY_BYTES))
    public = recipient.public_bytes_raw() + ephemeral.public_key().public_bytes_raw()
    header = _MAGIC + object_id.bytes + public
    nonce = random(_NONCE_BYTES)
    told = json.dumps(dict(facts), sort_keys=True, allow_nan=False).encode()
    plaintext = len(told).to_bytes(4, "big") + told + data
    key = _derive(ephemeral.exchange(recipient), header)
    return header + nonce + AESGCM(key).encrypt(nonce, plaintext, header)


def open_with(private_key: X25519PrivateKey, blob: bytes) -> Opened:
    """Open a sealed object. For the child-safety team's own tool: the gateway has no such key.

    Raises:
        QuarantineError: it is not such an object, was altered, or is for another key.
    """
    header, nonce, ciphertext = blob[:_NONCE], blob[_NONCE:_CIPHERTEXT], blob[_CIPHERTEXT:]
    if not header.startswith(_MAGIC) or len(blob) < _CIPHERTEXT:
        raise QuarantineError("object", "a sealed object of version 1", "other bytes")
    if header[_RECIPIENT:_EPHEMERAL] != private_key.public_key().public_bytes_raw():
        raise QuarantineError("object", "one for this key", "one for another")
    try:
        ephemeral = X25519PublicKey.from_public_bytes(header[_EPHEMERAL:_NONCE])
        key = _derive(private_key.exchange(ephemeral), header)
        plaintext = AESGCM(key).decrypt(nonce, ciphertext, header)
    except (InvalidTag, ValueError):
        raise QuarantineError("object", "it as sealed", "other bytes") from None
    end = 4 + int.from_bytes(plaintext[:4], "big")
    facts = cast("Facts", json.loads(plaintext[4:end]))
    return Opened(UUID(bytes=header[len(_MAGIC) : _RECIPIENT]), facts, plaintext[end:])


def create_key_pair(private_path: Path, public_path: Path, random: Callable[[int], bytes]) -> None:
    """Make the team's key pair: the private key (0600) and the public key for the gateway.

    MUST be run on the child-safety team's machine, never on the gateway's.

    Raises:
        QuarantineError: a file is there already (a key is never overwritten), or cannot be made.
    """
    private_key = X25519PrivateKey.from_private_bytes(random(_KEY_BYTES))
    encoded = private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        create_secret(private_path, encoded.decode())
        write_once(public_path, write_public_key(private_key.public_key()))
    except OSError as fault:
        raise QuarantineError("key pair", "new files", type(fault).__name__) from fault


def write_public_key(key: X25519PublicKey) -> bytes:
    """Write a public key as PEM."""
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def read_public_key(pem: bytes) -> X25519PublicKey:
    """Read a public key from PEM.

    Raises:
        QuarantineError: it is not an X25519 public key.
    """
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise QuarantineError("public key", "PEM", "other bytes") from None
    if not isinstance(key, X25519PublicKey):
        raise QuarantineError("public key", "X25519", type(key).__name__)
    return key


def read_private_key(path: Path) -> X25519PrivateKey:
    """Read the team's private key.

    Raises:
        QuarantineError: it is not one, or somebody besides its owner can read it.
    """
    try:
        key = serialization.load_pem_private_key(read_secret(path).encode(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm, AuditError) as fault:
        raise QuarantineError(
            path.name, "a private key with mode 0600", type(fault).__name__
        ) from None
    if not isinstance(key, X25519PrivateKey):
        raise QuarantineError(path.name, "X25519", type(key).__name__)
    return key


def _derive(shared: bytes, info: bytes) -> bytes:
    return HKDF(hashes.SHA256(), _KEY_BYTES, salt=None, info=info).derive(shared)
