"""Seizure: what only the child-safety team may open leaves the vault for the quarantine.

It is ordered in the same transaction that notes why, and done by upkeep a second later: to whoever
was refused, the worst refusal MUST take as long as any other. Until then, and while it fails, the
object stays sealed in the vault, from which nothing that was halted is ever opened, nor destroyed
while the order stands; a failure is told to the operator, and upkeep tries again.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid5

import structlog

from audit.entry import Entry, Kind
from audit.errors import AuditError
from audit.log import Log
from pipeline.errors import MissingObjectError, QuarantineError, StoreError, VaultError
from pipeline.quarantine import Quarantine
from pipeline.store.seizures import Seizable, Seizures
from pipeline.telemetry.spacing import Spacing
from pipeline.vault import Vault

LONGEST_WAIT = timedelta(minutes=1)
"""What could not be seized is tried again after this long at the latest."""
SELDOMEST = timedelta(hours=1)
"""How often a failure that lasts is told in the end."""
_ORDERS = "orders"

_say = structlog.get_logger("seizure")


@dataclass(frozen=True, slots=True)
class Seizure:
    """Moves what was ordered to be seized into the quarantine."""

    vault: Vault
    quarantine: Quarantine
    seizures: Seizures
    log: Log
    now: Callable[[], datetime]
    failing: dict[str, str] = field(default_factory=dict)
    """What could not be seized and waits in the vault, by its vault id: the kind of the fault."""
    _tries: Spacing = field(default_factory=lambda: Spacing(LONGEST_WAIT))
    _tellings: Spacing = field(default_factory=lambda: Spacing(SELDOMEST))
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self) -> None:
        """Seize whatever is ordered. Never raises: it is halted whatever happens here."""
        async with self._turn:  # two at once would meet at the same object
            before = {*self.failing.values()}
            try:
                ordered = await self.seizures.ordered()
                self._forget({*self.failing} - {each.vault_id for each in ordered})
                await self._all(ordered)
            except StoreError as fault:
                self._failed(_ORDERS, fault)
            for kind in before - {*self.failing.values()}:
                self._tellings.forget(kind)

    async def _all(self, ordered: Sequence[Seizable]) -> None:
        """Seize each; one that fails stays ordered, and keeps no other from being seized."""
        for seizable in ordered:
            if not self._tries.is_due(seizable.vault_id, self.now()):
                continue
            try:
                await self._seize(seizable)
            except (VaultError, QuarantineError, AuditError) as fault:
                self._failed(seizable.vault_id, fault)
            else:
                self._forget({seizable.vault_id})

    def _failed(self, what: str, fault: Exception) -> None:
        """Remember a failure for `/ready`, and tell its kind: at once, then ever more seldom."""
        kind = type(fault).__name__
        self.failing[what] = kind
        if self._tellings.is_due(kind, self.now()):
            _say.error("seizure failed", fault=kind, failing=len(self.failing))

    def _forget(self, whats: set[str]) -> None:
        for what in whats:
            self.failing.pop(what, None)
            self._tries.forget(what)

    async def _seize(self, seizable: Seizable) -> None:
        object_id = uuid5(seizable.submission, f"quarantined/{seizable.vault_id}")
        try:
            data = await self.vault.look(seizable.vault_id)
        except MissingObjectError:  # a crash may have come between the last two steps
            if await self.log.receipt(object_id) is None:
                await self._lost(seizable)
            await self.seizures.done(seizable.vault_id)
            return
        facts = {
            "submission": str(seizable.submission),
            "tenant": seizable.tenant,
            "code": seizable.code,
            "sha256": sha256(data).hexdigest(),
        }
        await self.quarantine.put(data, facts, object_id)
        await self._append(seizable, object_id, "media.quarantined")
        await self.vault.destroy(seizable.vault_id)
        await self.seizures.done(seizable.vault_id)

    async def _lost(self, seizable: Seizable) -> None:
        """Write down that an object was gone before it could be seized: it cannot be any more."""
        object_id = uuid5(seizable.submission, f"lost/{seizable.vault_id}")
        await self._append(seizable, object_id, "media.lost")
        _say.error("seizure failed", object=str(object_id), fault=MissingObjectError.__name__)

    async def _append(self, seizable: Seizable, object_id: UUID, event: str) -> None:
        public = {
            "submission": str(seizable.submission),
            "tenant": seizable.tenant,
            "event": event,
            "object": str(object_id),
            "code": seizable.code,
        }
        await self.log.append(Entry(object_id, Kind.MEDIA, self.now(), public))
