"""What people do to banks: use a version that was imported, retract, and ask about a picture.

Each is written into the log first, with who did it and why; no entry holds a hash.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit.entry import Entry, Json, Kind
from audit.log import Log
from classifiers import canonical, hash_bank_changes
from classifiers.canonical import Canonical
from classifiers.content import Image, Purpose
from classifiers.errors import BankError, UnreadableError
from classifiers.hash_bank_catalogue import BankState, Staged, Trial
from classifiers.hash_bank_lookup import Hit
from classifiers.hash_bank_store import SealedBanks
from classifiers.hash_bank_trial import Prints, hits_of, prints_of, tried
from pipeline.access.permissions import Permission, Person
from pipeline.errors import VaultError
from pipeline.judge import Judge
from pipeline.store.changes import ChangeKind
from pipeline.store.store import Store
from pipeline.vault import Vault

RECENT = 48
"""Of how many pictures that were released last a new version is tried on: each takes a look."""


@dataclass(frozen=True, slots=True)
class Used:
    """What became of a version that waited."""

    name: str
    version: str
    entries: int
    used: bool
    trial: Trial


@dataclass(frozen=True, slots=True)
class Matched:
    """One row that a person's picture matches; it holds no hash."""

    source: str
    entry: str
    kind: str
    type: str
    distance: int
    status: str


@dataclass(frozen=True, slots=True)
class BankDesk:
    """The one place where banks are changed while the gateway serves."""

    banks: SealedBanks
    judge: Judge
    store: Store
    vault: Vault
    log: Log
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    child_safety: frozenset[str]
    """Who of the child-safety team may ask about pictures, by name."""

    def person(self, name: str) -> Person:
        """Return who asks, with what they may do."""
        may = {Permission.CHILD_SAFETY_OPEN} if name in self.child_safety else set[Permission]()
        return Person(name, frozenset(may))

    async def use(self, name: str, person: str, most_matched: float) -> Used:
        """Try the version of a bank that waits, and use it, or set it aside if it matches too much.

        Raises:
            BankError: none waits, or the banks do not verify; or two people change this bank.
            AuditError: it could not be written down, and nothing was changed.
        """
        if await self._is_changed_by_two(name):
            message = f"bank {name}: its versions come through change control: propose this one"
            raise BankError(message)
        catalogue = await asyncio.to_thread(self.banks.catalogue)
        staged, known = catalogue.waiting(name), catalogue.bank(name)
        if staged is None:
            message = f"bank {name}: expected a version that waits, got none"
            raise BankError(message)
        recent = await self.recent()
        trial = await asyncio.to_thread(lambda: tried(self.banks.staged(name), recent))
        passed = trial.rate <= most_matched
        event = "bank.used" if passed else "bank.set_aside"
        detail: dict[str, Json] = {"trial": trial.model_dump(), "most_matched": most_matched}
        await self._write(event, _public(staged, known), {"person": person}, detail)
        change = hash_bank_changes.activate if passed else hash_bank_changes.set_aside
        await asyncio.to_thread(change, self.banks, name, trial)
        version = staged.version
        return Used(name, version.list_version, version.entries, passed, trial)

    async def retract(self, name: str, entry_id: str | None, person: str, reason: str) -> int:
        """Take an entry out of a bank for good, or the whole bank; return how many rows it had.

        Raises:
            BankError: there is no such bank or entry, or the banks do not verify.
            AuditError: it could not be written down, and nothing was changed.
        """
        bank = (await asyncio.to_thread(self.banks.catalogue)).bank(name)
        if bank is None:
            message = f"bank {name}: expected one that was imported, got none"
            raise BankError(message)
        event = "bank.removed" if entry_id is None else "bank.retracted"
        public: dict[str, Json] = {"name": name, "before": bank.current.list_version}
        detail: dict[str, Json] = {} if entry_id is None else {"entry": entry_id}
        rows = bank.current.entries
        if entry_id is not None:
            rows = await asyncio.to_thread(self._rows, bank, entry_id)
        await self._write(
            event, {**public, "count": rows}, {"person": person, "reason": reason}, detail
        )
        if entry_id is None:
            await asyncio.to_thread(hash_bank_changes.remove, self.banks, name)
        else:
            await asyncio.to_thread(hash_bank_changes.retract, self.banks, name, entry_id)
        return rows

    async def match(self, data: bytes, person: Person, reason: str) -> Sequence[Matched]:
        """Return every row that a picture matches. Whoever asks is on record before they know.

        Raises:
            ForbiddenError: the person is not of the child-safety team.
            UnreadableError: it is no picture.
            BankError: nobody could look.
            AuditError: it could not be written down, and nothing is told.
        """
        person.require(Permission.CHILD_SAFETY_OPEN)
        hits = await self.judge.run(lambda: self._hits(data))
        best: dict[tuple[str, str, str], Hit] = {}
        for hit in hits:
            key = hit.source, hit.entry_id, hit.type.value
            best[key] = min(best.get(key, hit), hit, key=lambda one: one.distance)
        matched = [
            Matched(h.source, h.entry_id, h.kind.value, h.type.value, h.distance, h.status.value)
            for h in best.values()
        ]
        names: list[Json] = [f"bank:{one.source}/{one.entry}" for one in matched]
        asked = Entry(
            self.new_id(),
            Kind.ACCESS,
            self.now(),
            {"event": "bank.matched", "count": len(matched)},
            {"person": person.name, "reason": reason},
            {"matched": names},
        )
        await self.log.append(asked)
        return sorted(matched, key=lambda one: (one.distance, one.source, one.entry))

    def _hits(self, data: bytes) -> list[Hit]:
        picture, banks = _read(data), self.banks.opened()
        every = (picture, *picture.hidden)
        return [hit for each in every for hit in hits_of(banks, prints_of(each))]

    def _rows(self, bank: BankState, entry_id: str) -> int:
        rows = sum(1 for _ in hash_bank_changes.entries(self.banks, bank.current, entry_id))
        if not rows:
            message = f"bank {bank.name}: expected an entry of this id, got none"
            raise BankError(message)
        return rows

    async def recent(self) -> list[Prints]:
        """Return the prints of the pictures that were released last, as far as they are kept."""
        prints: list[Prints] = []
        for picture in await self.store.pictures.newest_released(RECENT):
            try:
                data = await self.vault.look(picture.vault_id)
                prints.append(await self.judge.run(lambda data=data: prints_of(_read(data))))  # type: ignore[misc] # a lambda has no annotations
            except (VaultError, UnreadableError):
                continue  # it went meanwhile
        return prints

    async def _is_changed_by_two(self, name: str) -> bool:
        """Whether a version of this bank was ever put in force by two people."""
        return name in await self.store.changes.names(ChangeKind.BANK)

    async def _write(
        self,
        event: str,
        public: Mapping[str, Json],
        personal: Mapping[str, str | bytes],
        detail: Mapping[str, Json],
    ) -> None:
        said = {"event": event, **public}
        await self.log.append(Entry(self.new_id(), Kind.BANK, self.now(), said, personal, detail))


def _public(staged: Staged, known: BankState | None) -> dict[str, Json]:
    version = staged.version
    public: dict[str, Json] = {
        "name": staged.name,
        "digest": version.list_version,
        "count": version.entries,
    }
    return public if known is None else {**public, "before": known.current.list_version}


def _read(data: bytes) -> Canonical:
    return canonical.read(Image("picture", 0, Purpose.SOURCE, data))
