"""Keeps a bank in a folder: its rows as canonical CSV, beside a manifest that pins them.

Only the owner may read the files (0600). They are NOT encrypted: keep the folder on an encrypted
disk. An attacker who can write to the folder can empty a bank; who alters rows without the
manifest is found out on load.
"""

import hashlib
import os
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from classifiers import hash_bank_csv
from classifiers.errors import BankError
from classifiers.hash_bank import Bank, Kind

MANIFEST: Final = "manifest.json"


class _Manifest(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int
    source: str
    kind: Kind
    fetched_at: datetime
    entries: int
    list_version: str
    sha256: str


_FORMAT = 1


def save(bank: Bank, folder: Path) -> None:
    """Write `bank` to `folder`; when this returns, `load` gives it back, also after a power cut.

    The manifest is replaced last: until then the bank that was there before stays the valid one.
    """
    rows = hash_bank_csv.write(bank)
    digest = hashlib.sha256(rows).hexdigest()
    manifest = _Manifest(
        format=_FORMAT,
        source=bank.source,
        kind=bank.kind,
        fetched_at=bank.fetched_at,
        entries=len(bank.entries),
        list_version=bank.list_version,
        sha256=digest,
    )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _put(folder / f"{digest}.csv", rows)
    _put(folder / MANIFEST, manifest.model_dump_json(indent=1).encode())
    for old in folder.glob("*.csv"):
        if old.stem != digest:
            old.unlink()


def load(folder: Path) -> Bank:
    """Read the bank that `save` wrote.

    Raises:
        BankError: it is missing, unreadable, or not what its manifest says.
    """
    try:
        manifest = _Manifest.model_validate_json((folder / MANIFEST).read_bytes())
        rows = (folder / f"{manifest.sha256}.csv").read_bytes()
    except (OSError, ValidationError):
        message = f"bank {folder.name}: expected a manifest and its rows, got none that can be read"
        raise BankError(message) from None
    if manifest.format != _FORMAT or hashlib.sha256(rows).hexdigest() != manifest.sha256:
        message = f"bank {manifest.source}: the rows are not those of the manifest"
        raise BankError(message)
    bank = hash_bank_csv.parse(
        rows, source=manifest.source, kind=manifest.kind, fetched_at=manifest.fetched_at
    )
    if (len(bank.entries), bank.list_version) != (manifest.entries, manifest.list_version):
        message = f"bank {manifest.source}: the list version is not that of the manifest"
        raise BankError(message)
    return bank


def _put(path: Path, data: bytes) -> None:
    """Write a whole file or none, durable before it is seen under its name."""
    draft = path.with_name(f".{path.name}.draft")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
