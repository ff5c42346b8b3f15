"""Seizure: what only the child-safety team may open leaves the vault for the quarantine.

It follows the entry that halted the item. If it fails, the object stays sealed in the vault, from
which nothing that was halted is ever opened, and the failure is told to the operator.
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
from pipeline.errors import QuarantineError, VaultError
from pipeline.items import Examined, Halted, Judged, Submission
from pipeline.quarantine import Quarantine
from pipeline.vault import Vault
from policies.decision import Action

FAMILIES = frozenset({"CSE"})
"""The families of harm whose objects nobody but the child-safety team may open."""

_say = structlog.get_logger("seizure")


@dataclass(frozen=True, slots=True)
class Seizure:
    """Moves what was halted for `CSE.*`, or is to be escalated, into the quarantine."""

    vault: Vault
    quarantine: Quarantine
    log: Log
    now: Callable[[], datetime]

    async def follow(self, submission: Submission, outcome: object) -> None:
        """Seize what an outcome halted. Never raises: the item is halted whatever happens here."""
        for judged, vault_id in _grave(submission, outcome):
            try:
                await self._seize(submission, judged, vault_id)
            except (VaultError, QuarantineError, AuditError) as fault:
                _say.error("seizure failed", vault_id=vault_id, fault=type(fault).__name__)

    async def _seize(self, submission: Submission, judged: Judged, vault_id: str) -> None:
        data = await self.vault.look(vault_id)
        code = judged.decision.code
        facts = {
            "submission": str(submission.id),
            "tenant": submission.subject.tenant,
            "code": code.value,
            "sha256": sha256(data).hexdigest(),
        }
        object_id = await self.quarantine.put(data, facts)
        await self.log.append(
            Entry(
                uuid5(submission.id, f"quarantined/{vault_id}"),
                Kind.MEDIA,
                self.now(),
                {
                    "submission": str(submission.id),
                    "tenant": submission.subject.tenant,
                    "event": "media.quarantined",
                    "object": str(object_id),
                    "code": code.value,
                },
            )
        )
        await self.vault.destroy(vault_id)


def _grave(submission: Submission, outcome: object) -> list[tuple[Judged, str]]:
    """Return what is to be seized of an outcome: the judgement and the vault id of each object."""
    match outcome:
        case Halted(index=None):
            objects: list[tuple[object, str]] = [(outcome, submission.vault_id)]
        case Examined(outcomes=outcomes, generated=generated):
            kept = [picture.vault_id for picture in generated.pictures]
            objects = list(zip(outcomes, kept, strict=True))
        case _:
            return []
    return [
        (each.judged, vault_id)
        for each, vault_id in objects
        if isinstance(each, Halted) and each.judged is not None and _is_grave(each.judged)
    ]


def _is_grave(judged: Judged) -> bool:
    decision = judged.decision
    return decision.action is Action.BLOCK_AND_ESCALATE or decision.code.family in FAMILIES
