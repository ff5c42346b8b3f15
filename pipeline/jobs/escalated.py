"""Escalated: the cases that the log knows, for an `app.db` that was lost and begins anew.

A case that nobody sees is a duty that nobody does. What is in the log is enough to list it, to page
for it, to copy what is in the quarantine, and to close it by two people; not to file it from here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid5

from audit.leaf import Leaf
from audit.log import Log
from pipeline.items import NEVER_RELEASED
from pipeline.store.api_keys import ApiKey
from pipeline.store.reports import Standing
from pipeline.store.store import Store
from pipeline.store.submissions import State, SubmissionRow
from pipeline.store.tenants import Tenant
from policies.decision import Action

RESTORED = "restored from the log"
"""What tenants and keys are called that nothing but a case is left of: nobody has such a key."""
_PAGE = 1000
_GONE = "0" * 32
_ENDED = frozenset({f"report.{each.value}" for each in (Standing.FILED, Standing.HANDED_OFF)})


@dataclass(frozen=True, slots=True)
class Escalation:
    """What the log says of a case that has not ended."""

    submission: UUID
    tenant: str
    code: str
    at: datetime


async def restore_cases(log: Log, store: Store) -> int:
    """List again, in one transaction, every case that has not ended; return how many there are.

    MUST be called while the store knows no submission.
    """
    found = await _escalations(log)

    async def write(part: Store) -> None:
        for each in found:
            if await part.tenants.get(each.tenant) is None:
                await part.tenants.add(Tenant(each.tenant, RESTORED, each.at))
            await part.api_keys.add(_no_key(each), sha256(_name(each).bytes).hexdigest())
            await part.admission.admit(_row(each))
            await part.reports.add(each.submission, each.tenant, each.code, each.at)

    await store.together(write)
    return len(found)


async def _escalations(log: Log) -> Sequence[Escalation]:
    """Read the log once, from its beginning: what was escalated, and what of that has ended."""
    found: dict[str, Escalation] = {}
    ended: set[str] = set()
    (newest,) = await log.tail(1)
    for start in range(0, newest.index + 1, _PAGE):
        for receipt in await log.entries(start, _PAGE):
            leaf = Leaf.parse(receipt.leaf)
            of = str(leaf.public.get("submission", ""))
            if _ends(leaf):
                ended.add(of)
            elif of and _escalates(leaf):
                found.setdefault(of, _escalation(leaf))
    return [each for of, each in found.items() if of not in ended]


def _escalates(leaf: Leaf) -> bool:
    """Whether an entry says that people of the child-safety team have to decide."""
    said = leaf.public
    if said.get("event") == "media.quarantined" or said.get("action") == Action.BLOCK_AND_ESCALATE:
        return True
    of_the_worst = str(said.get("code", "")).partition(".")[0] == NEVER_RELEASED
    return of_the_worst and (
        said.get("event") == "case.escalated" or said.get("action") == Action.BLOCK
    )


def _ends(leaf: Leaf) -> bool:
    said = leaf.public
    closed = said.get("outcome") == Standing.NOT_REPORTED.value
    return said.get("event") in _ENDED or (said.get("event") == "report.approved" and closed)


def _escalation(leaf: Leaf) -> Escalation:
    said = leaf.public
    return Escalation(
        UUID(str(said["submission"])),
        str(said["tenant"]),
        str(said["code"]),
        datetime.fromisoformat(leaf.at),
    )


def _name(each: Escalation) -> UUID:
    return uuid5(each.submission, RESTORED)


def _no_key(each: Escalation) -> ApiKey:
    return ApiKey(_name(each), each.tenant, RESTORED, (), each.at, revoked_at=each.at)


def _row(each: Escalation) -> SubmissionRow:
    """Return what is left of a submission: that it was, and went no further."""
    return SubmissionRow(
        each.submission,
        each.tenant,
        _name(each),
        body_sha256="",
        samples=0,
        price=0,
        received_at=each.at,
        owner="",
        vault_id=_GONE,
        state=State.HALTED,
        code=None,
        changed_at=each.at,
    )
