"""Changes the banks in a folder: a version is staged, tried, and then used or set aside.

Until `activate` nothing that was staged is searched by anybody. One process changes at a time.
"""

import csv
import secrets
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from classifiers import hash_bank_catalogue
from classifiers.errors import BankError
from classifiers.hash_bank import EXACT, NEAR, Entry, HashType, Kind, entry_of
from classifiers.hash_bank_block import NOTED
from classifiers.hash_bank_catalogue import (
    BankState,
    Catalogue,
    Retracted,
    Staged,
    Terms,
    Trial,
    Version,
)
from classifiers.hash_bank_rows import Listing, Searched
from classifiers.hash_bank_store import (
    EXACT_INDEX,
    ROWS,
    SealedBanks,
    as_searched,
    version_key,
)
from classifiers.hash_index import Library, Listed, alone, fill, sealed, withdraw


@dataclass(frozen=True, slots=True)
class Imported:
    """What a version is made of."""

    listing: Listing
    kind: Kind
    own: bool
    file_digest: str
    format: str
    fetched_at: datetime
    terms: Terms
    checkpoint: str = ""


def create(folder: Path, key: bytes) -> None:
    """Make an empty folder of banks; one that has begun is left as it is.

    A folder that holds anything but a catalogue has lost it: that is left too, and does not open.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        return
    with alone(folder):
        hash_bank_catalogue.write(folder, key, Catalogue())


def stage(banks: SealedBanks, imported: Imported) -> Version:
    """Write a version of a bank, to be tried; what waited before under its name is gone.

    Raises:
        BankError: the bank is of another kind, or the catalogue does not verify.
    """
    listing = imported.listing
    with alone(banks.folder):
        catalogue = banks.catalogue()
        known = catalogue.bank(listing.source)
        if known is not None and known.kind is not imported.kind:
            message = f"bank {listing.source}: expected kind {known.kind}, got {imported.kind}"
            raise BankError(message)
        folder = secrets.token_hex(16)
        indexes = _write(banks.folder / folder, version_key(banks.key, folder), listing)
        version = Version(
            list_version=listing.list_version,
            file_digest=imported.file_digest,
            format=imported.format,
            fetched_at=imported.fetched_at,
            imported_at=banks.now(),
            entries=len(listing),
            counts=listing.counts,
            terms=imported.terms,
            folder=folder,
            indexes=indexes,
            checkpoint=imported.checkpoint,
        )
        own = imported.own or (known is not None and known.own)
        staged = Staged(name=listing.source, kind=imported.kind, own=own, version=version)
        _put(banks, catalogue.with_staged(staged, listing.source))
    return version


def activate(banks: SealedBanks, name: str, trial: Trial) -> BankState:
    """Use the version that waits; what was retracted stays retracted. The one before is kept.

    Raises:
        BankError: none waits.
    """
    with alone(banks.folder):
        catalogue = banks.catalogue()
        staged, known = _waiting(catalogue, name), catalogue.bank(name)
        version = staged.version.model_copy(update={"trial": trial})
        retracted = () if known is None else known.retracted
        _withdraw(banks, version, retracted)
        state = BankState(
            name=name,
            kind=staged.kind,
            own=staged.own,
            current=version,
            previous=None if known is None else known.current,
            retracted=retracted,
        )
        _put(banks, catalogue.with_bank(state).with_staged(None, name))
    return state


def roll_back(banks: SealedBanks, name: str) -> BankState:
    """Use the version before again, and keep the other; what was retracted stays retracted.

    Raises:
        BankError: there is no such bank, or none before.
    """
    with alone(banks.folder):
        catalogue = banks.catalogue()
        bank = _bank(catalogue, name)
        if bank.previous is None:
            message = f"bank {name}: expected a version before the one that is used, got none"
            raise BankError(message)
        _withdraw(banks, bank.previous, bank.retracted)
        state = bank.model_copy(update={"current": bank.previous, "previous": bank.current})
        _put(banks, catalogue.with_bank(state))
    return state


def set_aside(banks: SealedBanks, name: str, trial: Trial) -> None:
    """Leave the version that waits where it is, with how it did.

    Raises:
        BankError: none waits.
    """
    with alone(banks.folder):
        catalogue = banks.catalogue()
        staged = _waiting(catalogue, name)
        version = staged.version.model_copy(update={"trial": trial})
        _put(banks, catalogue.with_staged(staged.model_copy(update={"version": version}), name))


def retract(banks: SealedBanks, name: str, entry_id: str) -> int:
    """Take an entry out of a bank, and out of its later versions; return how many rows it had.

    Once this returns no look finds them, in any process.

    Raises:
        BankError: there is no such bank.
    """
    with alone(banks.folder):
        catalogue = banks.catalogue()
        bank = _bank(catalogue, name)
        rows = tuple(
            Retracted(entry_id=entry_id, type=entry.type, hash=entry.hash.hex())
            for entry in entries(banks, bank.current, entry_id)
        )
        retracted = (*(row for row in bank.retracted if row not in rows), *rows)
        _put(banks, catalogue.with_bank(bank.model_copy(update={"retracted": retracted})))
        _withdraw(banks, bank.current, rows)
    return len(rows)


def remove(banks: SealedBanks, name: str) -> None:
    """Take a whole bank out.

    Raises:
        BankError: there is no such bank.
    """
    with alone(banks.folder):
        catalogue = banks.catalogue()
        _bank(catalogue, name)
        _put(banks, catalogue.without_bank(name).with_staged(None, name))


def entries(banks: SealedBanks, version: Version, entry_id: str | None = None) -> Iterator[Entry]:
    """Yield the entries of a version, or those of one id.

    Raises:
        BankError: its rows are missing or do not verify.
    """
    for line in banks.rows(version).decode().split("\r\n")[:-1]:
        if entry_id is None or f",{entry_id}," in line:
            entry = entry_of(next(csv.reader([line])))
            if entry_id in {None, entry.entry_id}:
                yield entry


def _write(place: Path, key: bytes, listing: Listing) -> tuple[str, ...]:
    """Write what a version is made of; return which indexes it has."""
    place.mkdir(mode=0o700, parents=True)
    data = b"".join([line + b"\r\n" for line in listing.lines])
    sealed.write(place / ROWS, key, np.frombuffer(data, np.uint8))
    indexes: dict[str, Searched] = {k: s for k, s in listing.searched.items() if k in NEAR}
    exact = [searched for kind, searched in listing.searched.items() if kind in EXACT]
    if exact:
        indexes[EXACT_INDEX] = Searched(
            np.vstack([as_searched(each.hashes) for each in exact]),
            np.concatenate([each.notes for each in exact]),
            np.concatenate([each.lengths for each in exact]),
        )
    for name, rows in indexes.items():
        fill(Library(place / name, key), rows.hashes, rows.notes, rows.lengths)
    return tuple(map(str, indexes))


def _withdraw(banks: SealedBanks, version: Version, rows: Sequence[Retracted]) -> None:
    key, place = version_key(banks.key, version.folder), banks.folder / version.folder
    for index in version.indexes:
        gone = {listed for row in rows if _index_of(row.type) == index for listed in _listed(row)}
        if gone:
            withdraw(Library(place / index, key), gone)


def _listed(row: Retracted) -> Iterator[Listed]:
    """Yield the row as it may stand in an index, whatever its status."""
    digest = as_searched(np.frombuffer(bytes.fromhex(row.hash), np.uint8)[None]).tobytes()
    for letter in NOTED.values():
        yield Listed(digest, f"{row.entry_id}{letter}")


def _index_of(kind: HashType) -> str:
    return EXACT_INDEX if kind in EXACT else str(kind)


def _bank(catalogue: Catalogue, name: str) -> BankState:
    bank = catalogue.bank(name)
    if bank is None:
        message = f"bank {name}: expected one that was imported, got none"
        raise BankError(message)
    return bank


def _waiting(catalogue: Catalogue, name: str) -> Staged:
    staged = catalogue.waiting(name)
    if staged is None:
        message = f"bank {name}: expected a version that waits, got none"
        raise BankError(message)
    return staged


def _put(banks: SealedBanks, catalogue: Catalogue) -> None:
    """Write the catalogue, and take away what it does not name any more.

    The version before the one that is used is kept: somebody may be looking there.
    """
    hash_bank_catalogue.write(banks.folder, banks.key, catalogue)
    for path in banks.folder.iterdir():
        if path.is_dir() and path.name not in catalogue.folders:
            shutil.rmtree(path)
