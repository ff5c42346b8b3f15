"""What the record says of a case: what a report tells is read from there, and from nowhere else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from audit.entry import Kind
from audit.leaf import Leaf
from audit.log import Log
from pipeline.duties.reports.errors import NotReportableError
from pipeline.store.pictures import PictureState
from pipeline.store.reports import Report
from pipeline.store.store import Store

_REVEALED, _COVERED = "media.revealed", "media.covered"
_DECIDED = frozenset({Kind.HALTED, Kind.WITHHOLD, Kind.EXAMINED})


@dataclass(frozen=True, slots=True)
class Object:
    """Something that lies in the quarantine: the request, or one picture that was made."""

    id: UUID
    index: int | None
    """Which picture; None: the request."""
    viewed: bool | None
    """Whether a person was shown all of it; None: nobody knows."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What happened."""

    received_at: datetime
    decided_at: datetime
    refused: bool
    """Whether the request was refused before any picture was made."""
    delivered: bool
    """Whether any picture of the request ever left."""
    objects: Sequence[Object]
    policy_digest: str
    entries: Sequence[UUID]
    """Of the decisions, by which the log proves them."""


async def facts_of(store: Store, log: Log, report: Report) -> Facts:
    """Return what the record says of a case.

    Raises:
        NotReportableError: nothing of it is in the quarantine yet, or no decision is on record.
        StoreError, AuditError: nobody knows.
    """
    row = await store.submissions.get(report.tenant, report.submission)
    leaves = [Leaf.parse(each.leaf) for each in await log.of_submission(report.submission)]
    if row is None:
        raise NotReportableError("case", "a submission that is known", "another")
    decided = [leaf for leaf in leaves if leaf.kind in _DECIDED]
    at = datetime.fromisoformat(decided[0].at) if decided else row.changed_at
    pictures = await store.pictures.of(report.tenant, report.submission)
    quarantined = {
        str(leaf.public.get("object"))
        for leaf in leaves
        if leaf.public.get("event") == "media.quarantined"
    }
    places: list[tuple[str, int | None]] = [(row.vault_id, None)]
    places += [(each.vault_id, each.index) for each in pictures]
    objects = [
        Object(known_as, index, await _viewed(store, report, leaves, index))
        for vault_id, index in places
        if str(known_as := uuid5(report.submission, f"quarantined/{vault_id}")) in quarantined
    ]
    if not objects:
        raise NotReportableError("case", "something of it in the quarantine", "nothing yet")
    left = {PictureState.RELEASED}
    return Facts(
        row.received_at,
        at,
        not pictures,
        any(each.state in left for each in pictures) or _was_released(leaves),
        objects,
        next((str(x.public["policy_digest"]) for x in decided if "policy_digest" in x.public), ""),
        [leaf.entry_id for leaf in decided],
    )


def _was_released(leaves: Sequence[Leaf]) -> bool:
    return any(leaf.kind is Kind.RELEASE for leaf in leaves)


async def _viewed(
    store: Store, report: Report, leaves: Sequence[Leaf], index: int | None
) -> bool | None:
    """Return whether a person was shown a whole picture, as the entries of its reveals say.

    A reveal of which nobody said how long it lasted may have shown nothing: nobody knows.
    """
    if index is None:
        return None
    holds = await store.holds.of(report.tenant, report.submission)
    ours = {str(each.id) for each in holds if each.index == index}
    told = [leaf.public for leaf in leaves if leaf.public.get("case") in ours]
    revealed = any(public.get("event") == _REVEALED for public in told)
    lasted = [public for public in told if public.get("event") == _COVERED]
    if any(public.get("duration_us") and "reason" not in public for public in lasted):
        return True
    return None if revealed else False
