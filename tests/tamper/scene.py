"""A finished log of three hundred entries, its keys, and what outsiders kept of it."""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.entry import Entry, Json, Kind, entry_id
from audit.log import Log
from audit.seal import DetailKeys
from audit.signer import Ed25519Signer
from audit.vkey import VerifierKey

ORIGIN = "gw.example/audit"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SIZE = 300
ERASED, ERASURE = 60, 90
"""The index of an entry whose detail was erased, and of the entry that says so."""
_AT_ONCE = 23


@dataclass(frozen=True, slots=True)
class Scene:
    """The log's file, and what outsiders kept: an older checkpoint, one of the end, a proof."""

    path: Path
    signer: Ed25519Signer
    keys: DetailKeys
    older: str
    receipt: str
    proof: str
    leaf: bytes

    @property
    def vkey(self) -> str:
        """The verifier key, as it is given to everybody."""
        return self.signer.vkey.write()

    def copied(self, path: Path) -> "Scene":
        """Return the same scene over a copy of the file."""
        shutil.copy(self.path, path)
        return replace(self, path=path)


def signer_of(seed: str, name: str = ORIGIN) -> Ed25519Signer:
    """Return the same key each time, so that what names its id is the same each time."""
    key = Ed25519PrivateKey.from_private_bytes(sha256(seed.encode()).digest())
    return Ed25519Signer(VerifierKey(name, key.public_key().public_bytes_raw()), key)


def admission(number: int) -> Entry:
    """Return the entry that stands at this index, in nearly all places."""
    submission = UUID(int=number)
    public: dict[str, Json] = {"submission": str(submission), "action": "allow"}
    at = entry_id(submission, Kind.ADMIT)
    return Entry(at, Kind.ADMIT, NOON, public, {"prompt": f"a harbour {number}"}, {"n": number})


def entries() -> Iterator[Entry]:
    """Yield everything after the genesis: one picture's way, admissions, an erasure."""
    yield admission(1)
    for kind in (Kind.GENERATED, Kind.EXAMINED, Kind.RELEASE):
        submission = UUID(int=1)
        yield Entry(entry_id(submission, kind), kind, NOON, {"submission": str(submission)})
    for number in range(5, SIZE):
        if number == ERASURE:
            erased = [str(admission(ERASED).entry_id)]
            yield Entry(UUID(int=ERASURE), Kind.ERASE, NOON, {"entries": erased})
        else:
            yield admission(number)


def build(folder: Path) -> Scene:
    """Write the log as the gateway would; several entries share a commit."""
    return asyncio.run(_built(folder))


async def _built(folder: Path) -> Scene:
    signer, keys = signer_of("the log's own"), DetailKeys("k1", {"k1": bytes(32)})
    path = folder / "log.db"
    log = await Log.open(path, origin=ORIGIN, signer=signer, keys=keys, now=lambda: NOON)
    older, waiting = "", list(entries())
    for start in range(0, len(waiting), _AT_ONCE):
        found = await asyncio.gather(*map(log.append, waiting[start : start + _AT_ONCE]))
        older = older or (found[-1].checkpoint if start > 80 else "")
    proof = await log.proof(admission(50).entry_id)
    shown = await log.receipt(admission(50).entry_id)
    receipt = log.checkpoint
    await log.close()
    assert shown is not None
    return Scene(path, signer, keys, older, receipt, proof, shown.leaf)
