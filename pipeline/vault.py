"""The vault: requests and pictures, sealed, and opened only with the right receipt.

An object is known by its vault id and belongs to one submission. Machines may `look` at it, to
screen and to examine. What is to leave goes through `open`, which asks for the receipt of the
`examined` entry of that submission: bytes that nobody examined cannot be released.

In a directory an object is one file:

    magic "IMPV" | version 1 | submission 16 | key id 8 | nonce 12 | wrapped key 48 | nonce 12 |
    ciphertext

Each object has its own AES-256-GCM key, wrapped by the master key, which lies elsewhere. Both
layers are bound to the vault id and to everything before them, so an object cannot be moved to
another name or another submission. Destroying is unlinking the file, its key within it; whoever
holds an old copy of the directory *and* the master key can still open what was destroyed.
"""

import hmac
import re
from collections.abc import Callable, Generator
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import ParamSpec, Protocol, TypeVar
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.entry import Kind, Receipt
from audit.errors import AuditError
from audit.keyfile import sync_folder
from audit.leaf import Leaf
from audit.threads import in_thread
from pipeline.errors import (
    AlteredObjectError,
    MissingObjectError,
    NotExaminedError,
    VaultError,
)
from pipeline.files import PART, write_once
from pipeline.items import Sealed
from policies.decision import Action

KEY_BYTES = 32
OPENED = frozenset({Action.ALLOW, Action.LABEL, Action.HOLD})
"""What an examination may have decided of what is opened; a hold is opened by a ruling on it."""
_MAGIC = b"IMPV\x01"
_NONCE_BYTES = 12
_WRAPPED_BYTES = KEY_BYTES + 16
_HEADER_BYTES = len(_MAGIC) + 16 + 8
_ENVELOPE_BYTES = _HEADER_BYTES + _NONCE_BYTES + _WRAPPED_BYTES + _NONCE_BYTES
_VAULT_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)

P = ParamSpec("P")
T = TypeVar("T")

_threads = ThreadPoolExecutor(4, "vault")
"""Of all vaults of this process: they wait for the disk."""


class Vault(Protocol):
    """Keeps objects sealed. Every method raises `VaultError`, and nothing else, when it cannot."""

    async def put(self, data: bytes, submission: UUID, name: str | None = None) -> str:
        """Seal `data` and return its vault id; returns only when the object is durable.

        With a `name`, unique within the submission, the id is always the same: sealing the same
        bytes again returns it, and sealing others is refused. Without, every call makes an object.

        Raises:
            VaultError: nothing was sealed, or the name holds other bytes.
        """
        ...

    async def look(self, vault_id: str) -> bytes:
        """Return the bytes for a machine to look at. MUST NOT be used to release them.

        Raises:
            MissingObjectError: there is no such object.
            AlteredObjectError: it does not open.
        """
        ...

    def read(self, vault_id: str) -> bytes:
        """Do what `look` does, in the caller's own thread, which MUST NOT be the event loop's.

        Raises:
            MissingObjectError, AlteredObjectError: as `look`.
        """
        ...

    async def open(self, sealed: Sealed, receipt: Receipt) -> bytes:
        """Return the bytes of a picture that is to leave.

        Raises:
            NotExaminedError: the receipt is not that of an `examined` entry of its submission.
            MissingObjectError: there is no such object.
            AlteredObjectError: it does not open, or it is not the picture that was sealed.
        """
        ...

    def unseal(self, sealed: Sealed, receipt: Receipt) -> bytes:
        """Do what `open` does, in the caller's own thread, which MUST NOT be the event loop's.

        Raises:
            NotExaminedError, MissingObjectError, AlteredObjectError: as `open`.
        """
        ...

    async def destroy(self, vault_id: str) -> bool:
        """Destroy an object; return whether there was one."""
        ...

    async def sweep(self, keep: AbstractSet[str], sealed_before: datetime) -> int:
        """Destroy what was sealed before then and is not in `keep`; return how many.

        This is for what a crash left behind: `sealed_before` MUST leave time enough for whoever
        sealed an object to write down its id.
        """
        ...


@dataclass(frozen=True, slots=True)
class DirectoryVault:
    """A vault in a directory, which may be a shared volume that knows hard links.

    `master_key` has 32 bytes and MUST NOT lie in `directory`; `random` returns that many bytes
    nobody can guess. All work is done in threads.
    """

    directory: Path
    master_key: bytes = field(repr=False)
    random: Callable[[int], bytes] = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.master_key) != KEY_BYTES:
            raise VaultError("master key", f"{KEY_BYTES} bytes", len(self.master_key))

    async def put(self, data: bytes, submission: UUID, name: str | None = None) -> str:
        """Seal `data`, as `Vault` says."""
        return await _in_thread(self._put, data, submission, name)

    async def look(self, vault_id: str) -> bytes:
        """Return the bytes for a machine, as `Vault` says."""
        return await in_thread(_threads, self.read, vault_id)

    def read(self, vault_id: str) -> bytes:
        """Return the bytes for a machine in the caller's own thread, as `Vault` says."""
        with _disk():
            return self._read(vault_id)[1]

    async def open(self, sealed: Sealed, receipt: Receipt) -> bytes:
        """Return the bytes that are to leave, as `Vault` says."""
        return await in_thread(_threads, self.unseal, sealed, receipt)

    def unseal(self, sealed: Sealed, receipt: Receipt) -> bytes:
        """Return the bytes that are to leave in the caller's own thread, as `Vault` says."""
        with _disk():
            submission, data = self._read(sealed.vault_id)
        check_examined(submission, sealed.index, receipt)
        check_digest(sealed, data)
        return data

    async def destroy(self, vault_id: str) -> bool:
        """Destroy an object, as `Vault` says."""
        return await _in_thread(self._destroy, vault_id)

    async def sweep(self, keep: AbstractSet[str], sealed_before: datetime) -> int:
        """Destroy what nobody knows of, and what was half written, as `Vault` says."""
        return await _in_thread(self._sweep, keep, sealed_before.timestamp())

    def _put(self, data: bytes, submission: UUID, name: str | None) -> str:
        vault_id = self.random(16).hex() if name is None else id_of(submission, name)
        try:
            write_once(self._path(vault_id), self._seal(data, submission, vault_id))
        except FileExistsError:
            owner, kept = self._read(vault_id)
            if owner != submission or not hmac.compare_digest(kept, data):
                raise VaultError(vault_id, "the bytes sealed before", "others") from None
        return vault_id

    def _seal(self, data: bytes, submission: UUID, vault_id: str) -> bytes:
        header = _MAGIC + submission.bytes + _key_id(self.master_key)
        key, outer, inner = self.random(KEY_BYTES), self.random(12), self.random(12)
        bound = header + bytes.fromhex(vault_id)
        wrapped = AESGCM(self.master_key).encrypt(outer, key, bound)
        return header + outer + wrapped + inner + AESGCM(key).encrypt(inner, data, bound)

    def _read(self, vault_id: str) -> tuple[UUID, bytes]:
        try:
            blob = self._path(vault_id).read_bytes()
        except FileNotFoundError:
            raise MissingObjectError(vault_id, "a sealed object", "none") from None
        header, rest = blob[:_HEADER_BYTES], blob[_HEADER_BYTES:]
        if len(blob) < _ENVELOPE_BYTES or not header.startswith(_MAGIC):
            raise AlteredObjectError(vault_id, "an object of version 1", f"{len(blob)} other bytes")
        if header[-8:] != _key_id(self.master_key):
            raise AlteredObjectError(vault_id, "an object of this master key", "another's")
        bound = header + bytes.fromhex(vault_id)
        outer, rest = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        wrapped, rest = rest[:_WRAPPED_BYTES], rest[_WRAPPED_BYTES:]
        inner, ciphertext = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        try:
            key = AESGCM(self.master_key).decrypt(outer, wrapped, bound)
            data = AESGCM(key).decrypt(inner, ciphertext, bound)
        except InvalidTag:
            raise AlteredObjectError(vault_id, "it as sealed", "other bytes") from None
        return UUID(bytes=header[len(_MAGIC) : len(_MAGIC) + 16]), data

    def _destroy(self, vault_id: str) -> bool:
        path = self._path(vault_id)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        sync_folder(path.parent)
        return True

    def _sweep(self, keep: AbstractSet[str], sealed_before: float) -> int:
        swept = 0
        for path in self.directory.glob("[0-9a-f][0-9a-f]/*"):
            ours = path.suffix == PART or _VAULT_ID.fullmatch(path.name) is not None
            if ours and path.name not in keep and path.stat().st_mtime < sealed_before:
                path.unlink(missing_ok=True)
                swept += 1
        return swept

    def _path(self, vault_id: str) -> Path:
        """Where an object lies. An id has one shape, so no id leads out of the directory."""
        if not _VAULT_ID.fullmatch(vault_id):
            raise MissingObjectError("vault id", "32 hexadecimal digits", "another shape")
        return self.directory / vault_id[:2] / vault_id


def id_of(submission: UUID, name: str) -> str:
    """Return the vault id of a named object; every vault uses it."""
    return sha256(submission.bytes + name.encode()).hexdigest()[:32]


def check_examined(submission: UUID, index: int, receipt: Receipt) -> None:
    """Hold a receipt to be that of the `examined` entry of one sample; every vault uses it.

    A leaf of that kind names its submission and its sample and derives its own id from them, so a
    receipt of another item, or of another step, does not pass; nor one that says it is blocked.

    Raises:
        NotExaminedError: it is not.
    """
    try:
        leaf = Leaf.parse(receipt.leaf)
    except AuditError:
        raise NotExaminedError("receipt", "a leaf of the log", "other bytes") from None
    if leaf.kind is not Kind.EXAMINED or leaf.entry_id != receipt.entry_id:
        raise NotExaminedError("receipt", "an examined entry", leaf.kind.value)
    if leaf.public.get("submission") != str(submission):
        raise NotExaminedError("receipt", "this object's submission", "another")
    if leaf.public.get("sample") != index:
        raise NotExaminedError("receipt", "this object's sample", "another")
    if leaf.public.get("action") not in OPENED:
        raise NotExaminedError("receipt", "a decision that does not block", "another")


def check_digest(sealed: Sealed, data: bytes) -> None:
    """Hold bytes to be those of `sealed`; every vault uses it.

    Raises:
        AlteredObjectError: they are others.
    """
    if not hmac.compare_digest(sha256(data).hexdigest(), sealed.sha256):
        raise AlteredObjectError(sealed.vault_id, "the picture that was sealed", "another")


def _key_id(master_key: bytes) -> bytes:
    return sha256(b"imprimatur vault master key" + master_key).digest()[:8]


async def _in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `work` off the event loop."""
    with _disk():
        return await in_thread(_threads, work, *args, **kwargs)


@contextmanager
def _disk() -> Generator[None]:
    """Make a failing disk the vault's failure."""
    try:
        yield
    except OSError as fault:
        raise VaultError("vault", "a working disk", type(fault).__name__) from fault
