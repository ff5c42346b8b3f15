"""What was decided against a request: read from the log, so that it is what happened."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from audit.entry import Kind
from audit.leaf import Leaf
from audit.log import Log
from pipeline.duties.dsa.ground import code_of, is_of_the_worst
from pipeline.duties.dsa.projection import PROJECTION
from pipeline.store.store import Store
from pipeline.store.submissions import SubmissionRow
from policies.labels import HarmCode

_ENDS = frozenset({Kind.HALTED, Kind.WITHHOLD})


@dataclass(frozen=True, slots=True)
class Restriction:
    """What was decided against one request, or against pictures that were made at it."""

    submission: UUID
    tenant: str
    subject: str = field(repr=False)
    """The fingerprint of its end user."""
    entry: UUID
    """The entry of the decision: the gravest, if several pictures were withheld."""
    at: datetime
    code: HarmCode
    worst: bool
    """Whether anything of `CSE.*` is in it, or is kept for the authorities: only the child-safety
    team knows of it, and whoever it is about MUST NOT be told."""
    withheld: int
    """How many pictures were withheld; 0 if the request itself was refused."""
    policy_digest: str
    rulings: int
    """How many times a person ruled on it or on a part of it."""


async def restriction_of(store: Store, log: Log, row: SubmissionRow) -> Restriction | None:
    """Return what was decided against a submission; None if nothing was, for its content.

    What nobody could look at, and what failed, is no decision about content.

    Raises:
        StoreError, AuditError: nobody knows.
    """
    leaves = [Leaf.parse(each.leaf) for each in await log.of_submission(row.id)]
    found = [(code_of(leaf, leaves), leaf) for leaf in leaves if leaf.kind in _ENDS]
    told = [(code, leaf) for code, leaf in found if PROJECTION[code] is not None]
    if not told:
        return None
    code, gravest = max(told, key=lambda pair: pair[0].severity)
    ordered = {each.submission for each in await store.seizures.ordered()}
    return Restriction(
        row.id,
        row.tenant,
        row.subject,
        gravest.entry_id,
        datetime.fromisoformat(gravest.at),
        code,
        row.id in ordered or any(map(is_of_the_worst, leaves)),
        sum(leaf.kind is Kind.WITHHOLD for _, leaf in found),
        _policy(leaves),
        sum(leaf.kind is Kind.RULING for leaf in leaves),
    )


def _policy(leaves: Sequence[Leaf]) -> str:
    digests = [
        str(leaf.public["policy_digest"]) for leaf in leaves if "policy_digest" in leaf.public
    ]
    return digests[-1] if digests else ""
