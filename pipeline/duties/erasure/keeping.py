"""What keeps something back from erasure and retention."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from audit.entry import STEPS, Kind
from audit.errors import AbsentError
from audit.leaf import Leaf
from audit.log import Log
from pipeline.access.subjects import fingerprint
from pipeline.errors import StoreLockedError
from pipeline.items import Subject
from pipeline.store.store import Store
from pipeline.store.submissions import IN_FLIGHT, State, SubmissionRow
from policies.decision import Action

ABOUT_CONTENT = STEPS | {Kind.DRY_RUN}
"""The kinds whose details say what somebody asked for, and what was seen in it."""
_APPEALED = "appeal.received"
"""The event of the entry whose detail is what an end user wrote of it."""
_PRESERVED = frozenset(map(Kind, ("media", "case", "report", "takedown")))
_EVERYDAY = frozenset(
    {
        "media.revealed",
        "media.covered",
        "case.first_approval",
        "case.ruled",
        "case.ruling_undone",
        "check.given",
        "gate_miss.opened",
        "gate_miss.closed",
    }
)
"""What people do each day with what was held or drawn: it keeps nothing back. All else does."""
_CHILD_SAFETY = "CSE"


class Kept(StrEnum):
    """Why something MUST NOT be erased now, the strongest reason first."""

    LEGAL_HOLD = "legal_hold"
    CUSTODY = "custody"
    """It has to do with what is, or is to be, in the quarantine, or with a case or report."""
    ON_ITS_WAY = "on_its_way"
    """It has not come to its end, or waits for a ruling."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A submission, or an entry that belongs to none."""

    id: UUID
    tenant: str
    kept: Kept | None
    released: bool
    """Whether somebody was given what they asked for; else it was refused."""
    leaves: Sequence[Leaf] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keeping:
    """Looks at one thing at a time.

    Whoever erases MUST be `alone` from the look to the entry; whoever places a hold is so too, so
    that no hold comes in between.
    """

    store: Store
    log: Log
    subject_key: bytes = field(repr=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    @asynccontextmanager
    async def alone(self) -> AsyncGenerator[None]:
        """Let nobody else look and act meanwhile, in any gateway.

        Raises:
            StoreLockedError: another gateway keeps house, and does this.
            StoreUnavailableError: nobody knows which one does.
        """
        async with self._lock:
            if not await self.store.writer.keeps():
                expected, got = "to be asked where it keeps house", "another gateway: ask that one"
                raise StoreLockedError("erasures and legal holds", expected, got)
            yield

    async def thing(self, tenant: str, known_as: UUID) -> Thing | None:
        """Return a tenant's submission, or its entry of that id; None if it has none."""
        row = await self.store.submissions.get(tenant, known_as)
        receipts = list(await self.log.of_submission(known_as))
        if row is None and not receipts and (alone := await self.log.receipt(known_as)):
            receipts.append(alone)
        leaves = [Leaf.parse(each.leaf) for each in receipts]
        if row is None and all(leaf.public.get("tenant") != tenant for leaf in leaves):
            return None
        kept = await self._kept(tenant, known_as, row, leaves)
        return Thing(known_as, tenant, kept, _is_released(row, leaves), leaves)

    async def details(self, thing: Thing) -> list[UUID]:
        """Return the entries of a thing whose details say what it was, and are still there."""
        return [
            leaf.entry_id
            for leaf in thing.leaves
            if (leaf.kind in ABOUT_CONTENT or leaf.public.get("event") == _APPEALED)
            and leaf.sealed
            and await self.log.has_detail(leaf.entry_id)
        ]

    def fingerprint(self, tenant: str, pseudonym: str) -> str:
        """Return what stands for a subject in app.db."""
        return fingerprint(self.subject_key, Subject(tenant, pseudonym))

    async def _kept(
        self, tenant: str, known_as: UUID, row: SubmissionRow | None, leaves: Sequence[Leaf]
    ) -> Kept | None:
        subject = row.subject if row else await self._subject(tenant, leaves)
        if await self.store.legal_holds.covers(tenant, known_as, subject):
            return Kept.LEGAL_HOLD
        ordered = {each.submission for each in await self.store.seizures.ordered()}
        if known_as in ordered or any(map(_is_preserved, leaves)):
            return Kept.CUSTODY
        if row is not None and await self._is_on_its_way(row):
            return Kept.ON_ITS_WAY
        return None

    async def _is_on_its_way(self, row: SubmissionRow) -> bool:
        holds = await self.store.holds.of(row.tenant, row.id)
        return row.state in IN_FLIGHT | {State.HELD} or any(each.end is None for each in holds)

    async def _subject(self, tenant: str, leaves: Sequence[Leaf]) -> str:
        """Return whose it is, where app.db does not say: a dry run's, or of before it was lost."""
        for leaf in leaves:
            if "subject" in leaf.personal:
                try:
                    named = (await self.log.detail(leaf.entry_id)).personal["subject"]
                except AbsentError:
                    continue
                return self.fingerprint(tenant, str(named))
        return ""


def _is_preserved(leaf: Leaf) -> bool:
    code, action = leaf.public.get("code"), leaf.public.get("action")
    worst = isinstance(code, str) and code.partition(".")[0] == _CHILD_SAFETY
    keeps = leaf.kind in _PRESERVED and leaf.public.get("event") not in _EVERYDAY
    return worst or keeps or action == Action.BLOCK_AND_ESCALATE


def _is_released(row: SubmissionRow | None, leaves: Sequence[Leaf]) -> bool:
    if row is not None:
        return row.state is State.RELEASED
    allowed = {Action.ALLOW.value, Action.LABEL.value}
    return any(
        leaf.kind is Kind.RELEASE
        or (leaf.kind is Kind.DRY_RUN and leaf.public.get("action") in allowed)
        for leaf in leaves
    )
