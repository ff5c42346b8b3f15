"""Which banks there are, which version of each is used, and under what terms.

The catalogue is one small sealed file. It is read again whenever its first bytes differ, so what
one process changes counts in every process from the next look on.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from classifiers.errors import BankError
from classifiers.hash_bank import HashType, Kind
from classifiers.hash_bank_lookup import Asked, Use
from classifiers.hash_index import sealed

NAME = "catalogue"
_FORMAT = 1


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Terms(_Part):
    """Under what a version may be used."""

    licensee: str = ""
    digest: str | None = None
    """The sha256 of the text of the terms."""
    expires_at: datetime | None = None
    """From then on nobody may look there."""
    tenants: frozenset[str] | None = None
    """For whose requests it may be used; None: for everybody's."""
    uses: frozenset[Use] = frozenset(Use)

    def permit(self, asked: Asked) -> bool:
        """Whether somebody may look for this; a person's own question is nobody's request."""
        everybody = self.tenants is None or asked.use is Use.LOOKUP
        return asked.use in self.uses and (everybody or asked.tenant in (self.tenants or ()))


class Trial(_Part):
    """How a version did on pictures that it should not match."""

    benign: int
    benign_matched: int
    recent: int
    recent_matched: int

    @property
    def rate(self) -> float:
        """The share that it matched, of the kind of pictures of which it matched more."""
        return max(
            self.benign_matched / max(self.benign, 1), self.recent_matched / max(self.recent, 1)
        )


class Version(_Part):
    """One state of a bank. Its rows never change."""

    list_version: str
    file_digest: str
    format: str
    fetched_at: datetime
    imported_at: datetime
    entries: int
    counts: Mapping[str, Mapping[str, int]]
    terms: Terms = Terms()
    folder: str
    indexes: tuple[str, ...]
    trial: Trial | None = None
    checkpoint: str = ""
    """Up to where its service was read, as that one says it; empty for a file."""


class Retracted(_Part):
    """A row that matches nothing any more, in later versions either."""

    entry_id: str
    type: HashType
    hash: str


class BankState(_Part):
    """A bank, and the version that is used."""

    name: str
    kind: Kind
    own: bool = False
    """Whether its entries are ours to be shown."""
    current: Version
    previous: Version | None = None
    retracted: tuple[Retracted, ...] = ()

    @property
    def version(self) -> str:
        """`source@list_version`: what the audit log writes down."""
        return f"{self.name}@{self.current.list_version}"


class Staged(_Part):
    """A version that is not used: one to be tried, or one that was tried and set aside."""

    name: str
    kind: Kind
    own: bool
    version: Version


class Catalogue(_Part):
    """All banks."""

    format: int = _FORMAT
    banks: tuple[BankState, ...] = ()
    staged: tuple[Staged, ...] = ()

    def bank(self, name: str) -> BankState | None:
        """Return a bank."""
        return next((bank for bank in self.banks if bank.name == name), None)

    def waiting(self, name: str) -> Staged | None:
        """Return the version of a bank that is not used."""
        return next((each for each in self.staged if each.name == name), None)

    def with_bank(self, changed: BankState) -> "Catalogue":
        """Return the catalogue with this bank in the place of the one of its name."""
        others = (bank for bank in self.banks if bank.name != changed.name)
        ordered = sorted((*others, changed), key=lambda bank: bank.name)
        return self.model_copy(update={"banks": tuple(ordered)})

    def without_bank(self, name: str) -> "Catalogue":
        """Return the catalogue without this bank."""
        return self.model_copy(update={"banks": tuple(b for b in self.banks if b.name != name)})

    def with_staged(self, staged: Staged | None, name: str) -> "Catalogue":
        """Return the catalogue with what waits under a name, or with nothing there."""
        others = [each for each in self.staged if each.name != name]
        return self.model_copy(update={"staged": (*others, *(() if staged is None else (staged,)))})

    @property
    def folders(self) -> frozenset[str]:
        """The folders of all versions that are kept."""
        used = (v for b in self.banks for v in (b.current, b.previous) if v is not None)
        return frozenset(v.folder for v in (*used, *(each.version for each in self.staged)))


def read(folder: Path, key: bytes) -> Catalogue:
    """Read the catalogue of a folder.

    Raises:
        BankError: it is missing or does not verify. Lost banks are not no banks.
    """
    path = folder / NAME
    try:
        memory = np.empty(sealed.length(path), np.uint8)
        sealed.read_into(path, key, memory)
        catalogue = Catalogue.model_validate_json(memory.tobytes())
    except FileNotFoundError:
        raise BankError("banks: expected their catalogue, got none") from None
    except ValidationError:
        raise BankError("banks: expected a catalogue of this format") from None
    if catalogue.format != _FORMAT:
        message = f"banks: expected a catalogue of format {_FORMAT}, got {catalogue.format}"
        raise BankError(message)
    return catalogue


def write(folder: Path, key: bytes, catalogue: Catalogue) -> None:
    """Replace the catalogue; when this returns every process sees the new one."""
    data = catalogue.model_dump_json().encode()
    sealed.write(folder / NAME, key, np.frombuffer(data, np.uint8))


@cache  # to put a path together takes longer than to read the file's first bytes
def _path(folder: Path) -> Path:
    return folder / NAME


def identity(folder: Path) -> bytes:
    """Return what differs after every change.

    Raises:
        BankError: there is no catalogue.
    """
    try:
        return sealed.identity(_path(folder))
    except FileNotFoundError:
        raise BankError("banks: expected their catalogue, got none") from None
