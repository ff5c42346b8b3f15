"""Banks in a folder, sealed, searched by many processes while people change them.

    folder/catalogue            which banks there are, and which version of each is used
    folder/<version>/rows       the rows, as a canonical CSV
    folder/<version>/<index>/   what of them is searched: a `Library`

All is sealed, each version under a key of its own, so that nothing of one goes for another's. A
row that is retracted, and a version that takes the place of another, counts from the next look on,
in every process. What does not verify is an error at every look.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Final, final

import numpy as np
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from numpy.typing import NDArray

from classifiers import hash_bank_catalogue
from classifiers.errors import BankError
from classifiers.hash_bank import NEAR, HashType, Kind
from classifiers.hash_bank_block import NOTED
from classifiers.hash_bank_catalogue import BankState, Catalogue, Terms, Version
from classifiers.hash_bank_lookup import Asked, Hit
from classifiers.hash_index import Library, sealed
from classifiers.perceptual import BYTES

EXACT_INDEX: Final = "exact"
ROWS: Final = "rows"
_STATUSES = {letter: status for status, letter in NOTED.items()}


@dataclass(frozen=True, slots=True)
class _Searched:
    """A bank and what of it is searched."""

    state: BankState
    libraries: Mapping[str, Library] = field(repr=False)

    def hits(
        self, index: str, queries: NDArray[np.uint8], radius: int, types: Sequence[HashType]
    ) -> Iterator[Hit]:
        """Yield the rows of one index that match; `types` tells what each query is."""
        library = self.libraries.get(index)
        if library is None:
            return
        for found in library.within(queries, radius):
            yield Hit(
                self.state.name,
                found.note[:-1],
                self.state.kind,
                _STATUSES[found.note[-1]],
                types[found.query],
                found.distance,
                found.query,
            )


@final
@dataclass(frozen=True, slots=True)
class OpenBanks:
    """The banks of one moment, as `classifiers.hash_bank_lookup.Opened` says."""

    identity: bytes = field(repr=False)
    banks: Sequence[_Searched] = field(repr=False)
    missing: frozenset[Kind]
    now: Callable[[], datetime] = field(repr=False)

    @property
    def versions(self) -> tuple[str, ...]:
        """`source@list_version` of each bank that is used, sorted."""
        return tuple(sorted(bank.state.version for bank in self.banks))

    @property
    def states(self) -> tuple[BankState, ...]:
        """The banks that are used, with their terms."""
        return tuple(bank.state for bank in self.banks)

    @property
    def stale(self) -> frozenset[Kind]:
        """The kinds of which a bank is past its time."""
        at = self.now()
        return frozenset(b.state.kind for b in self.banks if is_expired(b.state.current, at))

    @property
    def has_near(self) -> bool:
        """Whether there is anything that looks could be compared with."""
        return any(kind in bank.libraries for bank in self.banks for kind in NEAR)

    def exact(self, digests: Mapping[HashType, bytes], asked: Asked) -> Sequence[Hit]:
        """Return every row with one of these digests, those that clear included."""
        queries = np.vstack(
            [as_searched(np.frombuffer(d, np.uint8)[None]) for d in digests.values()]
        )
        types = [*digests]
        return [
            hit
            for bank in self._permitted(asked)
            for hit in bank.hits(EXACT_INDEX, queries, 0, types)
        ]

    def near(
        self, kind: HashType, queries: NDArray[np.uint8], radius: int, asked: Asked
    ) -> Sequence[Hit]:
        """Return every row of one of `NEAR` at most `radius` bits from any of `queries`."""
        types = [kind] * len(queries)
        return [
            hit
            for bank in self._permitted(asked)
            for hit in bank.hits(kind, queries, radius, types)
        ]

    def _permitted(self, asked: Asked) -> Iterator[_Searched]:
        at = self.now()
        for bank in self.banks:
            version = bank.state.current
            if version.terms.permit(asked) and not is_expired(version, at):
                yield bank


@final
class SealedBanks:
    """The banks in `folder`, which `create` made, under the key of their owner (32 bytes).

    `memory` is where the processes of this host share what they decrypted; with None each keeps
    its own. Of each of `required` there must be a bank, of that kind. Safe from several threads.
    """

    def __init__(
        self,
        folder: Path,
        key: bytes,
        now: Callable[[], datetime],
        memory: Path | None = None,
        required: Mapping[str, Kind] | None = None,
    ) -> None:
        self.folder = folder
        self.key = key
        self.now = now
        self._memory = memory
        self._required = required or {}
        self._lock = Lock()
        self._opened: OpenBanks | None = None
        self._libraries: dict[str, Mapping[str, Library]] = {}

    def opened(self) -> OpenBanks:
        """Return the banks as they are now; what did not change is not read again.

        Raises:
            BankError: the catalogue is lost or does not verify, or a bank is of another kind than
                the one that is required.
        """
        with self._lock:
            identity = hash_bank_catalogue.identity(self.folder)
            if self._opened is None or self._opened.identity != identity:
                self._opened = self._open(identity, self.catalogue())
            return self._opened

    def staged(self, name: str) -> OpenBanks:
        """Open the version of a bank that waits, alone, to be tried.

        Raises:
            BankError: none waits, or it does not verify.
        """
        staged = self.catalogue().waiting(name)
        if staged is None:
            message = f"bank {name}: expected a version that waits, got none"
            raise BankError(message)
        version = staged.version.model_copy(update={"terms": Terms()})  # it is only tried
        state = BankState(name=name, kind=staged.kind, own=staged.own, current=version)
        searched = _Searched(state, self._opened_version(staged.version))
        return OpenBanks(b"", (searched,), frozenset(), self.now)

    def catalogue(self) -> Catalogue:
        """Read the catalogue.

        Raises:
            BankError: it is missing or does not verify.
        """
        return hash_bank_catalogue.read(self.folder, self.key)

    def rows(self, version: Version) -> bytes:
        """Read the rows of a version: a canonical CSV without its header.

        Raises:
            BankError: they are missing or do not verify.
        """
        path = self.folder / version.folder / ROWS
        try:
            memory = np.empty(sealed.length(path), np.uint8)
            sealed.read_into(path, version_key(self.key, version.folder), memory)
        except FileNotFoundError:
            message = f"bank version {version.folder}: expected its rows, got none"
            raise BankError(message) from None
        return memory.tobytes()

    def close(self) -> None:
        """Let go of the memory; the last process that does takes it away."""
        with self._lock:
            self._opened = None
            for libraries in self._libraries.values():
                for library in libraries.values():
                    library.close()
            self._libraries.clear()

    def _open(self, identity: bytes, catalogue: Catalogue) -> OpenBanks:
        kinds = {bank.name: bank.kind for bank in catalogue.banks}
        for name, kind in self._required.items():
            if kinds.get(name, kind) is not kind:
                message = (
                    f"bank {name}: expected kind {kind}, got {kinds[name]}: the settings differ"
                )
                raise BankError(message)
        missing = {kind for name, kind in self._required.items() if name not in kinds}
        used = {bank.current.folder for bank in catalogue.banks}
        self._libraries = {k: v for k, v in self._libraries.items() if k in used}
        searched = []
        for bank in catalogue.banks:
            folder = bank.current.folder
            if folder not in self._libraries:
                self._libraries[folder] = self._opened_version(bank.current)
            searched.append(_Searched(bank, self._libraries[folder]))
        return OpenBanks(identity, tuple(searched), frozenset(missing), self.now)

    def _opened_version(self, version: Version) -> Mapping[str, Library]:
        key, folder = version_key(self.key, version.folder), self.folder / version.folder
        return {index: Library(folder / index, key, self._memory) for index in version.indexes}


def is_expired(version: Version, at: datetime) -> bool:
    """Whether nobody may look there any more."""
    return version.terms.expires_at is not None and version.terms.expires_at <= at


def version_key(key: bytes, folder: str) -> bytes:
    """Return the key of one version."""
    info = f"imprimatur bank version {folder}".encode()
    return HKDF(SHA256(), sealed.KEY_BYTES, None, info).derive(key)


def as_searched(digests: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Make n x 32 of n x 16, 20 or 32: what is short is written twice, and cut."""
    return np.ascontiguousarray(np.tile(digests, (1, 2))[:, :BYTES])
