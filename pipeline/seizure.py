"""Seizure: what only the child-safety team may open leaves the vault for the quarantine.

It is ordered in the same transaction that notes why, and done at once. If that fails, the object
stays sealed in the vault, from which nothing that was halted is ever opened, nor destroyed while
the order stands; the failure is told to the operator, and upkeep tries again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import uuid5

import structlog

from audit.entry import Entry, Kind
from audit.errors import AuditError
from audit.log import Log
from pipeline.errors import MissingObjectError, QuarantineError, StoreError, VaultError
from pipeline.quarantine import Quarantine
from pipeline.store.seizures import Seizable, Seizures
from pipeline.vault import Vault

_say = structlog.get_logger("seizure")


@dataclass(frozen=True, slots=True)
class Seizure:
    """Moves what was ordered to be seized into the quarantine."""

    vault: Vault
    quarantine: Quarantine
    seizures: Seizures
    log: Log
    now: Callable[[], datetime]

    async def run(self) -> None:
        """Seize whatever is ordered. Never raises: it is halted whatever happens here."""
        try:
            for seizable in await self.seizures.ordered():
                await self._tried(seizable)
        except StoreError as fault:
            _say.error("seizure failed", fault=type(fault).__name__)

    async def _tried(self, seizable: Seizable) -> None:
        """Seize one object; one that fails stays ordered, and keeps no other from being seized."""
        try:
            await self._seize(seizable)
        except (VaultError, QuarantineError, AuditError) as fault:
            _say.error("seizure failed", fault=type(fault).__name__)

    async def _seize(self, seizable: Seizable) -> None:
        object_id = uuid5(seizable.submission, f"quarantined/{seizable.vault_id}")
        try:
            data = await self.vault.look(seizable.vault_id)
        except MissingObjectError:  # a crash may have come between the last two steps
            if await self.log.receipt(object_id) is None:
                _say.error("seizure failed", object=str(object_id), fault="MissingObjectError")
            await self.seizures.done(seizable.vault_id)
            return
        facts = {
            "submission": str(seizable.submission),
            "tenant": seizable.tenant,
            "code": seizable.code,
            "sha256": sha256(data).hexdigest(),
        }
        await self.quarantine.put(data, facts, object_id)
        public = {
            "submission": str(seizable.submission),
            "tenant": seizable.tenant,
            "event": "media.quarantined",
            "object": str(object_id),
            "code": seizable.code,
        }
        await self.log.append(Entry(object_id, Kind.MEDIA, self.now(), public))
        await self.vault.destroy(seizable.vault_id)
        await self.seizures.done(seizable.vault_id)
